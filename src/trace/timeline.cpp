#include "trace/timeline.hpp"

#include "trace/escape.hpp"
#include "trace/message_text.hpp"
#include "trace/paint.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

namespace parley::trace {

namespace {

constexpr std::size_t label_width = 12;
constexpr std::size_t time_width = 11;
// Of what is drawn; text may be wider.
constexpr std::size_t widest = 100;

double milliseconds(std::chrono::steady_clock::duration d) { return std::chrono::duration<double, std::milli>(d).count(); }

/// Draws one exchange as its client saw it.
class timeline_view {
 public:
  timeline_view(const exchange& x, const look& how)
      : x_(x), how_(how), paint_(how), text_width_(std::max<std::size_t>(how.width, 60)), width_(std::min(text_width_, widest)),
        start_(x.started()), total_(x.finished() - start_) {}

  std::string draw(std::string_view title) {
    std::string heading = title.empty() || x_.promised_on != 0 ? title_from_head(x_) : std::string(title);
    if (x_.promised_on != 0) heading = "pushed: " + heading;
    const std::size_t room = width_ - 2 * time_width;
    auto headings = paint_.wrapped(display_url(heading, how_.show_secrets), text_width_);
    if (headings.empty()) headings.emplace_back();
    // One that does not fit beside the words above the columns stands in lines of its own.
    if (headings.size() > 1 || columns(headings.front()) > room) headings.emplace_back();
    for (std::size_t i = 0; i + 1 < headings.size(); ++i) line(paint_.colour(tint::strong, headings[i]));
    line(paint_.colour(tint::strong, paint_.left(headings.back(), room)) +
         paint_.colour(tint::faint, paint_.right("took", time_width) + paint_.right("at", time_width)));
    line("");
    draw_connect();
    draw_request();
    draw_response();
    draw_end();
    return std::move(out_);
  }

 private:
  void line(std::string_view text) {
    const std::size_t end = text.find_last_not_of(' ');
    out_.append(text.substr(0, end == std::string_view::npos ? 0 : end + 1)).append("\n");
  }
  void railed(std::string_view text) { line(paint_.colour(tint::faint, paint_.rail()) + " " + std::string(text)); }

  void step(char number, tint t, std::string_view name, std::string_view about) {
    auto lines = paint_.wrapped(about, text_width_ - 2 - label_width);
    if (lines.empty()) lines.emplace_back();
    line(paint_.colour(t, std::string(1, number) + " " + paint_.left(name, label_width)) + lines.front());
    for (std::size_t i = 1; i < lines.size(); ++i) railed(std::string(label_width, ' ') + lines[i]);
  }

  /// A part of a step: its bar, what it took, and when it was over.
  void part(std::string_view label, tint t, time_point begin, time_point end) {
    const double whole = std::max(milliseconds(total_), 1e-6);
    const std::size_t bar_width = width_ - 2 - label_width - 2 * time_width;
    const std::string bar = paint_.bar(milliseconds(begin - start_) / whole, milliseconds(end - start_) / whole, bar_width);
    railed(paint_.left(label, label_width) + paint_.colour(t, bar) + paint_.right(duration_text(end - begin), time_width) +
           paint_.right(duration_text(end - start_), time_width));
  }

  /// What does not fit goes on behind a deeper indent.
  void note(tint t, std::string_view text) {
    constexpr std::size_t indent = 4;
    constexpr std::size_t deeper = indent + 2;
    if (columns(text) <= text_width_ - indent) return railed("  " + paint_.colour(t, text));
    std::string_view blanks = "  ";
    for (const std::string& each : paint_.wrapped(text, text_width_ - deeper)) {
      railed(std::string(blanks) + paint_.colour(t, each));
      blanks = "    ";
    }
  }

  void head(std::string_view text) {
    for (const std::string_view each : head_lines(text)) note(tint::faint, display_line(each, how_.show_secrets));
  }

  void trailers(std::string_view text) {
    if (text.empty()) return;
    note(tint::faint, "trailers, after the content:");
    head(text);
  }

  void draw_connect() {
    std::string about = printable(x_.peer);
    if (x_.promised_on != 0) {
      about += ", promised on " + stream_name(x_.promised_on, x_.request.version == parley::http3);
    } else if (x_.number > 1) {
      about += ", kept alive: request " + std::to_string(x_.number) + " on this connection";
    } else if (was_looked_up(x_) && !about.empty()) {
      about = printable(x_.host) + " " + std::string(paint_.arrow()) + " " + about;
    } else if (about.empty()) {
      about = printable(x_.host);
    }
    if (x_.tunnel) {
      about += " through the proxy " + printable(x_.tunnel->peer);
      if (x_.tunnel->number > 1) about += ", whose connection was kept alive";
    }
    step('1', tint::connect, "Connect", about);
    if (x_.tunnel) draw_tunnel(*x_.tunnel);
    draw_way(x_);
    railed("");
  }

  /// To the proxy, and what opened the tunnel there.
  void draw_tunnel(const exchange& t) {
    draw_way(t);
    const time_point sent = t.request.first_byte.value_or(t.started());
    part("CONNECT", tint::connect, std::min(ready_of(t).value_or(sent), sent), t.response.first_byte.value_or(sent));
    head(t.request.head);
    for (const std::string& interim : t.interim_heads) head(interim);
    head(t.response.head);
  }

  /// How a connection came about.
  void draw_way(const exchange& x) {
    if (x.resolve_started && was_looked_up(x))
      part("look-up", tint::connect, *x.resolve_started, x.resolve_done.value_or(x_.finished()));
    for (const attempt& a : x.attempts) {
      part(a.quic ? "QUIC" : "TCP", a.error.empty() ? tint::connect : tint::bad, a.started, a.done.value_or(x_.finished()));
      if (!a.error.empty()) note(tint::bad, std::string(paint_.cross()) + " " + printable(a.address) + ": " + printable(a.error));
    }
    if (!x.tls) return;
    // QUIC's handshake is TLS's too.
    const bool quic = std::ranges::any_of(x.attempts, [](const attempt& a) { return a.quic && a.done && a.error.empty(); });
    if (!quic) part("TLS", x.tls->error.empty() ? tint::connect : tint::bad, x.tls->started, x.tls->done.value_or(x_.finished()));
    if (!x.tls->about.empty()) note(tint::faint, printable(x.tls->about));
    if (!x.tls->error.empty()) note(tint::bad, std::string(paint_.cross()) + " " + printable(x.tls->error));
  }

  /// Not so for a host that is an address.
  static bool was_looked_up(const exchange& x) {
    const bool is_address = x.host.find(':') != std::string::npos || x.host.find_first_not_of("0123456789.") == std::string::npos;
    return !x.host.empty() && !is_address;
  }

  void draw_request() {
    const bool pushed = x_.promised_on != 0;
    const std::string about = pushed             ? "not sent: the server promised the response"
                              : x_.request.begun ? sizes(x_.request)
                                                 : "not sent";
    step('2', tint::request, "Request", stream_text() + about);
    if (x_.request.begun) {
      const time_point begin = x_.request.first_byte.value_or(x_.finished());
      part(pushed             ? "promised"
           : x_.request.ended ? "sent"
                              : "sending",
           tint::request, std::min(ready_of(x_).value_or(begin), begin), x_.request.last_byte.value_or(begin));
      head(x_.request.head);
      trailers(x_.request.trailers);
    }
    railed("");
  }

  /// When the connection was ready, so that waiting between it and the request shows as part of the request.
  static std::optional<time_point> ready_of(const exchange& x) {
    std::optional<time_point> ready;
    if (x.tunnel) ready = x.tunnel->response.first_byte;
    bool quic = false;
    for (const attempt& a : x.attempts) {
      if (!a.done || !a.error.empty()) continue;
      ready = a.done;
      quic = a.quic;
    }
    // QUIC's handshake is part of its connecting, unless the request went before it as early data.
    return !quic && x.tls && x.tls->done ? x.tls->done : ready;
  }

  /// `HTTP/2 stream 1, `, `HTTP/3 stream 0, `
  [[nodiscard]] std::string stream_text() const {
    if (x_.request.version < parley::http2) return {};
    return std::string(name(x_.request.version)) + " " + stream_name(x_.stream, x_.request.version == parley::http3) + ", ";
  }

  void draw_response() {
    const message& r = x_.response;
    step('3', tint::response, "Response", status_text(r) + (r.begun ? ", " + sizes(r) : ""));
    const time_point sent = x_.request.last_byte.value_or(x_.request.first_byte.value_or(start_));
    if (r.first_byte) {
      // A server may answer before it has the whole request.
      part("first byte", tint::response, std::min(sent, *r.first_byte), *r.first_byte);
      part(r.ended ? "last byte" : "broken off", r.ended ? tint::response : tint::bad, *r.first_byte,
           r.last_byte.value_or(x_.finished()));
    } else if (x_.request.begun && x_.given_up) {
      part("waiting", tint::bad, std::min(sent, *x_.given_up), *x_.given_up);
    }
    for (const std::string& interim : x_.interim_heads) {
      head(interim);
      railed("");
    }
    head(r.head);
    trailers(r.trailers);
    for (const std::string& each : x_.promises) note(tint::response, "promised: " + printable(each));
    railed("");
  }

  void draw_end() {
    line(paint_.colour(tint::faint, paint_.corner()) + " " + paint_.colour(tint::strong, duration_text(total_) + " in all"));
    std::string why;
    if (!x_.error.empty()) {
      why = printable(x_.error);
    } else if (!x_.closed.empty()) {
      why = "The connection closed: " + printable(x_.closed);
    }
    for (const std::string& each : paint_.wrapped(why, text_width_ - 2)) line("  " + paint_.colour(tint::bad, each));
  }

  const exchange& x_;
  look how_;
  paint paint_;
  std::size_t text_width_;
  std::size_t width_;
  time_point start_;
  std::chrono::steady_clock::duration total_;
  std::string out_;
};

}  // namespace

std::string timeline(const exchange& x, std::string_view title, const look& how) { return timeline_view(x, how).draw(title); }

std::string duration_text(std::chrono::steady_clock::duration d) {
  const double ms = milliseconds(d);
  std::array<char, 32> text{};
  if (ms < 1000) {
    std::snprintf(text.data(), text.size(), "%.2f ms", ms);
  } else {
    std::snprintf(text.data(), text.size(), "%.3f s", ms / 1000);
  }
  return text.data();
}

std::string size_text(std::uint64_t bytes) {
  if (bytes < 10'000) return std::to_string(bytes) + " B";
  constexpr std::array<const char*, 4> units{"KiB", "MiB", "GiB", "TiB"};
  double scaled = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (scaled >= 1000 && unit + 1 < units.size()) {
    scaled /= 1024;
    ++unit;
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f %s", scaled, units[unit]);
  return text.data();
}

}  // namespace parley::trace
