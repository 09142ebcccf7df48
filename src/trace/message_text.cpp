#include "trace/message_text.hpp"

#include "base/ascii.hpp"
#include "trace/escape.hpp"
#include "trace/timeline.hpp"

#include <string_view>

namespace parley::trace {

namespace {

std::string counted(std::uint64_t bytes, std::string_view what) { return size_text(bytes) + " " + std::string(what); }

/// The value of a field in a head's text.
std::string_view field_value(std::string_view head, std::string_view name) {
  for (const std::string_view line : head_lines(head)) {
    const std::size_t colon = line.find(':', 1);  // a pseudo-field begins with one
    if (colon != std::string_view::npos && base::iequals(line.substr(0, colon), name))
      return base::trim_ows(line.substr(colon + 1));
  }
  return {};
}

/// As HTTP/1 sends it, or would; empty where there is none.
std::string_view first_line(const message& m) {
  if (!m.start_line.empty()) return m.start_line;
  const auto lines = head_lines(m.head);
  return lines.empty() ? std::string_view() : lines.front();
}

}  // namespace

std::string sizes(const message& m) {
  std::string text;
  if (m.head_bytes != 0) text = counted(m.head_bytes, "head");
  if (m.head_bytes != 0 && m.version >= parley::http2)
    text += std::string(" (") + (m.version == parley::http2 ? "HPACK" : "QPACK") + "; " + counted(m.head.size(), "of text") + ")";
  if (m.content != 0 || text.empty()) text += (text.empty() ? "" : " + ") + counted(m.content, "content");
  return text;
}

std::string title_from_head(const exchange& x) {
  const std::string_view first = first_line(x.request);
  if (first.empty()) return x.host.empty() ? x.peer : x.host;
  const std::string_view line = first.substr(0, first.rfind(" HTTP/"));
  const std::size_t blank = line.find(' ');
  if (blank == std::string_view::npos || !line.substr(blank + 1).starts_with('/')) return std::string(line);
  std::string title(line.substr(0, blank + 1));
  const std::string_view where = field_value(x.request.head, x.request.start_line.empty() ? "host" : ":authority");
  return title.append(where).append(line.substr(blank + 1));
}

std::string status_text(const message& response) {
  if (!response.begun) return "none";
  if (response.head.empty() || response.version == parley::http0_9) return "no head (HTTP/0.9)";
  const std::string_view line = first_line(response);
  const std::size_t blank = line.find(' ');
  return blank == std::string_view::npos ? std::to_string(response.status) : printable(line.substr(blank + 1));
}

}  // namespace parley::trace
