#include "server/served_file.hpp"

#include <parley/date.hpp>
#include <parley/files.hpp>

#include "base/hash.hpp"
#include "base/number.hpp"
#include "semantics/vary.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

// What is read of a file, and made of it once. How it is found is in find_file.cpp, how it answers in file_answer.cpp.

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

std::string last_part(const std::string& path) { return path.substr(path.rfind('/') + 1); }

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

}  // namespace

// RFC 9110 §8.8.2.1: never later than the time of the answer.
sys_seconds said_date(sys_seconds modified, system_clock::time_point now) {
  return std::min(modified, std::chrono::floor<std::chrono::seconds>(now));
}

// RFC 9110 §15.4.5: a 304 has what a cache may have to renew, and of the validators the strongest.
fields unchanged_fields(std::string_view tag, const std::string& cache_control) {
  fields lines{{"ETag", tag}};
  if (!cache_control.empty()) lines.add("Cache-Control", cache_control);
  return lines;
}

fields content_fields(std::string_view type, std::string_view modified, std::string_view tag, const std::string& cache_control) {
  fields lines{{"Content-Type", type},
               {"Last-Modified", modified},
               {"ETag", tag},
               {"Accept-Ranges", "bytes"},
               {"X-Content-Type-Options", "nosniff"}};
  if (!cache_control.empty()) lines.add("Cache-Control", cache_control);
  return lines;
}

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

std::shared_ptr<served_file> with_vary(const served_file& file) {
  auto made = std::make_shared<served_file>(file);
  for (detail::ready_lines* lines : {&made->lines, &made->unchanged}) {
    semantics::add_vary(lines->fields, "Accept-Encoding");
    *lines = detail::ready_lines(std::move(lines->fields));
  }
  return made;
}

std::shared_ptr<served_file> in_coding(const served_file& file, coding::content_coding with, std::string bytes, std::string tag) {
  auto made = std::make_shared<served_file>(file);
  made->bytes = std::move(bytes);
  made->entity_tag = std::move(tag);
  made->ranges = false;
  fields lines = file.lines.fields;
  lines.set("Content-Encoding", coding::name_of(with));
  lines.remove("Accept-Ranges");
  fields unchanged = file.unchanged.fields;
  for (fields* each : {&lines, &unchanged}) {
    each->set("ETag", made->entity_tag);
    semantics::add_vary(*each, "Accept-Encoding");
  }
  made->lines = detail::ready_lines(std::move(lines));
  made->unchanged = detail::ready_lines(std::move(unchanged));
  return made;
}

}  // namespace parley::server_room
