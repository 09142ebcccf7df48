#include "server/served_file.hpp"

#include <parley/date.hpp>
#include <parley/files.hpp>
#include <parley/request.hpp>

#include "base/hash.hpp"
#include "base/number.hpp"
#include "connection/message_access.hpp"
#include "semantics/conditional.hpp"
#include "semantics/vary.hpp"
#include "server/compression.hpp"
#include "server/listing.hpp"
#include "server/ranged_answer.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>
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
  fields lines{{"Content-Type", type},
               {"Last-Modified", modified},
               {"ETag", tag},
               {"Accept-Ranges", "bytes"},
               {"X-Content-Type-Options", "nosniff"}};
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
  const auto result = semantics::evaluate_preconditions(req.method(), req.fields(), of, now);
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
  made->ranges = false;  // it may be another one the next time
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

namespace {

struct sibling_name {
  coding::content_coding coding;
  std::string_view ending;
};
// The order counts where a client has no favourite.
constexpr std::array sibling_names{sibling_name{coding::content_coding::br, ".br"},
                                   sibling_name{coding::content_coding::zstd, ".zst"},
                                   sibling_name{coding::content_coding::gzip, ".gz"}};

// Of a file that may be sent in its stead; the descriptor is none where there is no such file, or it is older than the file itself.
opened_file open_sibling(int root, const std::string& path, const sibling_name& name, const file_identity& of, reach far) {
  opened_file beside = open_beneath(root, path + std::string(name.ending), far);
  if (beside.is_folder || (beside.error == 0 && beside.identity.modified < of.modified)) beside.descriptor = {};
  return beside;
}

file_identity identity_beside(const opened_file& seen) { return seen.error == 0 ? seen.identity : file_identity(); }

// EAGAIN: with `reach::memory` it cannot be told.
int add_small_siblings(int root, const std::string& path, found_file& found, const file_choices& how, reach far) {
  auto made = std::make_shared<served_file>(*found.small);
  for (const sibling_name& name : sibling_names) {
    opened_file beside = open_sibling(root, path, name, made->identity, far);
    if (beside.error == EAGAIN) return EAGAIN;
    made->beside.push_back(identity_beside(beside));
    if (beside.error != 0 || !beside.descriptor) continue;
    made->settled = made->settled && is_settled(beside.identity, system_clock::now());
    const found_file coded = load_file(std::move(beside), path, how, far);
    if (coded.error == EAGAIN) return EAGAIN;
    if (!coded.small) continue;
    made->siblings.emplace_back(name.coding, in_coding(*found.small, name.coding, coded.small->bytes, coded.small->entity_tag));
  }
  if (!made->siblings.empty()) {
    auto varied = with_vary(*made);
    found.small = std::move(varied);
  } else {
    found.small = std::move(made);
  }
  return 0;
}

int add_large_siblings(int root, const std::string& path, found_file& found, reach far) {
  for (const sibling_name& name : sibling_names) {
    opened_file beside = open_sibling(root, path, name, found.large.identity, far);
    if (beside.error == EAGAIN) return EAGAIN;
    if (beside.error != 0 || !beside.descriptor) continue;
    found.siblings.push_back({name.coding, std::move(beside)});
  }
  return 0;
}

found_file find_plain_file(int root, opened_file file, const std::string& path, const file_choices& how, reach far) {
  found_file found = load_file(std::move(file), path, how, far);
  if (!how.precompressed || found.error != 0) return found;
  found.error = found.small ? add_small_siblings(root, path, found, how, far) : add_large_siblings(root, path, found, far);
  return found;
}

// Which of the codings that are there suits the client; the index, or nothing.
template <class Siblings, class Coding>
std::optional<std::size_t> choose_sibling(const request& req, const Siblings& siblings, Coding coding_of) {
  std::array<std::string_view, sibling_names.size() + 1> offers;
  std::size_t n = 0;
  for (const auto& each : siblings) offers[n++] = coding::name_of(coding_of(each));
  offers[n++] = "identity";
  return choose_coding(req, std::span(offers).first(n));
}

const std::shared_ptr<const served_file>& selected(const request& req, const std::shared_ptr<const served_file>& file) {
  if (!file->siblings.empty()) {
    if (const auto choice = choose_sibling(req, file->siblings, [](const auto& each) { return each.first; })) {
      return file->siblings[*choice].second;
    }
  }
  compressor* const coder = compressor::current();
  return coder != nullptr ? coder->variant(req, file) : file;
}

bool wants_ranges(const request& req, semantics::precondition result) {
  return result == semantics::precondition::ranges && req.method() == method::get;
}

}  // namespace

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

std::optional<bool> is_as_before(int root, const served_file& file) {
  if (!file.settled) return false;
  const auto seen = look_beneath(root, file.path, reach::memory);
  if (seen.error == EAGAIN) return std::nullopt;
  if (seen.error != 0 || seen.identity != file.identity) return false;
  for (std::size_t i = 0; i < file.beside.size(); ++i) {
    const auto beside = look_beneath(root, file.path + std::string(sibling_names[i].ending), reach::memory);
    if (beside.error == EAGAIN) return std::nullopt;
    if (identity_beside(beside) != file.beside[i]) return false;
  }
  return true;
}

found_file find_file(int root, const std::string& path, const file_choices& how, reach far) {
  opened_file file = open_beneath(root, path, far);
  if (!file.is_folder) return find_plain_file(root, std::move(file), path, how, far);
  found_file found;
  if (!path.empty() && !path.ends_with('/')) {
    found.redirect = true;
    return found;
  }
  found.error = ENOENT;
  if (!how.index.empty()) {
    const std::string inside = path + how.index;
    found = find_plain_file(root, open_beneath(root, inside, far), inside, how, far);
  }
  if (found.error != ENOENT || !how.listing) return found;
  if (far == reach::memory) {
    found.error = EAGAIN;
    return found;
  }
  return find_listing(root, path, how);
}

response answer_with(const request& req, const std::shared_ptr<const served_file>& whole) {
  using detail::response_access;
  const std::shared_ptr<const served_file>& file = selected(req, whole);
  semantics::validators known{file->entity_tag, file->modified, file->modified_text};
  known.coded = true;
  const auto result = preconditions(req, known);
  if (result == semantics::precondition::not_modified) return response_access::ready(304, {file, &file->unchanged});
  response res = response_access::ready(200, {file, &file->lines}, file->bytes);
  if (wants_ranges(req, result) && file->ranges) take_ranges(res, req.header("Range"));
  return res;
}

response answer_with(const request& req, found_file& found, const file_choices& how) {
  if (found.small) return answer_with(req, found.small);
  opened_file* file = &found.large;
  const auto now = system_clock::now();
  const auto modified = said_date(file->modified, now);
  const std::string_view type = media_type_of(found.name);
  std::string_view coding;
  bool varies = !found.siblings.empty();
  if (const auto choice = choose_sibling(req, found.siblings, [](const auto& each) { return each.coding; })) {
    file = &found.siblings[*choice].large;
    coding = coding::name_of(found.siblings[*choice].coding);
  }
  const std::string tag = tag_of_identity(file->identity, now);
  // What is going to be coded on its way (coded_content.hpp) has the tag of the coding.
  std::string tag_sent = tag;
  const compressor* const coder = compressor::current();
  const bool coded_later = coding.empty() && coder != nullptr && coder->settings()->takes(type) &&
                           how.cache_control.find("no-transform") == std::string::npos;
  if (coded_later) {
    varies = true;
    if (const auto* choice = coder->settings()->choose(req)) tag_sent = semantics::coded_tag(tag, choice->coding);
  }
  semantics::validators known{tag_sent, modified};
  known.coded = true;
  const auto result = preconditions(req, known);
  response res;
  if (result == semantics::precondition::not_modified) {
    res.status(304).fields() = unchanged_fields(tag_sent, how.cache_control);
    if (varies) semantics::add_vary(res.fields(), "Accept-Encoding");
    return res;
  }
  res.fields() = content_fields(type, format_date(modified), tag, how.cache_control);
  if (varies) semantics::add_vary(res.fields(), "Accept-Encoding");
  if (!coding.empty()) {
    res.fields().set("Content-Encoding", coding);
    res.fields().remove("Accept-Ranges");
  }
  const int descriptor = file->descriptor.get();
  const std::uint64_t size = file->identity.size;
  auto owner = std::make_shared<base::unique_fd>(std::move(file->descriptor));
  detail::response_access::content(res) = detail::file_content{std::move(owner), descriptor, 0, size};
  if (wants_ranges(req, result) && coding.empty()) take_ranges(res, req.header("Range"));
  return res;
}

}  // namespace parley::server_room
