#include "h1/curl_samples.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "base/ascii.hpp"

namespace parley::h1::test {
namespace {

std::string between(std::string_view text, std::string_view open, std::string_view close, std::size_t from = 0) {
  const std::size_t begin = text.find(open, from);
  if (begin == text.npos) return {};
  const std::size_t end = text.find(close, begin + open.size());
  return std::string(text.substr(begin + open.size(), end == text.npos ? 0 : end - begin - open.size()));
}

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (std::size_t at = text.find(what); at != text.npos; at = text.find(what, at + by.size())) text.replace(at, what.size(), by);
}

std::string percent_bytes(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() + 0 && base::is_hex(text[i + 1]) && base::is_hex(text[i + 2])) {
      bytes += static_cast<char>(base::hex_value(text[i + 1]) * 16 + base::hex_value(text[i + 2]));
      i += 2;
    } else {
      bytes += text[i];
    }
  }
  return bytes;
}

// `%hex[...]hex%` and `%repeat[N x text]%`.
void expand_calls(std::string& text) {
  for (std::size_t at = text.find("%hex["); at != text.npos; at = text.find("%hex[", at)) {
    const std::size_t end = text.find("]hex%", at);
    if (end == text.npos) break;
    text.replace(at, end + 5 - at, percent_bytes(std::string_view(text).substr(at + 5, end - at - 5)));
  }
  for (std::size_t at = text.find("%repeat["); at != text.npos; at = text.find("%repeat[", at)) {
    const std::size_t end = text.find("]%", at);
    const std::size_t cross = text.find(" x ", at);
    if (end == text.npos || cross == text.npos) break;
    const std::string piece = percent_bytes(std::string_view(text).substr(cross + 3, end - cross - 3));
    std::string all;
    for (long n = std::atol(text.c_str() + at + 8); n > 0; --n) all += piece;
    text.replace(at, end + 2 - at, all);
  }
}

// `%if feature` lines, as for a curl with every feature.
std::string drop_conditions(std::string_view text) {
  std::string kept;
  std::vector<bool> on{true};
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1);
    const std::string_view line = text.substr(0, end + 1);
    text.remove_prefix(end + 1);
    if (line.starts_with("%if "))
      on.push_back(on.back() && line[4] != '!');
    else if (line.starts_with("%else"))
      on.back() = on[on.size() - 2] && !on.back();
    else if (line.starts_with("%endif"))
      on.pop_back();
    else if (on.back())
      kept += line;
  }
  return kept;
}

bool is_header_line(std::string_view line) {
  if (line.starts_with("HTTP/")) {
    const std::size_t space = line.find(' ');
    return space != line.npos && space + 1 < line.size() && line[space + 1] >= '1' && line[space + 1] <= '5';
  }
  const std::size_t colon = line.find(": ");
  if (colon == line.npos || colon == 0) return false;
  for (const char c : line.substr(0, colon)) {
    if (!base::is_alpha(c) && !base::is_digit(c) && c != '-' && c != '_') return false;
  }
  return true;
}

// curl's runtests.pl: `crlf="headers"` gives CR LF to lines that look like a head's, and to the empty line behind them.
std::string with_cr(std::string_view text, bool all) {
  std::string out;
  bool previous = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1);
    std::string line(text.substr(0, end + 1));
    text.remove_prefix(end + 1);
    const bool ends = line.ends_with('\n') && !line.ends_with("\r\n");
    const bool header = is_header_line(line) && line.find('\r') == line.npos;
    if (ends && (all || header || (line == "\n" && previous))) line.insert(line.size() - 1, "\r");
    previous = header;
    out += line;
  }
  return out;
}

std::string decode_base64(std::string_view text) {
  std::string bytes;
  unsigned bits = 0;
  int count = 0;
  for (const char c : text) {
    const std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const std::size_t value = alphabet.find(c);
    if (value == alphabet.npos) continue;
    bits = bits << 6 | static_cast<unsigned>(value);
    count += 6;
    if (count >= 8) bytes += static_cast<char>(bits >> (count -= 8) & 0xff);
  }
  return bytes;
}

std::string wire_of(std::string_view tag, std::string text, const std::string& number) {
  text = drop_conditions(text);
  if (tag.find("base64=\"yes\"") != tag.npos) return decode_base64(text);
  for (const auto& [name, value] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
           {"%CR", "\r"}, {"%SP", " "}, {"%TAB", "\t"}, {"%AMP", "&"}, {"%LT", "<"}, {"%GT", ">"}, {"%TESTNUMBER", number}}) {
    replace_all(text, name, value);
  }
  expand_calls(text);
  if (tag.find("nonewline=\"yes\"") != tag.npos && text.ends_with('\n')) text.pop_back();
  if (tag.find("crlf=\"yes\"") != tag.npos) return with_cr(text, true);
  if (tag.find("crlf=\"headers\"") != tag.npos) return with_cr(text, false);
  return text;
}

}  // namespace

std::string with_cr_in_heads(std::string_view wire) { return with_cr(wire, false); }

std::vector<curl_reply> read_curl_replies(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  std::vector<curl_reply> replies;
  const std::string servers = "\n" + between(text, "<server>\n", "</server>");
  if (servers.find("\nhttp\n") == servers.npos && servers.find("\nhttps") == servers.npos) return replies;
  const std::string reply = between(text, "<reply>\n", "</reply>");
  const std::string command = between(text, "<command", "</command>");
  const bool head =
      command.find(" -I") != command.npos || command.find("\n-I") != command.npos || command.find("--head") != command.npos;
  const int error = std::atoi(between(text, "<errorcode>\n", "</errorcode>").c_str());
  const std::string name = file.filename().string();

  for (std::size_t at = reply.find("<data"); at != reply.npos; at = reply.find("<data", at + 1)) {
    if (reply.compare(at, 10, "<datacheck") == 0) continue;
    const std::size_t open_end = reply.find(">\n", at);
    const std::string tag = reply.substr(at + 1, open_end - at - 1);
    const std::string kind = tag.substr(0, tag.find(' '));
    std::string wire = wire_of(tag, between(reply, ">\n", "</" + kind + ">", at), name.substr(4));
    if (!wire.empty()) replies.push_back({name + "/" + kind, std::move(wire), head, error});
  }
  return replies;
}

}  // namespace parley::h1::test
