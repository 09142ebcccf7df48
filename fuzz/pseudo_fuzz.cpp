// Field sections in; what is accepted can be sent, and comes back as the same head.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "semantics/pseudo.hpp"
#include "semantics/pseudo_send.hpp"

namespace {

using namespace parley::semantics;

// The input: one byte of choices, then names and values in turn, each ended by a zero byte. Within them 0x01 stands for a zero byte.
using fuzz_lines = std::vector<std::pair<std::string, std::string>>;

fuzz_lines split_lines(std::string_view bytes) {
  fuzz_lines lines;
  const auto take = [&] {
    const std::size_t end = bytes.find('\0');
    std::string text(bytes.substr(0, end));
    bytes.remove_prefix(end == bytes.npos ? bytes.size() : end + 1);
    for (char& c : text) {
      if (c == '\1') c = '\0';
    }
    return text;
  };
  while (!bytes.empty()) {
    std::string name = take();
    lines.emplace_back(std::move(name), take());
  }
  return lines;
}

section_caps caps_of(bool small, bool trailers) {
  parley::limits caps;
  if (small) {
    caps.head = caps.trailers = 400;
    caps.field_count = caps.trailer_count = 6;
    caps.field_line = 100;
    caps.start_line = 50;
  }
  return trailers ? section_caps::of_trailers(caps) : section_caps::of_head(caps);
}

const section_caps no_caps{SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX, false};

template <class Section>
void add_all(Section& section, const fuzz_lines& lines) {
  for (const auto& [name, value] : lines) section.add(tag_of(name), name, value);
}

void check(bool held) {
  if (!held) std::abort();
}

auto collect(fuzz_lines& lines) {
  return [&lines](name_tag tag, std::string_view name, std::string_view value) {
    check(tag == tag_of(name) && tag < first_invalid_tag);
    lines.emplace_back(name, value);
  };
}

// Without what is sent in another form or place: Host as `:authority`, Content-Length last, TE in lower case.
parley::fields without_engines(parley::fields f) {
  for (const char* name : {"host", "content-length", "te"}) f.remove(name);
  return f;
}

void try_request(const fuzz_lines& lines, bool small, bool extended) {
  const request_rules rules{.version = parley::http2, .extended_connect = extended, .scheme = {}};
  request_fields section(caps_of(small, false), rules);
  add_all(section, lines);
  const auto head = section.finish();
  if (!head) return check(!head.error().name.empty());

  fuzz_lines sent;
  const auto length = section.facts().content_length;
  const auto scheme = head->scheme().empty() ? std::string_view("https") : head->scheme();
  check(for_each_request_field(*head, scheme, length, collect(sent)) == sendable::ok);
  request_fields again(no_caps, rules);
  add_all(again, sent);
  const auto back = again.finish();
  check(back.has_value());
  check(back->method == head->method && back->form == head->form && back->target() == head->target());
  check(back->authority() == head->authority() && back->path() == head->path() && back->query() == head->query());
  check(back->scheme() == head->scheme() && back->protocol() == head->protocol());
  check(again.facts().content_length == length && again.facts().expects_continue == section.facts().expects_continue);
  check(back->fields.contains("te") == head->fields.contains("te"));
  check(without_engines(back->fields) == without_engines(head->fields));
}

void try_response(const fuzz_lines& lines, bool small) {
  response_fields section(caps_of(small, false), parley::http3);
  add_all(section, lines);
  const auto head = section.finish();
  if (!head) return check(head.error().status == 0);

  fuzz_lines sent;
  check(for_each_response_field(*head, section.facts().content_length, collect(sent)) == sendable::ok);
  response_fields again(no_caps, parley::http3);
  add_all(again, sent);
  const auto back = again.finish();
  check(back.has_value() && back->status == head->status);
  check(back->fields.get("host") == head->fields.get("host"));
  check(without_engines(back->fields) == without_engines(head->fields));
}

void try_trailers(const fuzz_lines& lines, bool small) {
  trailer_fields section(caps_of(small, true));
  add_all(section, lines);
  const auto trailers = section.finish();
  if (!trailers) return;
  fuzz_lines sent;
  for_each_trailer_field(*trailers, collect(sent));
  trailer_fields again(no_caps);
  add_all(again, sent);
  const auto back = again.finish();
  check(back.has_value() && *back == *trailers);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const fuzz_lines lines = split_lines({reinterpret_cast<const char*>(data) + 1, size - 1});
  const bool small = (data[0] & 4) != 0;
  switch (data[0] & 3) {
    case 0: try_request(lines, small, false); break;
    case 1: try_request(lines, small, true); break;
    case 2: try_response(lines, small); break;
    default: try_trailers(lines, small); break;
  }
  return 0;
}
