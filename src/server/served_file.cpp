#include "server/served_file.hpp"

#include <parley/date.hpp>
#include <parley/files.hpp>
#include <parley/request.hpp>

#include "base/hash.hpp"
#include "base/number.hpp"
#include "connection/message_access.hpp"
#include "semantics/conditional.hpp"
#include "server/listing.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace parley::server_room {

namespace {

using std::chrono::sys_seconds;
using std::chrono::system_clock;

// The kernel's clock for files ticks every 1 to 10 ms. File systems whose times have no fractions tick every second, FAT every two.
constexpr std::chrono::nanoseconds fine_tick = std::chrono::milliseconds(100);
constexpr std::chrono::nanoseconds coarse_tick = std::chrono::seconds(3);

std::string quoted_tag(std::uint64_t size, std::uint64_t hash) {
  char text[2 * base::max_hex_digits + 3];
  char* end = text;
  *end++ = '"';
  end = base::write_hex(end, size);
  *end++ = '-';
  end = base::write_hex(end, hash);
  *end++ = '"';
  return {text, end};
}

// RFC 9110 §8.8.2.1: never later than the time of the answer.
sys_seconds said_date(sys_seconds modified, system_clock::time_point now) {
  return std::min(modified, std::chrono::floor<std::chrono::seconds>(now));
}

std::string last_part(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// RFC 9110 §15.4.5: a 304 has what a cache may have to renew, and of the validators the strongest.
fields unchanged_fields(std::string_view tag, const std::string& cache_control) {
  fields lines{{"ETag", tag}};
  if (!cache_control.empty()) lines.add("Cache-Control", cache_control);
  return lines;
}

fields content_fields(std::string_view type, std::string_view modified, std::string_view tag, const std::string& cache_control) {
  fields lines{{"Content-Type", type}, {"Last-Modified", modified}, {"ETag", tag}, {"X-Content-Type-Options", "nosniff"}};
  if (!cache_control.empty()) lines.add("Cache-Control", cache_control);
  return lines;
}

std::shared_ptr<const served_file> make_small(const opened_file& file, const std::string& path, std::string bytes,
                                              const file_choices& how, system_clock::time_point now) {
  auto made = std::make_shared<served_file>();
  made->path = path;
  made->identity = file.identity;
  made->settled = is_settled(file.identity, now);
  made->entity_tag = tag_of_content(bytes);
  made->modified = said_date(file.modified, now);
  made->modified_text = format_date(*made->modified);
  made->lines =
      detail::ready_lines(content_fields(media_type_of(last_part(path)), made->modified_text, made->entity_tag, how.cache_control));
  made->unchanged = detail::ready_lines(unchanged_fields(made->entity_tag, how.cache_control));
  made->bytes = std::move(bytes);
  return made;
}

semantics::precondition preconditions(const request& req, const semantics::validators& of) {
  if (!semantics::has_preconditions(req.fields())) return semantics::precondition::proceed;
  const auto now = std::chrono::floor<std::chrono::seconds>(system_clock::now());
  const bool reads = req.method() == method::get || req.method() == method::head;
  const auto result = semantics::evaluate_preconditions(req.fields(), reads, of, now);
  if (result == semantics::precondition::failed)
    throw problem_error(412, "The file is not in the state that the request asks for.");
  return result;
}

}  // namespace

bool is_settled(const file_identity& of, system_clock::time_point now) {
  const std::chrono::nanoseconds changed(of.changed);
  const bool coarse = changed % std::chrono::seconds(1) == std::chrono::nanoseconds(0);
  return now.time_since_epoch() > changed + (coarse ? coarse_tick : fine_tick);
}

std::string tag_of_content(std::string_view bytes) { return quoted_tag(bytes.size(), base::content_hash(bytes)); }

std::string tag_of_identity(const file_identity& of, system_clock::time_point now) {
  // Hashed, so that no inode number is told to the world.
  const std::uint64_t moment =
      is_settled(of, now) ? 0 : static_cast<std::uint64_t>(std::chrono::nanoseconds(now.time_since_epoch()).count());
  const std::array<std::uint64_t, 6> all{
      of.device, of.inode, of.size, static_cast<std::uint64_t>(of.modified), static_cast<std::uint64_t>(of.changed), moment};
  char bytes[sizeof all];
  std::memcpy(bytes, all.data(), sizeof bytes);
  return quoted_tag(of.size, base::content_hash({bytes, sizeof bytes}));
}

found_file load_file(opened_file file, const std::string& path, const file_choices& how, reach far) {
  found_file found;
  found.name = last_part(path);
  if (file.is_folder) file.error = ENOENT;
  found.error = file.error;
  if (found.error != 0) return found;
  // A file that is written while it is read is read again; in the end it is sent from its descriptor, where its length counts.
  for (int tries = 0; tries < 3 && file.identity.size <= small_file; ++tries) {
    const auto now = system_clock::now();
    std::string bytes = read_slice(file.descriptor.get(), 0, file.identity.size, far);
    const file_identity after = identity_of(file.descriptor.get());
    if (bytes.size() == file.identity.size && after == file.identity) {
      found.small = make_small(file, path, std::move(bytes), how, now);
      return found;
    }
    if (far == reach::memory) {
      found.error = EAGAIN;
      return found;
    }
    file.identity = after;
  }
  found.large = std::move(file);
  return found;
}

namespace {

// The page is made again when it is asked for later than a cache believes it: what it shows has no identity of its own.
found_file find_listing(int root, const std::string& path, const file_choices& how) {
  found_file found;
  const folder_list list = read_folder(root, path);
  found.error = list.error;
  if (found.error != 0) return found;
  auto made = std::make_shared<served_file>();
  made->bytes = listing_page(path, list);
  made->entity_tag = tag_of_content(made->bytes);
  fields lines{{"Content-Type", "text/html; charset=utf-8"},
               {"ETag", made->entity_tag},
               {"X-Content-Type-Options", "nosniff"},
               {"Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:"},
               {"Content-Language", "en"}};
  if (!how.cache_control.empty()) lines.add("Cache-Control", how.cache_control);
  made->lines = detail::ready_lines(std::move(lines));
  made->unchanged = detail::ready_lines(unchanged_fields(made->entity_tag, how.cache_control));
  found.small = std::move(made);
  return found;
}

}  // namespace

found_file find_file(int root, const std::string& path, const file_choices& how, reach far) {
  opened_file file = open_beneath(root, path, far);
  if (!file.is_folder) return load_file(std::move(file), path, how, far);
  found_file found;
  if (!path.empty() && !path.ends_with('/')) {
    found.redirect = true;
    return found;
  }
  found.error = ENOENT;
  if (!how.index.empty()) {
    const std::string inside = path + how.index;
    found = load_file(open_beneath(root, inside, far), inside, how, far);
  }
  if (found.error != ENOENT || !how.listing) return found;
  if (far == reach::memory) {
    found.error = EAGAIN;
    return found;
  }
  return find_listing(root, path, how);
}

response answer_with(const request& req, const std::shared_ptr<const served_file>& file) {
  using detail::response_access;
  const semantics::validators known{file->entity_tag, file->modified, file->modified_text};
  if (preconditions(req, known) == semantics::precondition::not_modified) {
    return response_access::ready(304, {file, &file->unchanged});
  }
  return response_access::ready(200, {file, &file->lines}, file->bytes);
}

response answer_with(const request& req, found_file& found, const file_choices& how) {
  if (found.small) return answer_with(req, found.small);
  opened_file& file = found.large;
  const auto now = system_clock::now();
  const auto modified = said_date(file.modified, now);
  const std::string tag = tag_of_identity(file.identity, now);
  response res;
  if (preconditions(req, {tag, modified}) == semantics::precondition::not_modified) {
    res.status(304).fields() = unchanged_fields(tag, how.cache_control);
    return res;
  }
  res.fields() = content_fields(media_type_of(found.name), format_date(modified), tag, how.cache_control);
  const int descriptor = file.descriptor.get();
  auto owner = std::make_shared<base::unique_fd>(std::move(file.descriptor));
  detail::response_access::content(res) = detail::file_content{std::move(owner), descriptor, 0, file.identity.size};
  return res;
}

}  // namespace parley::server_room
