// Files up and down.
#pragma once

#include <parley/server.hpp>

#include <string>

namespace demo {

/// `GET` and `POST /files`, `GET /files/{name}`, `POST /files/remove`, in a folder that is made when it is missing.
void add_files(parley::server& app, const std::string& folder);

}  // namespace demo
