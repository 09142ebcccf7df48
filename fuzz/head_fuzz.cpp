// A head read at once and read byte by byte, the short way and the long way, must come to the same.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "h1/framing.hpp"
#include "h1/head_parser.hpp"

namespace {

using parley::h1::head_kind;
using parley::h1::head_parser;

struct result {
  head_parser::progress progress;
  std::string text;
};

std::string describe(const head_parser& parser, std::string_view bytes, head_kind kind) {
  std::string text = std::to_string(parser.size());
  if (kind == head_kind::request) {
    parley::semantics::request_head head;
    parley::h1::received_head meaning;
    const auto error = take_head(parser, bytes.substr(0, parser.size()), head, meaning);
    if (error) return text.append(" ").append(error->name);
    text.append(head.method.name()).append(" ").append(head.target()).append(" ").append(head.authority());
    text.append(" ").append(head.path()).append("?").append(head.query());
    for (const auto& line : head.fields) text.append("\n").append(line.name).append(": ").append(line.value);
    text += std::to_string(static_cast<int>(meaning.content)) + std::to_string(meaning.length) + (meaning.persistent ? "p" : "");
    return text;
  }
  parley::semantics::response_head head;
  take_head(parser, bytes.substr(0, parser.size()), head);
  text += std::to_string(head.status);
  for (const auto& line : head.fields) text.append("\n").append(line.name).append(": ").append(line.value);
  return text;
}

/// Gives `step` more bytes each time, in memory of exactly their size.
result parse(std::string_view bytes, std::size_t step, head_kind kind, const parley::limits& caps) {
  head_parser parser(caps);
  parser.start(kind, true);
  for (std::size_t n = std::min(step, bytes.size());; n = std::min(n + step, bytes.size())) {
    auto exact = std::make_unique<char[]>(n);
    bytes.copy(exact.get(), n);
    head_parser::scratch room;
    const auto progress = parser.parse({exact.get(), n}, room);
    if (progress == head_parser::progress::failed) return {progress, std::string(parser.error().name)};
    if (progress == head_parser::progress::complete) return {progress, describe(parser, {exact.get(), n}, kind)};
    if (n == bytes.size()) return {progress, {}};
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto kind = static_cast<head_kind>(data[0] % 2);  // request or response
  parley::limits caps;
  if ((data[0] & 4) != 0) {
    caps.start_line = 60;
    caps.field_line = 50;
    caps.head = 300;
    caps.field_count = 5;
  }
  const result whole = parse(bytes, bytes.size() + 1, kind, caps);
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{64}}) {
    const result pieces = parse(bytes, step, kind, caps);
    if (pieces.progress != whole.progress || pieces.text != whole.text) std::abort();
  }
  return 0;
}
