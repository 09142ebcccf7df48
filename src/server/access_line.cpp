#include "server/access_line.hpp"

#include "semantics/escape.hpp"
#include "semantics/forwarded.hpp"

#include <array>
#include <charconv>
#include <ctime>

namespace parley::server_room {

namespace {

using log_clock = std::chrono::system_clock;

void append_number(std::string& out, std::uint64_t n) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), n).ptr;
  out.append(digits.data(), end);
}

void append_padded(std::string& out, std::uint64_t n, std::size_t width) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), n).ptr;
  const auto length = static_cast<std::size_t>(end - digits.data());
  if (length < width) out.append(width - length, '0');
  out.append(digits.data(), end);
}

/// A second as text, kept on each thread: most lines fall into the second of the one before. `print(second, text, size)` is called
/// for a new one, and gives the length.
template <class Print>
std::string_view second_text(std::time_t second, Print print) {
  struct kept {
    std::time_t second = -1;
    std::array<char, 40> text{};
    std::size_t length = 0;
  };
  thread_local kept last;  // one for each `Print`, which is a type of its own for each caller
  if (last.second != second) {
    last.length = print(second, last.text.data(), last.text.size());
    last.second = second;
  }
  return {last.text.data(), last.length};
}

// --- combined ----------------------------------------------------------------------------------------------------------------

void append_log_time(std::string& out, log_clock::time_point when) {
  out += second_text(log_clock::to_time_t(when), [](std::time_t second, char* text, std::size_t size) {
    std::tm parts{};
    localtime_r(&second, &parts);
    return std::strftime(text, size, "%d/%b/%Y:%H:%M:%S %z", &parts);
  });
}

// A quoted piece: controls, quotes and backslashes are escaped, so the line stays one line.
void append_quoted(std::string& out, std::string_view piece) {
  out += '"';
  if (piece.empty()) {
    out += '-';
  } else {
    thread_local std::string plain;
    plain.clear();
    semantics::append_printable(plain, piece);
    for (const char c : plain) {
      if (c == '"') out += '\\';
      out += c;
    }
  }
  out += '"';
}

// One without quotes: it ends at a space.
void append_word(std::string& out, std::string_view word) {
  if (word.empty()) {
    out += '-';
    return;
  }
  std::string plain;
  semantics::append_printable(plain, word);
  for (const char c : plain) {
    if (c == ' ') {
      out += "\\x20";
    } else {
      out += c;
    }
  }
}

// The client as far as a trusted proxy tells of it, else the peer.
std::string_view client_of(const access_entry& entry) {
  return entry.client.empty() ? semantics::address_of_peer(entry.peer) : entry.client;
}

// --- JSON --------------------------------------------------------------------------------------------------------------------

void append_json_time(std::string& out, log_clock::time_point when) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(when);
  const auto rest = std::chrono::duration_cast<std::chrono::microseconds>(when - whole);
  out += second_text(log_clock::to_time_t(whole), [](std::time_t second, char* text, std::size_t size) {
    std::tm parts{};
    gmtime_r(&second, &parts);
    return std::strftime(text, size, "%Y-%m-%dT%H:%M:%S", &parts);
  });
  out += '.';
  append_padded(out, static_cast<std::uint64_t>(rest.count()), 6);
  out += 'Z';
}

void append_escape(std::string& out, unsigned unit) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += "\\u";
  for (const unsigned shift : {12U, 8U, 4U, 0U}) out += digits[(unit >> shift) & 15U];
}

/// Controls that stand above ASCII: C1, which some terminals obey, the line ends of Unicode, and what reverses the direction of
/// text on a screen.
bool harms_a_terminal(unsigned unit) {
  return (unit >= 0x80 && unit < 0xa0) || unit == 0x61c || unit == 0x200e || unit == 0x200f || (unit >= 0x2028 && unit <= 0x202e) ||
         (unit >= 0x2066 && unit <= 0x2069);
}

unsigned unit_of(std::string_view sequence) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(sequence[i]); };
  if (sequence.size() == 2) return (byte(0) & 0x1fU) << 6 | (byte(1) & 0x3fU);
  if (sequence.size() == 3) return (byte(0) & 0x0fU) << 12 | (byte(1) & 0x3fU) << 6 | (byte(2) & 0x3fU);
  return 0;  // beyond the basic plane there is nothing to escape
}

bool plain_in_json(unsigned char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

// RFC 8259 §7. Unlike `semantics::append_json_string` it leaves `&` and `<` readable: nobody pastes a log into a script element.
void append_text(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    std::size_t run = 0;
    while (run < text.size() && plain_in_json(static_cast<unsigned char>(text[run]))) ++run;
    out += text.substr(0, run);
    text.remove_prefix(run);
    if (text.empty()) break;
    const std::size_t length = semantics::utf8_length(text);
    const unsigned first = static_cast<unsigned char>(text[0]);
    if (length == 0) {
      out += "\xef\xbf\xbd";  // U+FFFD for a byte that is no UTF-8
    } else if (first == '"' || first == '\\') {
      (out += '\\') += text[0];
    } else if (length == 1) {
      append_escape(out, first);
    } else if (const unsigned unit = unit_of(text.substr(0, length)); harms_a_terminal(unit)) {
      append_escape(out, unit);
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out += '"';
}

void append_member(std::string& out, std::string_view name, std::string_view text) {
  out.append(",\"").append(name).append("\":");
  if (text.empty()) {
    out += "null";
  } else {
    append_text(out, text);
  }
}

}  // namespace

std::string_view name_in_log(parley::version v) {
  if (v == version::http2) return "HTTP/2.0";
  if (v == version::http3) return "HTTP/3.0";
  return name(v);
}

void append_combined(std::string& out, const access_entry& entry) {
  const std::string_view address = client_of(entry);
  out += address.empty() ? std::string_view("-") : address;
  out += " - ";
  append_word(out, entry.user);
  out += " [";
  append_log_time(out, entry.time);
  out += "] ";
  std::string line;
  if (!entry.method.empty()) line.append(entry.method).append(" ").append(entry.target).append(" ").append(entry.version);
  append_quoted(out, line);
  out += ' ';
  append_number(out, static_cast<std::uint64_t>(entry.status));
  out += ' ';
  append_number(out, entry.bytes);
  out += ' ';
  append_quoted(out, entry.referer);
  out += ' ';
  append_quoted(out, entry.user_agent);
  out += '\n';
}

void append_json(std::string& out, const access_entry& entry) {
  out += "{\"time\":\"";
  append_json_time(out, entry.time);
  out += '"';
  append_member(out, "peer", client_of(entry));
  append_member(out, "method", entry.method);
  append_member(out, "target", entry.target);
  append_member(out, "version", entry.version);
  append_member(out, "host", entry.host);
  out += ",\"status\":";
  append_number(out, static_cast<std::uint64_t>(entry.status));
  out += ",\"bytes\":";
  append_number(out, entry.bytes);
  out += ",\"duration\":";
  if (entry.duration.count() < 0) {
    out += "null";
  } else {
    const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(entry.duration).count();
    append_number(out, static_cast<std::uint64_t>(micros / 1'000'000));
    out += '.';
    append_padded(out, static_cast<std::uint64_t>(micros % 1'000'000), 6);
  }
  append_member(out, "referer", entry.referer);
  append_member(out, "user_agent", entry.user_agent);
  if (entry.pushed) out += ",\"pushed\":true";
  if (entry.tunnel) {
    out += ",\"received\":";
    append_number(out, entry.received);
  }
  if (!entry.user.empty()) append_member(out, "user", entry.user);
  if (!entry.id.empty()) append_member(out, "id", entry.id);
  if (!entry.trace.empty()) append_member(out, "trace", entry.trace);
  out += "}\n";
}

void append_lost(std::string& out, log_format format, std::uint64_t count, std::chrono::system_clock::time_point now) {
  if (format == log_format::json) {
    out += "{\"time\":\"";
    append_json_time(out, now);
    out += "\",\"lost\":" + std::to_string(count) + "}\n";
  } else {
    out += "# " + std::to_string(count) + " lines lost: the log could not keep up\n";
  }
}

}  // namespace parley::server_room
