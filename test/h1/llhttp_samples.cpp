#include "h1/llhttp_samples.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>

#include "base/ascii.hpp"

namespace parley::h1::test {
namespace {

// As llhttp's own test program reads a block: lines end with CR LF, escapes stand for the other bytes.
std::string unescape_wire(std::string_view block) {
  if (block.ends_with('\n')) block.remove_suffix(1);
  std::string wire;
  for (std::size_t i = 0; i < block.size(); ++i) {
    if (block[i] == '\n') {
      wire += "\r\n";
      continue;
    }
    if (block[i] != '\\' || i + 1 == block.size()) {
      wire += block[i];
      continue;
    }
    const char c = block[++i];
    if (c == '\n') continue;  // an escaped end of line
    if (c == 'r')
      wire += '\r';
    else if (c == 'n')
      wire += '\n';
    else if (c == 't')
      wire += '\t';
    else if (c == 'f')
      wire += '\f';
    else if (c == 'x') {
      wire += static_cast<char>(std::strtol(std::string(block.substr(i + 1, 2)).c_str(), nullptr, 16));
      i += 2;
    } else if (base::is_digit(c)) {
      std::size_t digits = 0;
      int value = 0;
      while (digits < 3 && i + digits < block.size() && block[i + digits] >= '0' && block[i + digits] <= '7') {
        value = value * 8 + (block[i + digits++] - '0');
      }
      wire += static_cast<char>(value);
      i += digits - 1;
    } else {
      wire += '\\';
      wire += c;
    }
  }
  return wire;
}

// `span[name]="text"`, or `span[name]=lf` for an end of line alone.
std::optional<std::pair<std::string, std::string>> span_of(std::string_view line) {
  const std::size_t at = line.find("span[");
  if (at == line.npos) return std::nullopt;
  const std::size_t end = line.find("]=", at);
  std::string_view text = line.substr(end + 2);
  if (text == "lf")
    text = "\\n";
  else if (text == "cr")
    text = "\\r";
  else
    text = text.substr(1, text.size() - 2);
  return std::pair{std::string(line.substr(at + 5, end - at - 5)), unescape_wire(text)};
}

void read_span(parsed_message& m, const std::string& kind, const std::string& text, bool& value_open) {
  if (kind == "method") m.start += text;
  if (kind == "url") m.start += (m.start.find(' ') == m.start.npos ? " " : "") + text;
  if (kind == "header_field") {
    if (value_open || m.fields.empty()) m.fields.emplace_back();
    value_open = false;
    m.fields.back().first += text;
  }
  if (kind == "header_value") {
    value_open = true;
    m.fields.back().second += text;
  }
  if (kind == "body") m.content += text;
}

void read_log(std::string_view log, llhttp_sample& sample) {
  bool value_open = false;
  while (!log.empty()) {
    const std::size_t end = std::min(log.find('\n'), log.size());
    const std::string_view line = log.substr(0, end);
    log.remove_prefix(std::min(end + 1, log.size()));
    if (line.find("message begin") != line.npos && line.find("span") == line.npos) {
      sample.messages.emplace_back();
      value_open = false;
    } else if (line.find("error code=") != line.npos) {
      // 21 to 24 are its pauses.
      const int code = std::atoi(line.data() + line.find("error code=") + 11);
      sample.refused = code < 21 || code > 24;
    } else if (sample.messages.empty()) {
      continue;
    } else if (auto span = span_of(line)) {
      read_span(sample.messages.back(), span->first, span->second, value_open);
    } else if (line.find("header_value complete") != line.npos) {
      value_open = true;
    } else if (const std::size_t status = line.find("headers complete status="); status != line.npos) {
      sample.messages.back().start = std::to_string(std::atoi(line.data() + status + 24));
    } else if (line.find("message complete") != line.npos) {
      sample.messages.back().complete = true;
    }
  }
  for (auto& m : sample.messages) {
    for (auto& field : m.fields) field.second = std::string(base::trim_ows(field.second));
  }
}

std::string_view block_of(std::string_view text, std::string_view kind) {
  const std::string open = "```" + std::string(kind) + "\n";
  const std::size_t begin = text.find(open);
  if (begin == text.npos) return {};
  const std::size_t end = text.find("\n```", begin + open.size() - 1);
  return text.substr(begin + open.size(), end + 1 - begin - open.size());
}

std::string type_of(std::string_view meta) {
  const std::size_t at = meta.find("\"type\":");
  if (at == meta.npos) return {};
  const std::size_t open = meta.find('"', at + 7);
  return std::string(meta.substr(open + 1, meta.find('"', open + 1) - open - 1));
}

}  // namespace

std::vector<llhttp_sample> read_llhttp_samples(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  std::vector<llhttp_sample> samples;
  std::string heading;
  for (std::size_t at = text.find('#'); at != text.npos; at = text.find("\n#", at + 1)) {
    const std::size_t begin = text[at] == '\n' ? at + 1 : at;
    const std::size_t next = std::min(text.find("\n#", begin), text.size());
    const std::string_view section(text.data() + begin, next - begin);
    const std::string_view title = section.substr(0, section.find('\n'));
    const std::size_t meta = section.find("meta={");
    const std::string type = meta == section.npos ? "" : type_of(section.substr(meta, section.find('}', meta) - meta));
    const bool strict = type == "request" || type == "response" || type == "request-finish" || type == "response-finish";
    // `skipBody` is an answer of llhttp's caller, which no wire text has.
    if (!strict || section.find("skipBody") != section.npos) continue;
    llhttp_sample sample;
    const std::string folder = file.parent_path().filename().string();
    sample.name = folder + "/" + file.stem().string() + ": " + std::string(title.substr(title.find_first_not_of("# ")));
    sample.request = type.starts_with("request");
    sample.wire = unescape_wire(block_of(section, "http"));
    read_log(block_of(section, "log"), sample);
    samples.push_back(std::move(sample));
  }
  return samples;
}

std::string to_text(const parsed_message& m) {
  std::string text = m.start;
  for (const auto& [name, value] : m.fields) text += " | " + name + ": " + value;
  text += " || " + m.content + (m.complete ? " [complete]" : "");
  return text;
}

}  // namespace parley::h1::test
