// The attacks on HTTP/3 and QUIC over the system's sockets, against a server that serves somebody else all the while: each has a bound and
// a name, and costs nobody else anything.
#include "http3/live_server.hpp"
#include "quic/hostile_client.hpp"

#include <gtest/gtest.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <optional>
#include <ostream>
#include <vector>

namespace http3_tests {
namespace {

using namespace std::chrono_literals;

#if defined(__SANITIZE_ADDRESS__)
constexpr bool memory_is_real = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool memory_is_real = false;  // what is freed stays for a while
#else
constexpr bool memory_is_real = true;
#endif
#else
constexpr bool memory_is_real = true;
#endif

/// Of this process, clients included, in bytes.
std::size_t resident() {
  std::ifstream in("/proc/self/statm");
  std::size_t all = 0;
  std::size_t here = 0;
  in >> all >> here;
  return here * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

struct h3_arena : live_server {
  explicit h3_arena(const parley::limits& caps = {}) : live_server(caps) {
    app.route("GET /wait", [](parley::request&) -> parley::task<parley::response> {
      auto pause = parley::sleep_for(std::chrono::hours(1));
      co_await pause;
      co_return parley::text("waited");
    });
    app.route("GET /large", [](const parley::request&) { return parley::text(std::string(4'000'000, 'a')); });
    app.drain_time(100ms);
  }
  void open() {
    live_server::open();
    credentials = trusting();
    neighbour = client();
    ASSERT_TRUE(serves(*neighbour));
  }
  std::unique_ptr<raw_client> client(const parley::limits& caps = {}) {
    auto made = std::make_unique<raw_client>(here.loop(), raw_setup{.credentials = credentials, .port = port, .caps = caps});
    made->go();
    EXPECT_TRUE(here.run_until([&] { return made->quic->handshake_done() || made->quic->closed(); }));
    made->streams.open(control_stream(), false, true);
    made->go();
    return made;
  }
  /// One whose first words are the test's.
  std::unique_ptr<raw_client> attacker() {
    auto made = std::make_unique<raw_client>(here.loop(), raw_setup{.credentials = credentials, .port = port});
    made->go();
    EXPECT_TRUE(here.run_until([&] { return made->quic->handshake_done(); }));
    return made;
  }
  /// Counting comes a moment after what a client sees, and what a client says may leave later: both go on meanwhile.
  bool counted(std::string_view name, std::uint64_t least) {
    return here.run_until([&] { return count(name) >= least; }, 20s) && count(name) != UINT64_MAX;
  }
  bool serves(raw_client& who) {
    const auto id = who.streams.open(request_frame("GET", "/"));
    who.go();
    return here.run_until([&] { return who.done(id); }) && has_content(who.on(id), "hello");
  }
  void unharmed() {
    EXPECT_TRUE(serves(*neighbour));
    const auto fresh = client();
    EXPECT_TRUE(serves(*fresh));
  }
  void let_pass(std::chrono::milliseconds time) {
    static_cast<void>(here.run_until([] { return false; }, time));
  }
  /// The server ends the attacker's connection with this code of HTTP/3, or of QUIC.
  void ends(raw_client& who, std::uint64_t code, bool application) {
    who.go();
    ASSERT_TRUE(here.run_until([&] { return who.quic->closed(); })) << "it goes on";
    EXPECT_EQ(who.quic->why().by, parley::quic::ending::cause::peer);
    EXPECT_EQ(who.quic->why().application, application) << who.quic->why().reason;
    EXPECT_EQ(who.quic->why().code, code) << who.quic->why().reason;
  }
  /// One packet of these frames, at most 1,100 bytes.
  void smuggle(raw_client& who, std::string frames) {
    who.streams.open(std::string(1'150, 'x'), false);
    if (frames.size() < 1'000) frames.resize(1'000, '\0');  // PADDING: so that no small packet of somebody else's takes them
    parley::quic::frames_to_smuggle() = std::move(frames);
    const unsigned before = parley::quic::packets_changed();
    who.go();
    static_cast<void>(here.run_until([&] { return parley::quic::packets_changed() != before || who.quic->closed(); }));
    parley::quic::frames_to_smuggle().clear();
  }
  [[nodiscard]] std::uint64_t violations() const {
    std::uint64_t n = 0;
    for (const auto& c : app.counters()) {
      if (c.name.starts_with("violation.")) n += c.value;
    }
    return n;
  }

  client_loop here;
  std::shared_ptr<const parley::tls::client_credentials> credentials;
  std::unique_ptr<raw_client> neighbour;
};

// --- amplification, handshakes -----------------------------------------------------------------------------------------------------

// Clients that say hello and nothing more, as from addresses that were forged.
TEST(attack_http3, handshakes_that_are_begun_and_left) {
  parley::limits caps;
  caps.quic_retry_above = 20;
  caps.quic_half_open = 40;
  caps.handshake_time = 2s;
  h3_arena on(caps);
  on.open();
  std::vector<std::unique_ptr<raw_client>> silent;
  for (int i = 0; i < 120; ++i) {
    auto& one = silent.emplace_back(std::make_unique<raw_client>(on.here.loop(), raw_setup{on.credentials, on.port}));
    one->deaf = true;
    one->go();
  }
  ASSERT_TRUE(on.counted("quic_retries", 90));
  on.unharmed();  // a new client too, once it has shown its address
  on.let_pass(500ms);
  for (const auto& one : silent) {
    EXPECT_GT(one->bytes_in, 0U);
    EXPECT_LE(one->bytes_in, 3 * one->bytes_out);
  }
  EXPECT_LE(on.count("connections_open"), 20U + 3);
  EXPECT_TRUE(on.counted("limit.handshake_time", 20));
  EXPECT_TRUE(on.counted("handshakes_failed", 20));
  on.unharmed();
}

// RFC 9000 §8.1, §9.3: a client in the midst of a large answer says that it is somewhere else now, where somebody else is.
TEST(attack_http3, migration_to_a_victim) {
  h3_arena on;
  on.open();
  const auto one = on.client();
  one->streams.gives_credit = false;
  const auto id = one->streams.open(request_frame("GET", "/large"));
  one->go();
  ASSERT_TRUE(on.here.run_until([&] { return one->on(id).in.size() > 60'000; }));
  one->change_port();  // which is the victim's: it answers nothing
  one->deaf = true;
  const std::uint64_t in = one->bytes_in;
  const std::uint64_t out = one->bytes_out;
  one->streams.act(parley::engine::transport_action::credit{id, 10'000'000});
  for (int i = 0; i < 3; ++i) {
    one->streams.open(request_frame("GET", "/large"));
    one->go();
  }
  on.let_pass(1500ms);
  EXPECT_GT(one->bytes_out, out);
  EXPECT_LE(one->bytes_in - in, 3 * (one->bytes_out - out));
  on.unharmed();
}

TEST(attack_http3, copies_of_early_data) {
  parley::limits caps;
  caps.handshake_time = 300ms;
  h3_arena on(caps);
  std::atomic<int> handled{0};
  on.app.route("GET /once", [&](const parley::request&) {
    ++handled;
    return parley::text("once");
  });
  on.open();
  on.unharmed();  // leaves tickets
  on.let_pass(200ms);
  auto ticket = parley::tls::take_ticket(*on.credentials, {"a.example", on.port, {"h3"}});
  ASSERT_TRUE(ticket.has_value());
  raw_client recorder(on.here.loop(), {.credentials = on.credentials, .port = on.port, .resume = std::move(ticket), .early = true});
  recorder.keeps = recorder.silent = recorder.deaf = true;
  recorder.streams.open(control_stream(), false, true);
  recorder.streams.open(request_frame("GET", "/once"));
  recorder.go();
  const auto inject = [&] {
    raw_client other(on.here.loop(), {.credentials = on.credentials, .port = on.port});
    other.deaf = true;
    for (const std::string& datagram : recorder.sent) other.send(datagram);
    on.let_pass(100ms);
  };
  inject();
  ASSERT_TRUE(on.counted("requests_early", 1));
  for (int i = 0; i < 3; ++i) {
    // Until the first one is forgotten its copies only reach the connection that they are copies of.
    EXPECT_TRUE(on.counted("limit.handshake_time", static_cast<std::uint64_t>(i) + 1));
    on.let_pass(300ms);
    inject();
  }
  EXPECT_TRUE(on.counted("early_data_refused", 1));
  EXPECT_EQ(handled, 1);
  EXPECT_EQ(on.count("requests_early"), 1U);
  on.unharmed();
}

// --- packets -----------------------------------------------------------------------------------------------------------------------

// CVE-2025-4820, -4821.
TEST(attack_http3, acknowledgement_of_what_was_never_sent) {
  h3_arena on;
  on.open();
  const auto one = on.client();
  on.smuggle(*one, '\x02' + number(1'000'000) + number(0) + number(0) + number(0));
  on.ends(*one, 0x0a, false);
  EXPECT_TRUE(on.counted("violation.quic-protocol-violation", 1));
  on.unharmed();
}

// CVE-2024-22189, CVE-2025-7054.
TEST(attack_http3, floods_of_connection_ids_challenges_and_pings) {
  h3_arena on;
  on.open();
  const std::size_t before = resident();
  const auto ids = on.client();
  std::uint64_t sequence = 10;
  for (int packet = 0; packet < 100 && !ids->quic->closed(); ++packet) {
    std::string frames;
    while (frames.size() < 1'050) {
      std::string id(8, static_cast<char>(sequence));
      id[0] = static_cast<char>(sequence >> 8);
      frames += "\x18" + number(sequence) + number(sequence) + '\x08' + id + std::string(16, static_cast<char>(sequence + 1));
      ++sequence;
    }
    on.smuggle(*ids, frames);
    on.let_pass(1ms);
  }
  on.ends(*ids, 0x09, false);
  EXPECT_TRUE(on.counted("violation.quic-connection-id-limit", 1));
  for (const bool pings : {false, true}) {
    const auto one = on.client();
    const std::uint64_t out = one->bytes_out;
    const std::uint64_t in = one->bytes_in;
    for (int packet = 0; packet < 100; ++packet) {
      std::string frames;
      for (int i = 0; i < 110; ++i)
        frames += pings ? std::string(9, '\x01') : '\x1a' + std::string("challen") + static_cast<char>(i);
      on.smuggle(*one, frames);
    }
    on.let_pass(200ms);
    EXPECT_LE(one->bytes_in - in, 2 * (one->bytes_out - out)) << (pings ? "pings" : "challenges");
  }
  if (memory_is_real) {
    EXPECT_LT(resident(), before + 24'000'000);
  }
  on.unharmed();
}

// All that a port on the internet gets: noise, what looks like QUIC, and what wants an answer that costs nothing to ask for.
TEST(attack_http3, garbage_flood) {
  parley::limits caps;
  caps.quic_stateless_replies = 200;
  h3_arena on(caps);
  on.open();
  raw_client source(on.here.loop(), {.credentials = on.credentials, .port = on.port});
  source.deaf = true;
  parley::base::seeded_random random(5);
  const auto flood = [&](int datagrams) {
    for (int i = 0; i < datagrams; ++i) {
      std::string garbage(21 + random.below(1'300), '\0');
      random.fill(std::as_writable_bytes(std::span(garbage)));
      if (i % 4 == 1) garbage[0] = '\x41';                                                // a short header: wants a stateless reset
      if (i % 4 == 2) garbage.replace(0, 6, std::string("\xc1\x0a\x0a\x0a\x0a\x08", 6));  // wants versions
      if (i % 4 == 3) garbage.replace(0, 6, std::string("\xc3\x00\x00\x00\x01\x08", 6));  // a first packet that does not decrypt
      source.send(garbage);
      if (i % 500 == 0) {
        EXPECT_TRUE(on.serves(*on.neighbour)) << i;
      }
    }
  };
  flood(5'000);  // what is made once is there
  const std::size_t before = resident();
  flood(40'000);
  EXPECT_TRUE(on.serves(*on.neighbour));
  if (memory_is_real) {
    EXPECT_LT(resident(), before + 8'000'000);
  }
  EXPECT_EQ(on.count("connections_open"), 1U);
  EXPECT_GT(on.count("datagrams_unknown"), 1'000U);
  EXPECT_GT(on.count("limit.quic_stateless_replies"), 100U);
  EXPECT_LE(source.bytes_in, source.bytes_out / 3);
  on.unharmed();
}

TEST(attack_http3, forged_stateless_resets) {
  h3_arena on;
  on.open();
  const auto one = on.client();
  parley::base::seeded_random random(6);
  // Its own packets' beginning, which is the connection's id, and noise where a token would be.
  one->keeps = true;
  ASSERT_TRUE(on.serves(*one));
  const std::string id = one->sent.back().substr(0, 1 + parley::quic::id_size);
  one->keeps = false;
  for (int i = 0; i < 2'000; ++i) {
    std::string forged(60, '\0');
    random.fill(std::as_writable_bytes(std::span(forged)));
    one->send(id + forged);
  }
  EXPECT_TRUE(on.serves(*one));
  on.unharmed();
}

// --- heads -------------------------------------------------------------------------------------------------------------------------

/// The attacker's encoder stream, with one large entry in the table.
std::string large_entry() {
  const std::string value(3'900, 'v');
  return std::string(1, '\x02') + prefixed(4096, 5, 0x20) + prefixed(1, 5, 0x40) + "x" + prefixed(value.size(), 7, 0) + value;
}
/// A section of these lines, and that entry so many times.
std::string expanding(std::string_view lines, std::size_t times) {
  return std::string("\x02\x00", 2).append(lines) + std::string(times, '\x80');
}

// CVE-2025-64702, CVE-2026-40898: a few bytes of theirs would be megabytes of ours.
TEST(attack_http3, qpack_expansion) {
  h3_arena on;
  on.open();
  const std::size_t before = resident();
  const auto one = on.client();
  one->streams.open(large_entry(), false, true);
  ASSERT_TRUE(on.serves(*one));
  const auto head = one->streams.open(frame(0x01, expanding(request_lines("GET", "/"), 60'000)));
  one->go();
  ASSERT_TRUE(on.here.run_until([&] { return one->done(head); }));
  EXPECT_TRUE(on.counted("responses_4xx", 1)) << "431";
  EXPECT_EQ(on.count("violation.head-too-large") + on.count("violation.too-many-fields"), 1U);
  const auto trailers = one->streams.open(request_frame("POST", "/") + frame(0x00, "content") + frame(0x01, expanding({}, 8'000)));
  one->go();
  ASSERT_TRUE(on.here.run_until([&] { return one->done(trailers); }));
  EXPECT_EQ(on.count("violation.trailers-too-large") + on.count("violation.too-many-trailers"), 1U);
  if (memory_is_real) {
    EXPECT_LT(resident(), before + 16'000'000);
  }
  EXPECT_TRUE(on.serves(*one)) << "the streams alone";
  on.unharmed();
}

TEST(attack_http3, heads_that_wait_for_the_table) {
  parley::limits caps;
  caps.blocked_time = 300ms;
  h3_arena on(caps);
  on.open();
  const auto slow = on.client();
  slow->streams.open(std::string(1, '\x02') + prefixed(4096, 5, 0x20), false, true);
  for (int i = 0; i < 16; ++i) slow->streams.open(frame(0x01, expanding(request_lines("GET", "/"), 1)));
  slow->go();
  EXPECT_TRUE(on.counted("violation.blocked-too-long", 16));
  EXPECT_GE(on.count("limit.blocked_time"), 16U);
  EXPECT_TRUE(on.serves(*slow));
  const auto many = on.client();
  many->streams.open(std::string(1, '\x02') + prefixed(4096, 5, 0x20), false, true);
  for (int i = 0; i < 17; ++i) many->streams.open(frame(0x01, expanding(request_lines("GET", "/"), 1)));
  on.ends(*many, 0x200, true);
  EXPECT_TRUE(on.counted("violation.qpack-blocked", 1));
  on.unharmed();
}

// --- rules of RFC 9114 -------------------------------------------------------------------------------------------------------------

struct broken_rule {
  const char* name;
  std::vector<std::string> one_way;  // streams, each as it begins
  std::string request;               // on a request stream; empty: none
  std::uint64_t code;
  bool ends = false;                        // the first of the one-way streams ends there
  std::optional<std::uint64_t> stops = {};  // a stream of the server's that it will read no longer
  friend std::ostream& operator<<(std::ostream& to, const broken_rule& r) { return to << r.name; }
};
class attack_http3_rules : public testing::TestWithParam<broken_rule> {};

TEST_P(attack_http3_rules, ends_the_connection_with_the_rfcs_error) {
  h3_arena on;
  on.open();
  const std::uint64_t before = on.violations();
  const auto one = on.attacker();
  const broken_rule& r = GetParam();
  bool first = r.ends;
  for (const std::string& stream : r.one_way) one->streams.open(stream, std::exchange(first, false), true);
  one->go();
  if (!r.request.empty()) one->streams.open(r.request, false);
  if (r.stops) {
    ASSERT_TRUE(on.here.run_until([&] { return one->streams.streams.contains(*r.stops); }));
    one->streams.act(parley::engine::transport_action::stop{*r.stops, 0x10c});
  }
  on.ends(*one, r.code, true);
  on.unharmed();
  EXPECT_GT(on.violations(), before);
}

std::string setting(std::uint64_t id, std::uint64_t value) { return number(id) + number(value); }

INSTANTIATE_TEST_SUITE_P(
    Rows, attack_http3_rules,
    testing::Values(
        broken_rule{"two_control_streams", {control_stream(), control_stream()}, {}, 0x103},
        broken_rule{"a_push_stream_of_a_client", {control_stream(), std::string("\x01\x00", 2)}, {}, 0x103},
        broken_rule{"two_encoder_streams", {control_stream(), "\x02", "\x02"}, {}, 0x103},
        broken_rule{"a_control_stream_that_ends", {control_stream()}, {}, 0x104, true},
        broken_rule{"data_before_the_head", {control_stream()}, frame(0x00, "x"), 0x105},
        broken_rule{"settings_on_a_request", {control_stream()}, frame(0x04, {}), 0x105},
        broken_rule{"cancel_push_on_a_request", {control_stream()}, frame(0x03, number(0)), 0x105},
        broken_rule{"goaway_on_a_request", {control_stream()}, frame(0x07, number(0)), 0x105},
        broken_rule{"priority_update_on_a_request", {control_stream()}, frame(0xf0700, number(0) + "u=1"), 0x105},
        broken_rule{"a_ping_of_http2", {control_stream()}, frame(0x06, "12345678"), 0x105},
        broken_rule{"a_promise_of_a_client", {control_stream()}, frame(0x05, number(0)), 0x105},
        broken_rule{"a_head_on_the_control_stream", {control_stream({}, request_frame("GET", "/"))}, {}, 0x105},
        broken_rule{"settings_twice", {control_stream({}, frame(0x04, {}))}, {}, 0x105},
        broken_rule{"a_frame_cut_in_its_midst", {control_stream({}, frame(0x0d, std::string(2, '\0')))}, {}, 0x106},
        broken_rule{"max_push_id_with_more_behind_it", {control_stream({}, frame(0x0d, number(1) + "x"))}, {}, 0x106},
        broken_rule{"goaway_with_more_behind_it", {control_stream({}, frame(0x07, number(0) + "x"))}, {}, 0x106},
        broken_rule{"cancel_push_with_more_behind_it", {control_stream({}, frame(0x03, number(0) + "x"))}, {}, 0x106},
        broken_rule{"nobody_reads_our_control_stream", {control_stream()}, {}, 0x104, false, 3},
        broken_rule{"nobody_reads_our_encoder_stream", {control_stream()}, {}, 0x104, false, 7},
        broken_rule{
            "priority_of_a_request_that_may_not_come", {control_stream({}, frame(0xf0700, number(4'000'000) + "u=1"))}, {}, 0x108},
        broken_rule{"a_control_frame_without_end", {control_stream({}, number(0x07) + number(1'000'000))}, {}, 0x107},
        broken_rule{"cancel_of_no_push", {control_stream({}, frame(0x03, number(3)))}, {}, 0x108},
        broken_rule{"max_push_id_that_falls", {control_stream({}, frame(0x0d, number(9)) + frame(0x0d, number(3)))}, {}, 0x108},
        broken_rule{"goaway_that_rises", {control_stream({}, frame(0x07, number(1)) + frame(0x07, number(2)))}, {}, 0x108},
        broken_rule{"a_setting_of_http2", {control_stream(setting(0x04, 65'535))}, {}, 0x109},
        broken_rule{"another_setting_of_http2", {control_stream(setting(0x02, 1))}, {}, 0x109},
        broken_rule{"a_setting_twice", {control_stream(setting(0x06, 1) + setting(0x06, 1))}, {}, 0x109},
        broken_rule{"no_settings_first", {std::string(1, '\0') + frame(0x07, number(0))}, {}, 0x10a},
        broken_rule{"a_section_that_is_none", {control_stream()}, frame(0x01, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), 0x200},
        broken_rule{"an_instruction_that_is_none", {control_stream(), "\x02\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"}, {}, 0x201},
        broken_rule{"an_acknowledgement_of_nothing", {control_stream(), "\x03\x84"}, {}, 0x202}),
    [](const auto& of) { return std::string(of.param.name); });

// --- floods of HTTP/3 ----------------------------------------------------------------------------------------------------------------

TEST(attack_http3, frames_that_bring_nothing_forward) {
  parley::limits caps;
  caps.glitches = 100;
  h3_arena on(caps);
  on.open();
  std::string frames;
  for (int i = 0; i < 300; ++i) frames += frame(0x21, {});
  for (const bool control : {true, false}) {
    const auto one = on.attacker();
    one->streams.open(control_stream({}, control ? frames : std::string()), false, true);
    if (!control) one->streams.open(request_frame("POST", "/") + frames, false);
    on.ends(*one, 0x107, true);
  }
  EXPECT_TRUE(on.counted("violation.too-many-glitches", 2));
  EXPECT_GE(on.count("limit.glitches"), 2U);
  on.unharmed();
}

TEST(attack_http3, rapid_reset) {
  parley::limits caps;
  caps.resets = 50;
  caps.streams = 20;
  h3_arena on(caps);
  on.open();
  const auto one = on.client();
  for (int i = 0; i < 400 && !one->quic->closed(); ++i) {
    const auto id = one->streams.open(request_frame("GET", "/wait"), false);
    one->streams.act(parley::engine::transport_action::stop{id, 0x10c});
    one->streams.act(parley::engine::transport_action::reset{id, 0x10c});
    one->go();
    on.let_pass(2ms);
  }
  on.ends(*one, 0x107, true);
  EXPECT_TRUE(on.counted("violation.too-many-resets", 1));
  EXPECT_GE(on.count("limit.resets"), 1U);
  on.unharmed();
}

TEST(attack_http3, cancelled_pushes) {
  parley::limits caps;
  caps.resets = 50;
  h3_arena on(caps);
  on.app.route("GET /page", [](const parley::request& req) {
    req.hint("/wait", parley::as::fetch);
    return parley::text("page");
  });
  on.open();
  const auto one = on.attacker();
  const auto control = one->streams.open(control_stream({}, frame(0x0d, number(9))), false, true);
  one->go();
  on.let_pass(20ms);
  const auto page = one->streams.open(request_frame("GET", "/page"));
  one->go();
  ASSERT_TRUE(on.here.run_until([&] { return one->done(page); }));
  EXPECT_EQ(on.count("pushes"), 1U);
  std::string cancels;
  for (int i = 0; i < 200; ++i) cancels += frame(0x03, number(0));
  one->streams.add(control, cancels, false);
  on.ends(*one, 0x107, true);
  on.unharmed();
}

}  // namespace
}  // namespace http3_tests
