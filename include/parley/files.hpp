// Files as answers.
//
//   app.files("/static/{path...}", "public");
//   app.files("/{path...}", parley::files("public").max_age(1h));
//   app.route("GET /logo", [](parley::request& req) { return parley::file(req, "assets/logo.svg"); });
#pragma once

#include <parley/request.hpp>
#include <parley/response.hpp>
#include <parley/task.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace parley {

/// The files of a folder, as a handler for a route that ends in `{path...}`: see `server::files`. It is cheap to copy.
///
/// Only what lies within the folder is served: the kernel resolves names beneath it, symbolic links included. Hidden are names
/// that begin with a dot, but for `.well-known` at the top (RFC 8615). A folder is answered by its index (or a listing), behind a redirect
/// to the URL that ends in a slash.
///
/// Content-Type follows the name's ending. Answers carry Last-Modified and a strong ETag; the preconditions of RFC 9110 §13 are evaluated
/// (304, 412), and Range is obeyed (§14: 206, 416), several parts as multipart/byteranges. Each loop keeps small files in memory (`limits::file_cache`) and looks after a second whether they are
/// what they were, so a change shows within a second; so does another folder under the same path. What the kernel has in memory is
/// answered at once, what needs a disk is opened and read on the pool (`parley::blocking`). Large files are sent from their
/// descriptors; one that becomes shorter while it is sent cuts its answer off.
class PARLEY_API files {
 public:
  /// Throws `std::system_error` when `folder` is no folder that can be opened.
  explicit files(const std::string& folder);
  files(const files&);
  files& operator=(const files&);
  ~files();

  /// The name of a folder's index; empty for none. Default `index.html`.
  files& index(std::string name);
  /// Whether a folder without an index shows its content: a page with names, sizes and dates, hidden names left out. Default: no, 404.
  files& listing(bool shown);
  /// Whether files that stand beside one, named as it with `.br`, `.zst` or `.gz` behind it and not older, are sent in its stead to who
  /// accepts their coding. Default: no.
  files& precompressed(bool used);
  /// The Cache-Control field (RFC 9111 §5.2); empty for none, which is the default. Throws `invalid_field` for what no field can carry.
  files& cache_control(std::string value);
  /// The same, as `max-age`: how long a cache may answer without asking again.
  files& max_age(std::chrono::seconds age);

  /// Throws `problem_error` (404, 403, 412) for what is not to be had.
  task<response> operator()(request& req) const;
  /// The answer when no disk is needed for it; else nothing. On a server's loop. Throws as the other.
  std::optional<response> try_at_once(const request& req) const;

 private:
  struct folder;
  std::shared_ptr<const folder> folder_;
};

/// One file, wherever it lies, with Content-Type, validators, preconditions and ranges as above. `path` must not come from the
/// peer: that is what `files` is for. Throws `problem_error` (404, 403).
PARLEY_API task<response> file(const request& req, std::string path);

/// The media type that a file's name stands for, such as `text/html; charset=utf-8`; `application/octet-stream` where the ending
/// is not known.
[[nodiscard]] PARLEY_API std::string_view media_type_of(std::string_view file_name);

}  // namespace parley
