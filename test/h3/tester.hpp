// Speaks to an HTTP/3 engine in frames on streams, on a clock of its own and without a transport, and reads back what it sends, asks for and
// tells, as lines of text.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fieldcode/qpack_decoder.hpp"
#include "h3/connection.hpp"

namespace parley::h3::test {

using namespace std::chrono_literals;

inline constexpr engine::time_point epoch{std::chrono::hours(1)};

/// The sizes at which received bytes are fed; 0 is all at once.
inline constexpr std::array<std::size_t, 11> fragment_sizes{1, 2, 3, 4, 5, 6, 7, 8, 16, 31, 0};

using lines = std::initializer_list<std::pair<std::string_view, std::string_view>>;
using setting_values = std::initializer_list<std::pair<std::uint64_t, std::uint64_t>>;

// --- bytes ---------------------------------------------------------------------------------------------------------------------

[[nodiscard]] std::string varint(std::uint64_t v);
[[nodiscard]] std::string frame(std::uint64_t type, std::string_view payload = {});
[[nodiscard]] std::string frame(frame_type type, std::string_view payload = {});
/// A field section of literals: it needs no table.
[[nodiscard]] std::string section(lines fields);
[[nodiscard]] std::string headers(lines fields);
[[nodiscard]] std::string data_frame(std::string_view content);
[[nodiscard]] std::string settings_frame(setting_values values = {});
[[nodiscard]] std::string goaway(std::uint64_t id);
[[nodiscard]] std::string max_push_id(std::uint64_t id);
[[nodiscard]] std::string cancel_push(std::uint64_t id);
[[nodiscard]] std::string push_promise(std::uint64_t id, lines fields);
[[nodiscard]] std::string priority_update(std::uint64_t id, std::string_view value, bool push = false);
/// The head of `GET /` of host `a`.
[[nodiscard]] std::string get(std::string_view path = "/");
[[nodiscard]] std::string post(lines more = {});

[[nodiscard]] semantics::request_head request(parley::method method, std::string_view target,
                                              std::initializer_list<parley::fields::line> fields = {},
                                              std::string_view authority = "a");
[[nodiscard]] semantics::response_head response(int status, std::initializer_list<parley::fields::line> fields = {});

/// One event as a line, such as `request 1 GET / a | name: value | end`. Pushed exchanges are `p0`, `p1`...
[[nodiscard]] std::string describe(const engine::event& e);
[[nodiscard]] std::string describe_id(engine::stream_id id);

/// The peer's streams as an engine sees them: those of a client when it is a server, and the other way round.
class tester {
 public:
  explicit tester(engine::role role, const limits& caps = default_limits(), options how = {});
  static const limits& default_limits();

  /// The transport begins, the peer's control stream comes with its SETTINGS, and what we say first is dropped.
  tester& start(setting_values peers = {});
  /// The first unidirectional stream of the peer's, its control stream.
  [[nodiscard]] std::uint64_t control() const { return role_ == engine::role::server ? 2 : 3; }
  [[nodiscard]] std::uint64_t unidirectional(std::uint64_t n) const { return control() + 4 * n; }

  /// Gives `bytes` of a stream in pieces of `fragment` bytes (0: at once), and its end with the last of them.
  tester& feed(std::uint64_t stream, std::string_view bytes, bool fin = false, std::size_t fragment = 0);
  tester& reset(std::uint64_t stream, error_code code = error_code::request_cancelled);
  tester& stop(std::uint64_t stream, error_code code = error_code::request_cancelled);
  tester& datagram(std::string_view bytes);
  /// Lets the time pass; deadlines are kept.
  void pass(std::chrono::nanoseconds time);

  /// What the engine has told since the last call, one event a line; neighbouring pieces of content are joined.
  std::string events();
  /// What the engine has sent and asked for since the last call, one frame or action a line, such as `0 HEADERS | :status: 200`, `0 end`,
  /// `0 reset H3_MESSAGE_ERROR`, `close H3_ID_ERROR goaway-rises`. What it gave back as credit is counted instead.
  std::string sent();
  /// As `events`; all output is taken, and dropped.
  std::string only_events();

  bool return_credit = true;
  /// Whether what is sent is acknowledged at once, and streams whose two directions have ended are closed.
  bool acknowledges = true;
  engine::time_point now = epoch;
  std::function<void(const engine::event&)> on_event;
  /// For each stream, the credit that came back; behind 0 lies that of all.
  std::map<std::uint64_t, std::uint64_t> credit;
  std::uint64_t given = 0;         // bytes fed, all streams
  std::uint64_t instructions = 0;  // bytes that came on the engine's decoder stream
  limits caps;
  connection engine;

 private:
  struct stream_view {
    std::string unread;  // output that is no whole frame yet
    bool begun = false;  // unidirectional: its type was read
    std::uint64_t type = 0;
    bool in_ended = false;
    bool out_ended = false;
    bool closed = false;
  };
  void drain();
  void pull();
  void act(const engine::any_transport_action& a);
  void read_output(std::uint64_t id, stream_view& s);
  std::string frame_line(std::uint64_t id, std::uint64_t type, std::string_view payload);
  void settle();
  void note(const engine::event& e);

  std::string log_;
  std::string sent_;
  std::map<std::uint64_t, stream_view> streams_;
  engine::role role_;
  engine::stream_id data_id_ = 0;  // of the log's last line, when that is content
  fieldcode::qpack_decoder decoder_;
};

/// Answers every whole request with 200 and `body`, and every refused one with its status.
void answer_all(tester& t, std::string_view body = {});

}  // namespace parley::h3::test
