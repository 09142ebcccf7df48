// A server's side of an exchange, a line a step.
#include "trace/escape.hpp"
#include "trace/paint.hpp"
#include "trace/timeline.hpp"

#include <algorithm>

namespace parley::trace {

namespace {

class server_view {
 public:
  server_view(const exchange& x, const look& how) : x_(x), paint_(how), width_(std::max<std::size_t>(how.width, 60)) {}

  std::string draw() {
    const std::string peer = x_.peer.empty() ? "a client" : printable(x_.peer);
    const std::string which = "connection " + std::to_string(x_.connection);
    row(paint_.top(), tint::connect, "1 connect",
        "from " + peer + (x_.number > 1 ? ", kept alive: " + place() + " of " + which : ", new " + which + stream()) + tls(), {},
        {});
    const message& in = x_.request;
    const message& out = x_.response;
    const std::string pushed =
        x_.promised_on != 0 ? "pushed on " + stream_name(x_.promised_on, in.version == parley::http3) + ": " : std::string();
    const std::string early = x_.early ? ", as early data" : "";
    row(paint_.branch(), tint::request, "2 request", in.begun ? pushed + first_line(in) + early : "none", in,
        took(in.first_byte, in.last_byte));
    const auto asked = in.last_byte ? in.last_byte : in.first_byte;
    row(paint_.corner(), lost() ? tint::bad : tint::response, "3 response", outcome(), out, took(asked, out.last_byte));
    return std::move(text_);
  }

 private:
  static std::string took(const std::optional<time_point>& from, const std::optional<time_point>& to) {
    return from && to ? duration_text(std::max(*to - *from, std::chrono::steady_clock::duration{})) : std::string();
  }

  static std::string first_line(const message& m) {
    if (!m.start_line.empty()) return printable(m.start_line);
    const auto lines = head_lines(m.head);
    return lines.empty() ? "content alone (HTTP/0.9)" : printable(lines.front());
  }

  [[nodiscard]] std::string stream() const {
    if (x_.request.version < parley::http2) return {};
    return ", " + stream_name(x_.stream, x_.request.version == parley::http3);
  }

  /// Which one of a connection's exchanges it is.
  [[nodiscard]] std::string place() const {
    if (x_.request.version < parley::http2) return "request " + std::to_string(x_.number);
    return stream_name(x_.stream, x_.request.version == parley::http3);
  }

  /// Over QUIC, TLS is within.
  [[nodiscard]] std::string tls() const {
    const std::string quic = x_.request.version == parley::http3 && x_.number == 1 ? ", QUIC" : "";
    return x_.tls && !x_.tls->about.empty() ? quic + ", " + printable(x_.tls->about) : quic;
  }

  [[nodiscard]] bool lost() const { return !x_.error.empty() || !x_.closed.empty(); }

  [[nodiscard]] std::string outcome() const {
    std::string text = x_.response.begun ? first_line(x_.response) : "none";
    if (!x_.error.empty()) return text + "; " + printable(x_.error);
    if (!x_.closed.empty()) return text + "; " + printable(x_.closed);
    return text;
  }

  void row(std::string_view glyph, tint t, std::string_view label, const std::string& about, const message& m,
           const std::string& time) {
    constexpr std::size_t label_width = 12;
    constexpr std::size_t number_width = 11;
    const std::uint64_t bytes = m.head_bytes + m.content;
    const std::string numbers =
        m.begun ? paint_.right(size_text(bytes), number_width) + paint_.right(time, number_width) : std::string();
    const std::size_t room = width_ - 2 - label_width - (numbers.empty() ? 0 : 2 * number_width);
    auto lines = paint_.wrapped(about, room);
    if (lines.empty()) lines.emplace_back();
    std::string begin = paint_.colour(tint::faint, glyph) + " " + paint_.colour(t, paint_.left(label, label_width));
    for (std::size_t i = 0; i < lines.size(); ++i) {
      std::string line = begin + lines[i];
      if (i == 0 && !numbers.empty()) {
        line.append(room - std::min(room, columns(lines[i])), ' ');
        line += (columns(lines[i]) >= room ? " " : "") + paint_.colour(tint::faint, numbers);
      }
      const std::size_t end = line.find_last_not_of(' ');
      text_.append(line, 0, end + 1).append("\n");
      // Below the last step there is nothing to lead to.
      const bool last = glyph == paint_.corner();
      begin = paint_.colour(tint::faint, last ? " " : paint_.rail()) + std::string(1 + label_width, ' ');
    }
  }

  const exchange& x_;
  paint paint_;
  std::size_t width_;
  std::string text_;
};

}  // namespace

std::string server_lines(const exchange& x, const look& how) { return server_view(x, how).draw(); }

}  // namespace parley::trace
