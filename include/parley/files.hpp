// Files as answers.
//
//   app.route("GET /{path...}", parley::files("public"));
//   app.route("GET /logo", [](parley::request& req) { return parley::file(req, "assets/logo.svg"); });
#pragma once

#include <parley/request.hpp>
#include <parley/response.hpp>
#include <parley/task.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace parley {

/// The files of a folder, as a handler for a route that ends in `{path...}`.
///
/// Only what lies within the folder is served: the kernel resolves names beneath it, symbolic links included. Hidden are names
/// that begin with a dot, but for `.well-known` at the top (RFC 8615). A folder is answered by its index, without a listing,
/// behind a redirect to the URL that ends in a slash. Content-Type follows the name's ending; Last-Modified and If-Modified-Since
/// are observed. Opening and reading names happens on the pool (`parley::blocking`), and content is sent from the file without
/// being loaded.
class PARLEY_API files {
 public:
  /// Throws `std::system_error` when `folder` is no folder that can be opened.
  explicit files(const std::string& folder);
  files(const files&);
  files& operator=(const files&);
  ~files();

  /// The name of a folder's index; empty for none. Default `index.html`.
  files& index(std::string name);

  /// Throws `problem_error` (404, 403) for what is not to be had.
  task<response> operator()(request& req) const;

 private:
  struct folder;
  std::shared_ptr<const folder> folder_;
};

/// One file, wherever it lies, with Content-Type, Last-Modified and If-Modified-Since as above. `path` must not come from the
/// peer: that is what `files` is for. Throws `problem_error` (404, 403).
PARLEY_API task<response> file(const request& req, std::string path);

/// The media type that a file's name stands for, such as `text/html; charset=utf-8`; `application/octet-stream` where the ending
/// is not known.
[[nodiscard]] PARLEY_API std::string_view media_type_of(std::string_view file_name);

}  // namespace parley
