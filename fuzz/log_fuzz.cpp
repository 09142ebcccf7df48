// Lines of the access log from texts of a peer: one line each, of the shape that its format has, and no byte that a terminal obeys.
//
// The input is the texts, with NUL between them: target, host, Referer, User-Agent, method.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "semantics/escape.hpp"
#include "server/access_line.hpp"

namespace {

using namespace parley;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_line(std::string_view line) {
  require(line.ends_with('\n') && line.find('\n') == line.size() - 1);
  line.remove_suffix(1);
  require(semantics::is_utf8(line));
  for (std::size_t i = 0; i < line.size();) {
    const std::size_t n = semantics::utf8_length(line.substr(i));
    const std::string_view c = line.substr(i, n);
    require(n > 0 && (n > 1 || (c[0] >= 0x20 && c[0] < 0x7f)));
    require(!(n == 2 && c >= "\xc2\x80" && c <= "\xc2\x9f"));                                 // C1
    require(!(n == 3 && c >= "\xe2\x80\xa8" && c <= "\xe2\x80\xae"));                         // separators, directions
    require(!(n == 3 && c >= "\xe2\x81\xa6" && c <= "\xe2\x81\xa9") && c != "\xe2\x80\x8f");  // isolates
    i += n;
  }
}

/// Takes a quoted piece off the front.
std::string_view quoted(std::string_view& rest) {
  require(rest.starts_with('"'));
  std::size_t i = 1;
  for (; i < rest.size() && rest[i] != '"'; ++i) {
    if (rest[i] == '\\') ++i;
  }
  require(i < rest.size());
  const std::string_view piece = rest.substr(1, i - 1);
  rest.remove_prefix(i + 1);
  return piece;
}

void expect(std::string_view& rest, std::string_view text) {
  require(rest.starts_with(text));
  rest.remove_prefix(text.size());
}

void check_combined(std::string_view line) {
  expect(line, "192.0.2.1 - - [");
  const std::size_t end = line.find(']');
  require(end != std::string_view::npos);
  line.remove_prefix(end);
  expect(line, "] ");
  (void)quoted(line);
  expect(line, " 200 12 ");
  (void)quoted(line);
  expect(line, " ");
  (void)quoted(line);
  require(line == "\n");
}

void append_utf8(std::string& out, unsigned c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out.append(1, static_cast<char>(0xc0 | c >> 6)).append(1, static_cast<char>(0x80 | (c & 63)));
  } else {
    out.append(1, static_cast<char>(0xe0 | c >> 12))
        .append(1, static_cast<char>(0x80 | (c >> 6 & 63)))
        .append(1, static_cast<char>(0x80 | (c & 63)));
  }
}

/// What a reader of JSON gets.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
    } else if (text[++i] == 'u') {
      require(i + 4 < text.size());
      append_utf8(out, static_cast<unsigned>(std::strtoul(std::string(text.substr(i + 1, 4)).c_str(), nullptr, 16)));
      i += 4;
    } else {
      require(text[i] == '"' || text[i] == '\\');
      out += text[i];
    }
  }
  return out;
}

void check_member(std::string_view& line, std::string_view name, std::string_view meant) {
  expect(line, ",\"" + std::string(name) + "\":");
  if (meant.empty()) return expect(line, "null");
  const std::string_view piece = quoted(line);
  if (semantics::is_utf8(meant)) require(unescaped(piece) == meant);
}

void check_json(std::string_view line, const server_room::access_entry& e) {
  expect(line, "{\"time\":");
  (void)quoted(line);
  check_member(line, "peer", "192.0.2.1");
  check_member(line, "method", e.method);
  check_member(line, "target", e.target);
  check_member(line, "version", e.version);
  check_member(line, "host", e.host);
  expect(line, ",\"status\":200,\"bytes\":12,\"duration\":0.000001");
  check_member(line, "referer", e.referer);
  check_member(line, "user_agent", e.user_agent);
  require(line == "}\n");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  std::array<std::string_view, 5> texts;
  for (std::string_view& text : texts) {
    text = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(text.size() + 1, rest.size()));
  }
  server_room::access_entry e;
  e.peer = "192.0.2.1:50000";
  e.time = std::chrono::system_clock::time_point(std::chrono::seconds(1'800'000'000));
  e.method = texts[4].empty() ? std::string_view("GET") : texts[4];
  e.target = texts[0];
  e.version = "HTTP/1.1";
  e.host = texts[1];
  e.status = 200;
  e.bytes = 12;
  e.duration = std::chrono::microseconds(1);
  e.referer = texts[2];
  e.user_agent = texts[3];
  std::string line;
  server_room::append_combined(line, e);
  check_line(line);
  check_combined(line);
  line.clear();
  server_room::append_json(line, e);
  check_line(line);
  check_json(line, e);
  return 0;
}
