// Server-Sent Events (HTML Standard §9.2): a page that stays up to date by itself, over plain HTTP.
//
//   app.route("GET /clock", [](parley::request& req) -> parley::task<parley::response> {
//     co_return parley::events(req, [](parley::event_stream& to) -> parley::task<> {
//       while (true) {
//         auto sent = to.send(parley::event("tick").name("clock"));
//         co_await sent;
//         auto pause = parley::sleep_for(1s);
//         co_await pause;
//       }
//     });
//   });
#pragma once

#include <parley/body.hpp>
#include <parley/request.hpp>
#include <parley/response.hpp>
#include <parley/task.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

namespace parley {

/// One event. Lines of `data` may end in CR, LF or both; the reader gets them joined by LF.
class PARLEY_API event {
 public:
  event() = default;
  explicit event(std::string_view data) { this->data(data); }
  /// Adds data; a second call adds another line.
  event& data(std::string_view text);
  /// The type that a page listens for; `message` without it. Throws `std::invalid_argument` for line ends.
  event& name(std::string_view type);
  /// What a client that comes back says as Last-Event-ID; empty forgets it. Throws `std::invalid_argument` for line ends and NUL.
  event& id(std::string_view value);
  /// How long a client waits before it comes back.
  event& retry(std::chrono::milliseconds time);

  /// As it is sent, with the empty line behind it.
  [[nodiscard]] std::string text() const { return text_ + "\n"; }

 private:
  std::string text_;
};

/// What a producer of events writes to. A handle, as `body_writer`.
class PARLEY_API event_stream {
 public:
  event_stream(body_writer to, std::string_view last, bool* stays = nullptr) : to_(to), last_(last), stays_(stays) {}

  /// `co_await send(...)`: hands it over and has it sent at once; completes when there is room for more. Throws `connection_lost` when
  /// the client has left, `cancelled` when it leaves meanwhile.
  [[nodiscard]] detail::write_operation send(const event& what) { return put(what.text()); }
  [[nodiscard]] detail::write_operation send(std::string_view data) { return send(event(data)); }
  /// A line that clients skip.
  [[nodiscard]] detail::write_operation comment(std::string_view text);
  /// Last-Event-ID: what the client saw last before its connection broke. Empty: it comes for the first time.
  [[nodiscard]] const std::string& last_event_id() const { return last_; }
  /// This stream comes to its end in short, such as the answer to one question: when the server ends it is not ended at once, but has
  /// `server::drain_time` as any other answer. To be called before the first event.
  void ends_by_itself() const;

 private:
  [[nodiscard]] detail::write_operation put(std::string text);
  body_writer to_;
  std::string last_;
  bool* stays_;
};

/// The answer that is a stream of events, with the fields that keep caches and proxies from holding it up. The producer ends with the client:
/// whatever it awaits is cancelled when that has left. While it sends nothing, a comment goes out every `heartbeat`, so that proxies do not
/// take the connection for dead and a client that is gone is noticed; 0 for none. When the server is told to end, the stream ends, whole, and its
/// producer is cancelled: a page comes back by itself, to whoever serves then.
[[nodiscard]] PARLEY_API response events(const request& req, std::function<task<>(event_stream&)> producer,
                                         std::chrono::milliseconds heartbeat = std::chrono::seconds(15));

/// Ends when the server whose loop this is was told to end (SIGTERM, `server::stop`): for long polls and endless streams of one's own, which
/// would hold up its end for `server::drain_time`. `auto first = when_any(next_news(), server_ending()); co_await first;` Without a server,
/// as in `server::handle`, it ends when it is cancelled.
[[nodiscard]] PARLEY_API task<> server_ending();

}  // namespace parley
