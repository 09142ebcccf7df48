// Forms: the same pairs and parts however the content is cut; heads of parts, and what is written reads as the same. The first byte is the size
// of the fragments.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "semantics/content_disposition.hpp"
#include "semantics/escape.hpp"
#include "semantics/form_data.hpp"
#include "semantics/urlencoded_reader.hpp"

namespace {

using namespace parley::semantics;

void require(bool holds) {
  if (!holds) std::abort();
}

// Pieces in memory of exactly their size.
template <class Take>
void in_pieces(std::string_view content, std::size_t fragment, Take take) {
  for (std::size_t i = 0; i < content.size(); i += fragment) {
    const std::string_view part = content.substr(i, fragment);
    const auto exact = std::make_unique<char[]>(part.size());
    part.copy(exact.get(), part.size());
    if (!take(std::string_view(exact.get(), part.size()))) return;
  }
}

std::string parts_of(std::string_view content, std::size_t fragment) {
  multipart_reader reader("b", {.parts = 8, .head = 200, .lines = 4, .total = 100000});
  std::string text;
  in_pieces(content, fragment, [&](std::string_view bytes) {
    while (true) {
      const auto what = reader.next(bytes);
      if (what == multipart_event::need_more) return true;
      if (what == multipart_event::fault) {
        text += "<fault>";
        return false;
      }
      if (what == multipart_event::head) {
        text += "<head>";
        for (const auto& line : reader.head()) text.append(line.name).append(":").append(line.value).append("\n");
        const auto part = read_form_part(reader.head());
        if (part) require(is_utf8(part->name));
      } else if (what == multipart_event::data) {
        require(!reader.data().empty());
        text += reader.data();
      } else {
        text += what == multipart_event::part_end ? "<part end>" : "<end>";
      }
    }
  });
  return text += reader.finish() ? "<bad>" : "<good>";
}

std::string pairs_of(std::string_view content, std::size_t fragment) {
  urlencoded_reader reader({.pairs = 20, .name = 20, .value = 100, .total = 5000});
  std::string text;
  bool good = true;
  in_pieces(content, fragment, [&](std::string_view bytes) {
    good = !reader.receive(bytes);
    return good;
  });
  if (!good || reader.finish()) return "<fault>";
  while (const auto pair = reader.next()) text.append(pair->name).append("=").append(pair->value).append("&");
  return text;
}

void check_written(std::string_view text) {
  if (!is_utf8(text) || text.size() > 80) return;  // a control takes three bytes, and a name has a cap
  form_data_writer writer("b");
  std::string content = writer.field(text, "x") + writer.file("f", text, "text/plain") + writer.end();
  multipart_reader reader("b");
  std::string_view bytes(content);
  std::size_t parts = 0;
  for (auto what = reader.next(bytes); what != multipart_event::need_more; what = reader.next(bytes)) {
    require(what != multipart_event::fault);
    if (what != multipart_event::head) continue;
    const auto part = read_form_part(reader.head());
    require(part.has_value());
    const bool plain = std::none_of(text.begin(), text.end(), [](char c) { return c == '%' || (c >= 0 && c < 0x20) || c == 0x7f; });
    if (plain) require((parts == 0 ? part->name : part->file_name.value()) == text);
    ++parts;
  }
  require(parts == 2 && !reader.finish());

  const auto said = parse_content_disposition(attachment(text));
  require(said && said->file_name == text);
  const std::string safe = safe_file_name(text);
  require(!safe.empty() && safe.size() <= 255 && safe.find('/') == safe.npos && safe[0] != '.' && safe_file_name(safe) == safe);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view content(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::size_t fragment = 1 + data[0] % 40;
  require(parts_of(content, fragment) == parts_of(content, size));
  require(pairs_of(content, fragment) == pairs_of(content, size));
  check_written(content);
  static_cast<void>(parse_content_disposition(content));
  const part_line line{"Content-Disposition", content};
  static_cast<void>(read_form_part({&line, 1}));
  return 0;
}
