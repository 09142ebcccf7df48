#include <parley/files.hpp>

#include <parley/date.hpp>

#include "base/ascii.hpp"
#include "connection/message_access.hpp"
#include "server/file_access.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <system_error>
#include <utility>

namespace parley {

namespace {

using server_room::opened_file;

/// Below this, a file is read where it is opened: one trip to the pool, and the loop never waits for a disk.
constexpr std::uint64_t small_file = 64 * 1024;

struct found_file {
  opened_file file;
  std::string name;       // its last part, for the type
  std::string bytes;      // of a small one
  bool redirect = false;  // a folder that was named without its slash
};

std::string last_part(const std::string& path) { return path.substr(path.rfind('/') + 1); }

/// A file that shrank below its size is sent from its descriptor, where that shows.
void read_small(found_file& found) {
  const opened_file& file = found.file;
  if (!file.descriptor || file.size > small_file) return;
  std::string bytes = server_room::read_slice(file.descriptor.get(), 0, file.size);
  if (bytes.size() == file.size) found.bytes = std::move(bytes);
}

found_file find_file(int folder, const std::string& path, const std::string& index) {
  found_file found{server_room::open_beneath(folder, path), last_part(path), {}, false};
  if (found.file.is_folder) {
    if (!path.empty() && !path.ends_with('/')) {
      found.redirect = true;
      return found;
    }
    if (index.empty()) return found;
    found.file = server_room::open_beneath(folder, path + index);
    found.name = index;
  }
  read_small(found);
  return found;
}

/// Names with a dot in front are not for peers; `.well-known` is made for them (RFC 8615).
bool is_hidden(std::string_view path) {
  bool top = true;
  while (true) {
    const std::string_view segment = path.substr(0, path.find('/'));
    if (segment.starts_with('.') && !(top && segment == ".well-known")) return true;
    if (segment.size() == path.size()) return false;
    path.remove_prefix(segment.size() + 1);
    top = false;
  }
}

/// An escaped slash or NUL stands for a name that no file can have.
bool has_impossible_name(std::string_view raw_path, const std::string& decoded) {
  const std::string raw = base::to_lower(raw_path);
  return raw.find("%2f") != std::string::npos || decoded.find('\0') != std::string::npos;
}

[[noreturn]] void refuse_file(int error) {
  if (error == EMFILE || error == ENFILE || error == ENOMEM) throw problem_error(503, "Too many files are open.");
  if (error == EACCES || error == EPERM) throw problem_error(403);
  throw problem_error(404);
}

/// RFC 9110 §13.1.3, §13.1.1: with If-None-Match the date does not count, and since these answers carry no entity tags, only `*`
/// matches.
bool is_unchanged(const request& req, std::chrono::sys_seconds modified) {
  if (const auto tags = req.fields().get("If-None-Match")) return *tags == "*";
  const std::string_view since = req.header("If-Modified-Since");
  if (since.empty()) return false;
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const auto date = parse_date(since, now);
  return date && modified <= *date;
}

response file_answer(const request& req, found_file& found) {
  opened_file& file = found.file;
  if (!file.descriptor) refuse_file(file.error);
  // RFC 9110 §8.8.2.1: never later than the time of the answer.
  const auto modified = std::min(file.modified, std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
  if (is_unchanged(req, modified)) {
    response unchanged(304);
    unchanged.header("Last-Modified", format_date(modified));
    return unchanged;
  }
  response res;
  const std::string_view type = media_type_of(found.name);
  if (found.bytes.size() == file.size) {
    res.content(std::move(found.bytes), type);
  } else {
    res.header("Content-Type", type);
    const int descriptor = file.descriptor.get();
    auto owner = std::make_shared<base::unique_fd>(std::move(file.descriptor));
    detail::response_access::content(res) = detail::file_content{std::move(owner), descriptor, 0, file.size};
  }
  res.header("Last-Modified", format_date(modified));
  res.header("X-Content-Type-Options", "nosniff");
  return res;
}

/// Relative to the folder's own URL, so that neither Host nor a path that begins with two slashes can lead it elsewhere.
response slash_redirect(const request& req) {
  const std::string_view path = req.path();
  std::string location = "./" + std::string(path.substr(path.rfind('/') + 1)) + "/";
  if (!req.query().empty()) location.append("?").append(req.query());
  return redirect(location, 301);
}

}  // namespace

struct files::folder {
  base::unique_fd descriptor;
  std::string index = "index.html";
};

files::files(const std::string& path) {
  auto made = std::make_shared<folder>();
  made->descriptor.reset(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!made->descriptor) throw std::system_error(errno, std::generic_category(), path);
  folder_ = std::move(made);
}

files::files(const files&) = default;
files& files::operator=(const files&) = default;
files::~files() = default;

files& files::index(std::string name) {
  auto changed = std::make_shared<folder>();
  changed->descriptor.reset(::fcntl(folder_->descriptor.get(), F_DUPFD_CLOEXEC, 0));
  if (!changed->descriptor) throw std::system_error(errno, std::generic_category(), "files::index");
  changed->index = std::move(name);
  folder_ = std::move(changed);
  return *this;
}

task<response> files::operator()(request& req) const {
  std::string path = req.path("path");
  if (is_hidden(path) || has_impossible_name(req.path(), path)) throw problem_error(404);
  auto finding = blocking([in = folder_, path = std::move(path)] { return find_file(in->descriptor.get(), path, in->index); });
  found_file found = co_await finding;
  if (found.redirect) co_return slash_redirect(req);
  co_return file_answer(req, found);
}

task<response> file(const request& req, std::string path) {
  auto opening = blocking([path = std::move(path)] {
    found_file found{server_room::open_anywhere(path), last_part(path), {}, false};
    read_small(found);
    return found;
  });
  found_file found = co_await opening;
  co_return file_answer(req, found);
}

}  // namespace parley
