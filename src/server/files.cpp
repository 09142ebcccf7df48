#include <parley/files.hpp>

#include <parley/uri.hpp>

#include "base/ascii.hpp"
#include "connection/message_access.hpp"
#include "server/file_cache.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace parley {

using detail::request_access;
using server_room::file_cache;
using server_room::file_choices;
using server_room::file_folder;
using server_room::found_file;
using server_room::reach;

namespace {

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

[[noreturn]] void refuse_place() { throw problem_error(404, "There is nothing at this address."); }

/// The place in the folder that a request names. An escaped slash or NUL stands for a name that no file can have.
std::string place_in_folder(std::string_view raw) {
  auto decoded = percent_decode(raw);
  if (!decoded || is_hidden(*decoded) || decoded->find('\0') != std::string::npos) refuse_place();
  if (decoded->size() != raw.size() && base::to_lower(raw).find("%2f") != std::string::npos) refuse_place();
  return *std::move(decoded);
}

[[noreturn]] void refuse_file(int error) {
  if (error == EMFILE || error == ENFILE || error == ENOMEM) throw problem_error(503, "Too many files are open.");
  if (error == EACCES || error == EPERM) throw problem_error(403, "The server may not read what is at this address.");
  refuse_place();
}

/// Relative to the folder's own URL, so that neither Host nor a path that begins with two slashes can lead it elsewhere.
response slash_redirect(const request& req) {
  const std::string_view path = req.path();
  std::string location = "./" + std::string(path.substr(path.rfind('/') + 1)) + "/";
  if (!req.query().empty()) location.append("?").append(req.query());
  return redirect(location, 301);
}

response folder_answer(const request& req, found_file& found, const file_choices& how) {
  if (found.redirect) return slash_redirect(req);
  if (found.error != 0) refuse_file(found.error);
  return server_room::answer_with(req, found, how);
}

/// Keeps what was found, or forgets what is not there any more.
void remember(file_cache& cache, std::uint64_t folder, std::string_view path, const found_file& found, net::time_point since) {
  if (found.small) {
    cache.put(folder, path, found.small, since);
  } else {
    cache.drop(folder, path);
  }
}

struct search_result {
  std::shared_ptr<const server_room::opened_file> root;
  found_file found;
};

search_result search(const file_folder& in, const std::string& path) {
  search_result result{in.open_now(), {}};
  if (result.root) {
    result.found = server_room::find_file(result.root->descriptor.get(), path, in.choices, reach::disk);
  } else {
    result.found.error = ENOENT;
  }
  return result;
}

/// What the kernel's memory knows, in the loop's own turn.
std::optional<response> answer_from_memory(const request& req, const file_folder& in, const std::string& path, file_cache& cache) {
  const auto since = cache.now();
  const auto root = cache.root_now(in);
  if (!root) return std::nullopt;
  if (!*root) refuse_file(ENOENT);
  const int descriptor = (*root)->descriptor.get();
  if (auto* entry = cache.find(in.id, path)) {
    const auto same = server_room::is_as_before(descriptor, *entry->file);
    if (!same) return std::nullopt;
    if (*same) {
      cache.confirm(*entry);
      return server_room::answer_with(req, entry->file);
    }
  }
  found_file found = server_room::find_file(descriptor, path, in.choices, reach::memory);
  if (found.error == EAGAIN) return std::nullopt;
  remember(cache, in.id, path, found, since);
  return folder_answer(req, found, in.choices);
}

}  // namespace

struct files::folder : file_folder {
  using file_folder::file_folder;
};

files::files(const std::string& path) : folder_(std::make_shared<folder>(path, file_choices())) {}
files::files(const files&) = default;
files& files::operator=(const files&) = default;
files::~files() = default;

files& files::index(std::string name) {
  file_choices changed = folder_->choices;
  changed.index = std::move(name);
  folder_ = std::make_shared<folder>(*folder_, std::move(changed));
  return *this;
}

files& files::listing(bool shown) {
  file_choices changed = folder_->choices;
  changed.listing = shown;
  folder_ = std::make_shared<folder>(*folder_, std::move(changed));
  return *this;
}

files& files::precompressed(bool used) {
  file_choices changed = folder_->choices;
  changed.precompressed = used;
  folder_ = std::make_shared<folder>(*folder_, std::move(changed));
  return *this;
}

files& files::cache_control(std::string value) {
  const fields check{{"Cache-Control", value}};  // throws what no field can carry
  file_choices changed = folder_->choices;
  changed.cache_control = std::move(value);
  folder_ = std::make_shared<folder>(*folder_, std::move(changed));
  return *this;
}

files& files::max_age(std::chrono::seconds age) {
  return cache_control("max-age=" + std::to_string(std::max(age.count(), std::chrono::seconds::rep{0})));
}

std::optional<response> files::try_at_once(const request& req) const {
  file_cache* const cache = file_cache::current();
  if (cache == nullptr) return std::nullopt;
  const std::string_view raw = request_access::last_parameter(req);
  if (raw.find('%') == std::string_view::npos) {
    // Only names that may be had are kept.
    const auto* const entry = cache->find(folder_->id, raw);
    if (entry != nullptr && cache->fresh(*entry)) return server_room::answer_with(req, entry->file);
  }
  const std::string path = place_in_folder(raw);
  if (path.size() != raw.size()) {
    const auto* const entry = cache->find(folder_->id, path);
    if (entry != nullptr && cache->fresh(*entry)) return server_room::answer_with(req, entry->file);
  }
  return answer_from_memory(req, *folder_, path, *cache);
}

task<response> files::operator()(request& req) const {
  const std::shared_ptr<const folder> in = folder_;
  const std::string path = place_in_folder(request_access::last_parameter(req));
  file_cache* const cache = file_cache::current();
  const auto since = cache != nullptr ? cache->now() : net::time_point{};
  auto searching = blocking([in, path] { return search(*in, path); });
  search_result result = co_await searching;
  if (cache != nullptr) {
    cache->root(in->id, result.root, since);
    remember(*cache, in->id, path, result.found, since);
  }
  co_return folder_answer(req, result.found, in->choices);
}

task<response> file(const request& req, std::string path) {
  auto opening = blocking([path = std::move(path)] {
    return server_room::load_file(server_room::open_anywhere(path), path, file_choices(), reach::disk);
  });
  found_file found = co_await opening;
  if (found.error != 0) refuse_file(found.error);
  co_return server_room::answer_with(req, found, file_choices());
}

}  // namespace parley
