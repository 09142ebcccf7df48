// The attacks on HTTP/2, frame by frame over a socket: each has a bound and a name, and costs nobody else anything.
#include "attack/frames.hpp"

#include <functional>
#include <optional>

namespace parley::attack {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

/// A server, somebody else's connection that is open all the while, and what both must still do when an attack is over.
struct h2_arena : arena {
  explicit h2_arena(const limits& caps = {}) : arena(caps) {
    app.route("GET /wait", [this](request&) -> task<response> {
      const int now = ++running;
      for (int before = most; now > before && !most.compare_exchange_weak(before, now);) {
      }
      try {
        auto pause = sleep_for(1h);
        co_await pause;
      } catch (const cancelled&) {
        --running;
        throw;
      }
      co_return text("waited");
    });
    app.route("GET /large", [](const request&) { return response(200).content(std::string(4'000'000, 'a'), "text/plain"); });
    app.route("POST /upload", [](request& req) -> task<response> {
      auto reading = req.text(100'000'000);
      const std::string content = co_await reading;
      co_return text(std::to_string(content.size()));
    });
  }
  ~h2_arena() { app.stop(); }  // before what its handlers count
  void open() {
    arena::open();
    neighbour.emplace(port);
    ASSERT_TRUE(neighbour->serves());
  }
  /// Attacks with `act` until the server ends the connection: with this code, for this reason.
  void ends(std::string_view violation, std::uint32_t code, const std::function<void(h2_attacker&)>& act,
            std::string_view settings = {}) {
    SCOPED_TRACE(violation);
    const std::string name = "violation." + std::string(violation);
    const std::uint64_t before = count(name);
    h2_attacker attacker(port, settings);
    act(attacker);
    EXPECT_EQ(attacker.goaway(), code);
    EXPECT_TRUE(counted(name, before + 1));
    unharmed();
  }
  /// The server resets the stream, with this code, and the connection goes on.
  void resets(std::string_view violation, std::uint32_t code, const std::function<void(h2_attacker&)>& act,
              std::string_view settings = {}) {
    SCOPED_TRACE(violation);
    const std::string name = "violation." + std::string(violation);
    const std::uint64_t before = count(name);
    h2_attacker attacker(port, settings);
    act(attacker);
    const auto f = attacker.until(reset_frame);
    ASSERT_TRUE(f);
    EXPECT_EQ(f->code(), code);
    EXPECT_TRUE(counted(name, before + 1));
    attacker.send(settings_frame, 0, 0, number(4, 2) + number(65'535, 4));
    EXPECT_TRUE(attacker.serves());
    unharmed();
  }
  void unharmed() {
    EXPECT_TRUE(neighbour->serves());
    EXPECT_TRUE(serves_others());
  }

  std::atomic<int> running{0};
  std::atomic<int> most{0};
  std::optional<h2_attacker> neighbour;
};

std::string setting(std::uint16_t which, std::uint32_t value) { return number(which, 2) + number(value, 4); }

// --- resets ------------------------------------------------------------------------------------------------------------------------

TEST(attack_http2, rapid_reset) {
  limits caps;
  caps.resets = 50;
  caps.streams = 20;
  h2_arena on(caps);
  on.open();
  on.ends("too-many-resets", enhance_your_calm_code, [](h2_attacker& a) {
    for (int i = 0; i < 1000; ++i) {
      const auto id = a.ask("/wait");
      a.send(reset_frame, 0, id, number(cancel_code, 4));
    }
  });
  EXPECT_LE(on.most, 20);
  EXPECT_GE(on.count("limit.resets"), 1U);
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(patience_ms);
  while (on.running != 0 && std::chrono::steady_clock::now() < until) ::poll(nullptr, 0, 1);
  EXPECT_EQ(on.running, 0) << "what it began was cancelled";
}

// CVE-2025-8671: the client breaks rules of streams, so that the server resets them.
TEST(attack_http2, made_you_reset) {
  limits caps;
  caps.resets = 50;
  caps.streams = 20;
  h2_arena on(caps);
  on.open();
  on.ends("too-many-resets", enhance_your_calm_code, [](h2_attacker& a) {
    for (int i = 0; i < 1000; ++i) a.send(window_frame, 0, a.ask("/wait"), number(0, 4));
  });
  on.ends("too-many-resets", enhance_your_calm_code, [](h2_attacker& a) {
    for (int i = 0; i < 1000; ++i) a.send(data_frame, 0, a.ask("/wait"), "late");
  });
  on.ends("too-many-resets", enhance_your_calm_code, [](h2_attacker& a) {
    for (int i = 0; i < 1000; ++i) a.send(priority_frame, 0, a.ask("/wait"), "four");
  });
  EXPECT_LE(on.most, 20);
}

TEST(attack_http2, more_streams_than_were_allowed) {
  limits caps;
  caps.streams = 5;
  h2_arena on(caps);
  on.open();
  h2_attacker attacker(on.port);
  for (int i = 0; i < 5; ++i) attacker.ask("/wait");
  const auto sixth = attacker.ask("/");
  const auto f = attacker.until(reset_frame);
  ASSERT_TRUE(f);
  EXPECT_EQ(f->stream, sixth);
  EXPECT_EQ(f->code(), refused_stream_code);
  EXPECT_TRUE(on.counted("violation.too-many-streams", 1));
  EXPECT_EQ(on.count("limit.streams"), 1U);
  on.unharmed();
}

// --- heads -------------------------------------------------------------------------------------------------------------------------

TEST(attack_http2, continuation_flood) {
  h2_arena on;
  on.open();
  on.ends("too-many-continuations", enhance_your_calm_code, [](h2_attacker& a) {
    a.send(headers_frame, end_stream, 1, request_block());
    for (int i = 0; i < 10'000; ++i) a.send(continuation_frame, 0, 1, "");
  });
  on.ends("field-block-too-large", enhance_your_calm_code, [](h2_attacker& a) {
    a.send(headers_frame, end_stream, 1, request_block());
    for (int i = 0; i < 8; ++i) a.send(continuation_frame, 0, 1, line("x", std::string(16'000, 'a')));
  });
  on.ends("field-block-interrupted", protocol_error_code, [](h2_attacker& a) {
    a.send(headers_frame, end_stream, 1, request_block());
    a.send(ping_frame, 0, 0, "12345678");
  });
}

TEST(attack_http2, a_head_that_does_not_end) {
  limits caps;
  caps.head_time = 300ms;
  h2_arena on(caps);
  on.open();
  on.ends("head-timeout", enhance_your_calm_code, [](h2_attacker& a) {
    ASSERT_TRUE(a.serves());  // with its SETTINGS acknowledged: nothing may come between
    a.send(headers_frame, end_stream, a.next_stream(), request_block());
  });
  EXPECT_GE(on.count("limit.head_time"), 1U);
}

/// The status of the answer on the stream; 0: none.
int answered_status(h2_attacker& a, std::uint32_t id) {
  while (const auto f = a.next()) {
    if (f->stream != id) continue;
    if (f->type != headers_frame || f->payload.empty()) return 0;
    // 431 is not in the static table: a literal with the name's index, as a string of three digits, perhaps in Huffman code.
    return f->payload.find("431") != std::string::npos || f->payload.size() > 3 ? 431 : 0;
  }
  return 0;
}

// One line in the table, named a thousand times: a few bytes of ours would be megabytes of theirs.
TEST(attack_http2, hpack_bomb) {
  h2_arena on;
  on.open();
  const std::uint64_t before = on.count("responses_4xx");
  h2_attacker attacker(on.port);
  const auto id = attacker.next_stream();
  std::string block = request_block() + indexed_line("x", std::string(3'900, 'a'));
  block += std::string(10'000, '\xbe');  // the first of the dynamic table (62)
  attacker.send(headers_frame, end_headers | end_stream, id, block);
  EXPECT_EQ(answered_status(attacker, id), 431);
  EXPECT_TRUE(on.counted("responses_4xx", before + 1));
  EXPECT_EQ(on.count("violation.head-too-large") + on.count("violation.too-many-fields"), 1U);
  EXPECT_TRUE(attacker.serves());
  on.unharmed();
}

TEST(attack_http2, many_tiny_fields_and_cookie_crumbs) {
  h2_arena on;
  on.open();
  for (const std::string_view name : {"x", "cookie"}) {
    const std::uint64_t before = on.count("violation.too-many-fields");
    h2_attacker attacker(on.port);
    const auto id = attacker.next_stream();
    std::string block = request_block();
    for (int i = 0; i < 1'500; ++i) block += line(name, "a");
    attacker.send(headers_frame, end_headers | end_stream, id, block);
    EXPECT_EQ(answered_status(attacker, id), 431) << name;
    EXPECT_TRUE(on.counted("violation.too-many-fields", before + 1)) << name;
    EXPECT_TRUE(attacker.serves());
  }
  on.unharmed();
}

TEST(attack_http2, a_block_that_is_no_hpack) {
  h2_arena on;
  on.open();
  for (const std::string& block :
       {std::string("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), std::string("\x80"), std::string("\xfe"),
        std::string("\x3f\xff\xff\xff\x7f"), std::string("\x40\x7f\xff\xff\xff\x0f")}) {
    on.ends("bad-field-block", compression_error_code,
            [&](h2_attacker& a) { a.send(headers_frame, end_headers | end_stream, 1, block); });
  }
}

// --- floods ------------------------------------------------------------------------------------------------------------------------

TEST(attack_http2, floods_of_frames_that_bring_nothing_forward) {
  limits caps;
  caps.glitches = 100;
  h2_arena on(caps);
  on.open();
  struct row {
    const char* name;
    std::function<std::string(h2_attacker&)> flood;
  };
  for (const row& r : std::vector<row>{
           {"ping", [](h2_attacker&) { return frame(ping_frame, 0, 0, "12345678"); }},
           {"settings", [](h2_attacker&) { return frame(settings_frame, 0, 0, setting(3, 100)); }},
           {"priority", [](h2_attacker&) { return frame(priority_frame, 0, 1, "\0\0\0\x03\x10"s); }},
           {"priority update", [](h2_attacker&) { return frame(priority_update_frame, 0, 0, number(1, 4) + "u=1"); }},
           {"unknown", [](h2_attacker&) { return frame(0x77, 0, 0, "what"); }},
           {"window updates", [](h2_attacker&) { return frame(window_frame, 0, 0, number(1, 4)); }},
           {"empty data", [](h2_attacker&) { return frame(data_frame, 0, 1, ""); }},
       }) {
    SCOPED_TRACE(r.name);
    on.ends("too-many-glitches", enhance_your_calm_code, [&](h2_attacker& a) {
      a.send(headers_frame, end_headers, a.next_stream(), request_block("POST", "/upload"));
      const std::string one = r.flood(a);
      std::string many;
      for (int i = 0; i < 5'000; ++i) many += one;
      a.send(many);
    });
  }
  EXPECT_GE(on.count("limit.glitches"), 7U);
}

// CVE-2019-9512 and -9515: who makes us answer and does not read must not fill our memory.
TEST(attack_http2, answers_that_nobody_reads) {
  limits caps;
  caps.glitches = 1'000'000'000;
  h2_arena on(caps);
  on.open();
  h2_attacker attacker(on.port, {}, nullptr, 4096);
  std::string many;
  for (int i = 0; i < 4'000; ++i) many += frame(ping_frame, 0, 0, "12345678");
  for (int i = 0; i < 1'000 && on.count("violation.too-much-control") == 0; ++i) attacker.send(many);
  EXPECT_TRUE(on.counted("violation.too-much-control", 1));
  on.unharmed();
}

// --- slowness ------------------------------------------------------------------------------------------------------------------------

TEST(attack_http2, a_zero_window) {
  limits caps;
  caps.stall_time = 500ms;
  h2_arena on(caps);
  on.open();
  on.resets("window-timeout", cancel_code, [](h2_attacker& a) { a.ask("/large"); }, setting(4, 0));
}

TEST(attack_http2, a_window_of_crumbs) {
  limits caps;
  caps.stall_time = 500ms;
  caps.send_rate = 100'000;
  h2_arena on(caps);
  on.open();
  h2_attacker attacker(on.port, setting(4, 0));
  const auto id = attacker.ask("/large");
  // A byte every few milliseconds is progress, and too little.
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(patience_ms);
  const auto over = [&] { return on.count("violation.window-timeout") + on.count("violation.send-too-slow") > 0; };
  while (!over() && std::chrono::steady_clock::now() < until) {
    attacker.send(window_frame, 0, id, number(1, 4));
    ::poll(nullptr, 0, 5);
  }
  EXPECT_TRUE(over());
  on.unharmed();
}

// CVE-2019-9517: the window of HTTP/2 is open, and that of TCP is not.
TEST(attack_http2, a_response_that_nobody_takes) {
  limits caps;
  caps.stall_time = 500ms;
  caps.send_rate = 0;
  h2_arena on(caps);
  on.open();
  h2_attacker attacker(on.port, setting(4, 0x7fffffff), nullptr, 4096);
  attacker.send(window_frame, 0, 0, number(0x7fff0000, 4));
  for (int i = 0; i < 10; ++i) attacker.ask("/large");
  EXPECT_TRUE(on.counted("violation.send-timeout", 1));
  on.unharmed();
}

TEST(attack_http2, data_dribble) {
  limits caps;
  caps.stall_time = 500ms;
  caps.receive_rate = 10'000;
  h2_arena on(caps);
  on.open();
  h2_attacker attacker(on.port);
  const auto id = attacker.next_stream();
  attacker.send(headers_frame, end_headers, id, request_block("POST", "/upload"));
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(patience_ms);
  const auto over = [&] { return on.count("violation.content-too-slow") + on.count("violation.content-timeout") > 0; };
  while (!over() && std::chrono::steady_clock::now() < until) {
    attacker.send(data_frame, 0, id, "x");
    ::poll(nullptr, 0, 5);
  }
  EXPECT_TRUE(over());
  EXPECT_TRUE(attacker.serves()) << "it costs its stream alone";
  on.unharmed();
}

TEST(attack_http2, settings_that_are_not_acknowledged) {
  limits caps;
  caps.settings_time = 300ms;
  h2_arena on(caps);
  on.open();
  const std::uint64_t before = on.count("violation.settings-not-acknowledged");
  raw attacker(on.port);
  attacker.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(settings_frame, 0, 0, {}));
  EXPECT_FALSE(attacker.until_close().empty());
  EXPECT_TRUE(on.counted("violation.settings-not-acknowledged", before + 1));
  EXPECT_EQ(on.count("limit.settings_time"), 1U);
}

// --- conformance that proxies lacked ---------------------------------------------------------------------------------------------------

TEST(attack_http2, frames_on_streams_that_are_closed_or_idle) {
  h2_arena on;
  on.open();
  on.ends("stream-id-not-higher", protocol_error_code, [](h2_attacker& a) {
    a.send(headers_frame, end_headers | end_stream, 5, request_block());
    a.send(headers_frame, end_headers | end_stream, 3, request_block());
  });
  on.ends("wrong-stream", protocol_error_code,
          [](h2_attacker& a) { a.send(headers_frame, end_headers | end_stream, 2, request_block()); });
  on.ends("idle-stream", protocol_error_code, [](h2_attacker& a) { a.send(data_frame, 0, 7, "x"); });
  on.ends("frame-too-large", frame_size_error_code,
          [](h2_attacker& a) { a.send(headers_frame, end_headers | end_stream, 1, std::string(20'000, 'a')); });
  on.ends("push-from-client", protocol_error_code,
          [](h2_attacker& a) { a.send(push_frame, end_headers, 1, number(2, 4) + request_block()); });
  on.ends("connection-window-overflow", flow_control_error_code,
          [](h2_attacker& a) { a.send(window_frame, 0, 0, number(0x7fffffff, 4)); });
  on.resets("after-end-of-stream", stream_closed_code, [](h2_attacker& a) { a.send(data_frame, 0, a.ask("/wait"), "late"); });
}

// What a proxy would pass on as one request and its server take for two.
TEST(attack_http2, downgrades) {
  h2_arena on;
  on.open();
  struct row {
    std::string_view violation;
    std::string block;
    std::string_view data;
  };
  const auto post = [](lines more) { return request_block("POST", "/", more); };
  for (const row& r : std::vector<row>{
           {"content-length-mismatch", post({{"content-length", "0"}}), "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"},
           {"content-length-mismatch", post({{"content-length", "100"}}), "x"},
           {"duplicate-content-length", post({{"content-length", "1"}, {"content-length", "2"}}), "x"},
           {"bad-content-length", post({{"content-length", "+1"}}), "x"},
           {"connection-specific-field", post({{"transfer-encoding", "chunked"}}), "0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n"},
           {"connection-specific-field", post({{"connection", "keep-alive"}}), "x"},
           {"connection-specific-field", post({{"upgrade", "h2c"}}), "x"},
           {"bad-te", post({{"te", "gzip"}}), "x"},
           {"uppercase-field-name", post({{"X-A", "b"}}), "x"},
           {"bad-field-name", post({{"a:b", "c"}}), "x"},
           {"bad-field-name", post({{"a b", "c"}}), "x"},
           {"bad-field-value", post({{"a", "b\r\nGET /smuggled HTTP/1.1\r\n\r\n"}}), "x"},
           {"bad-field-value", post({{"a", std::string_view("b\0c", 3)}}), "x"},
       }) {
    on.resets(r.violation, protocol_error_code, [&](h2_attacker& a) {
      const auto id = a.next_stream();
      a.send(headers_frame, end_headers, id, r.block);
      a.send(data_frame, end_stream, id, r.data);
    });
  }
  for (const std::string_view path : {"", "smuggled", "/ HTTP/1.1\r\nHost: x\r\n\r\nGET /smuggled"}) {
    h2_attacker attacker(on.port);
    attacker.ask(path);
    const auto f = attacker.until(reset_frame);
    ASSERT_TRUE(f) << path;
    EXPECT_EQ(f->code(), protocol_error_code) << path;
    EXPECT_TRUE(attacker.serves());
  }
  EXPECT_EQ(on.smuggled, 0);
  on.unharmed();
}

}  // namespace
}  // namespace parley::attack
