#include <parley/event_stream.hpp>

#include "connection/message_access.hpp"
#include "server/ending_watch.hpp"

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <utility>

namespace parley {

namespace {

/// Calls `each` with every line of a text that may have any of the three line ends (HTML Standard §9.2.6).
template <class Each>
void for_each_line(std::string_view text, Each&& each) {
  while (true) {
    const std::size_t end = text.find_first_of("\r\n");
    each(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + (text.substr(end).starts_with("\r\n") ? 2 : 1));
  }
}

std::string_view on_one_line(std::string_view text, const char* what) {
  if (text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
    throw std::invalid_argument(std::string("parley: ") + what + " of an event is one line of text");
  }
  return text;
}

/// Knows whether something was written lately.
class watched_sink final : public detail::body_sink {
 public:
  explicit watched_sink(detail::body_sink* to) : to_(to) {}
  bool ready() noexcept override { return to_->ready(); }
  void write(std::string&& owned) override {
    written_ = true;
    to_->write(std::move(owned));
  }
  void write(std::string_view copied) override {
    written_ = true;
    to_->write(copied);
  }
  void wait(detail::waiter* who) noexcept override { to_->wait(who); }
  void trailers(fields lines) override { to_->trailers(std::move(lines)); }
  void flush() override { to_->flush(); }
  [[nodiscard]] bool take_written() { return std::exchange(written_, false); }

 private:
  detail::body_sink* to_;
  bool written_ = true;
};

task<> beat(watched_sink& sink, std::chrono::milliseconds every) {
  while (true) {
    auto pause = sleep_for(every);
    co_await pause;
    // What waits to be sent says more than a comment would.
    if (sink.take_written() || !sink.ready()) continue;
    sink.write(std::string_view(":\n\n"));
    sink.flush();
    (void)sink.take_written();
  }
}

task<> end_with_server(const bool& stays) {
  server_room::ending_wait waiting(&stays);
  co_await waiting;
}

task<> produce_events(const std::function<task<>(event_stream&)>& producer, body_writer& to, std::string last,
                      std::chrono::milliseconds heartbeat) {
  watched_sink sink(detail::body_access::sink(to));
  bool stays = false;
  event_stream stream(body_writer(&sink), last, &stays);
  if (heartbeat.count() <= 0) {
    auto first = when_any(producer(stream), end_with_server(stays));
    co_await first;
    co_return;
  }
  auto first = when_any(producer(stream), beat(sink, heartbeat), end_with_server(stays));
  co_await first;
}

}  // namespace

event& event::data(std::string_view text) {
  for_each_line(text, [this](std::string_view line) { text_.append("data: ").append(line).append("\n"); });
  return *this;
}

event& event::name(std::string_view type) {
  text_.append("event: ").append(on_one_line(type, "the name")).append("\n");
  return *this;
}

event& event::id(std::string_view value) {
  text_.append("id: ").append(on_one_line(value, "the id")).append("\n");
  return *this;
}

event& event::retry(std::chrono::milliseconds time) {
  text_.append("retry: ").append(std::to_string(std::max(time.count(), std::chrono::milliseconds::rep{0}))).append("\n");
  return *this;
}

detail::write_operation event_stream::put(std::string text) {
  detail::body_sink* const to = detail::body_access::sink(to_);
  to->write(std::move(text));
  to->flush();
  return detail::write_operation(to);
}

detail::write_operation event_stream::comment(std::string_view text) {
  std::string lines;
  for_each_line(text, [&](std::string_view line) { lines.append(": ").append(line).append("\n"); });
  return put(std::move(lines) + "\n");
}

void event_stream::ends_by_itself() const {
  if (stays_ != nullptr) *stays_ = true;
}

response events(const request& req, std::function<task<>(event_stream&)> producer, std::chrono::milliseconds heartbeat) {
  response r = stream([producer = std::move(producer), last = std::string(req.header("Last-Event-ID")),
                       heartbeat](body_writer& to) { return produce_events(producer, to, last, heartbeat); },
                      "text/event-stream");
  r.header("Cache-Control", "no-store");
  r.header("X-Accel-Buffering", "no");  // nginx and its kind, as reverse proxies, pass each event on
  return r;
}

}  // namespace parley
