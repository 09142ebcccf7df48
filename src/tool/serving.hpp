// What `serve` and `demo` do once they have their routes: listen, say so, serve until a signal, drain.
#pragma once

#include <parley/server.hpp>

#include "tool/serve_plan.hpp"

namespace parley::tool {

/// Makes the folder and those above it, for this user only. Throws `refusal`.
void make_data_folder(const std::string& path);

/// Lets this process open as many files as the system allows it (RLIMIT_NOFILE's hard limit); says so when that is too few for
/// limits::connections. Before any thread is made.
void raise_file_limit(const limits& caps);

/// Serves until SIGTERM or SIGINT; the exit status. On standard error: `listening http ADDR:PORT`, then `ready`. Throws
/// `refusal`.
int serve_until_signal(server& app, const serve_plan& plan);

}  // namespace parley::tool
