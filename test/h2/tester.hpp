// Speaks to an HTTP/2 engine in frames, on a clock of its own, and reads back what it sends and tells, as lines of text.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fieldcode/hpack_decoder.hpp"
#include "h2/connection.hpp"

namespace parley::h2::test {

using namespace std::chrono_literals;

inline constexpr engine::time_point epoch{std::chrono::hours(1)};

/// The sizes at which received bytes are fed; 0 is all at once.
inline constexpr std::array<std::size_t, 11> fragment_sizes{1, 2, 3, 4, 5, 6, 7, 8, 16, 31, 0};

using lines = std::initializer_list<std::pair<std::string_view, std::string_view>>;

// --- frames, as bytes ----------------------------------------------------------------------------------------------------------

[[nodiscard]] std::string frame(frame_type type, std::uint8_t flags, std::uint32_t stream, std::string_view payload = {});
[[nodiscard]] std::string u16(std::uint16_t v);
[[nodiscard]] std::string u32(std::uint32_t v);
/// A field block of literals that are not indexed: it changes no table.
[[nodiscard]] std::string block(lines fields);
/// HEADERS with END_HEADERS.
[[nodiscard]] std::string headers(std::uint32_t stream, lines fields, std::uint8_t flags = 0);
[[nodiscard]] std::string data(std::uint32_t stream, std::string_view content, std::uint8_t flags = 0);
[[nodiscard]] std::string settings_frame(std::initializer_list<std::pair<setting, std::uint32_t>> values = {});
[[nodiscard]] std::string settings_ack();
[[nodiscard]] std::string window_update(std::uint32_t stream, std::uint32_t by);
[[nodiscard]] std::string rst_stream(std::uint32_t stream, error_code code);
[[nodiscard]] std::string ping(std::string_view eight, std::uint8_t flags = 0);
[[nodiscard]] std::string goaway(std::uint32_t last, error_code code);
[[nodiscard]] std::string push_promise(std::uint32_t parent, std::uint32_t promised, lines fields);
[[nodiscard]] std::string priority_update(std::uint32_t stream, std::string_view value);
/// `GET /` of host `a`, which ends its stream unless told otherwise.
[[nodiscard]] std::string get(std::uint32_t stream, std::uint8_t flags = flag::end_stream, std::string_view path = "/");
[[nodiscard]] std::string post(std::uint32_t stream, lines more = {});

[[nodiscard]] semantics::request_head request(parley::method method, std::string_view target,
                                              std::initializer_list<parley::fields::line> fields = {},
                                              std::string_view authority = "a");
[[nodiscard]] semantics::response_head response(int status, std::initializer_list<parley::fields::line> fields = {});

/// One event as a line, such as `request 1 GET / a | name: value | end`.
[[nodiscard]] std::string describe(const engine::event& e);

/// An engine with a connection's habits: it keeps what the engine did not take, returns credit, and tells what it saw.
class tester {
 public:
  explicit tester(engine::role role, const limits& caps = default_limits(), options how = {});
  static const limits& default_limits();

  /// The peer's first words, and ours are dropped: what comes next is the test's.
  tester& start(std::initializer_list<std::pair<setting, std::uint32_t>> peers = {});

  /// Gives `bytes` in pieces of `fragment` bytes (0: at once).
  tester& feed(std::string_view bytes, std::size_t fragment = 0);
  void eof();
  /// Lets the time pass; deadlines are kept.
  void pass(std::chrono::nanoseconds time);

  /// What the engine has told since the last call, one event a line; neighbouring pieces of content are joined.
  std::string events();
  /// What the engine has sent since the last call, one frame a line, such as `HEADERS 1 END_STREAM | :status: 200`.
  std::string frames();
  /// As `events`; all output is taken, and dropped.
  std::string only_events();
  /// The bytes behind `frames`.
  std::string take_bytes();

  bool return_credit = true;
  engine::time_point now = epoch;
  std::function<void(const engine::event&)> on_event;
  limits caps;
  connection engine;

 private:
  void pump();
  bool drain();
  void note(const engine::event& e);
  std::string frame_line(const frame_header& h, std::string_view payload);

  std::string log_;
  std::string pending_;
  std::string unread_;  // output that is no whole frame yet
  engine::role role_;
  bool preface_seen_ = false;
  engine::stream_id data_id_ = 0;  // of the log's last line, when that is content
  fieldcode::hpack_decoder decoder_;
};

/// Answers every whole request with 200 and `body`, and every refused one with its status.
void answer_all(tester& t, std::string_view body = {});

}  // namespace parley::h2::test
