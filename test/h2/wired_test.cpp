// Two engines wired to each other: what the one says the other understands.
#include <gtest/gtest.h>

#include <array>
#include <map>

#include "h2/tester.hpp"

namespace parley::h2::test {
namespace {

using engine::chunk;
using engine::content_length;
using engine::role;

/// A client and a server, and the bytes between them in pieces of `step`.
class wire {
 public:
  explicit wire(std::size_t step, const limits& caps = tester::default_limits(), options how = {})
      : client(role::client, caps, how, epoch), server(role::server, caps, how, epoch), step_(step) {}

  /// Until nothing moves any more.
  void run() {
    for (bool moved = true; moved;) {
      moved = move(client, server, to_server_, true);
      moved = move(server, client, to_client_, false) || moved;
    }
  }

  connection client;
  connection server;
  std::function<void(engine::event&)> on_client;
  std::function<void(engine::event&)> on_server;
  engine::time_point now = epoch;

 private:
  bool move(connection& from, connection& to, std::string& pending, bool at_server) {
    std::array<engine::segment, 4> segments;
    bool moved = false;
    if (const std::size_t n = from.output(segments); n > 0) {
      std::size_t size = 0;
      for (std::size_t i = 0; i < n; ++i) {
        pending += segments[i].bytes;
        size += segments[i].bytes.size();
      }
      from.written(size, now);
      moved = true;
    }
    const std::string piece = pending.substr(0, step_ == 0 ? pending.size() : std::min(given_[at_server] + step_, pending.size()));
    const std::size_t used = to.receive(piece, now);
    given_[at_server] = used > 0 ? 0 : piece.size();
    while (auto e = to.next_event()) {
      moved = true;
      auto& handler = at_server ? on_server : on_client;
      if (handler) handler(*e);
    }
    while (auto e = from.next_event()) {
      auto& handler = at_server ? on_client : on_server;
      if (handler) handler(*e);
    }
    pending.erase(0, used);
    return moved || used > 0 || piece.size() < pending.size();
  }

  std::size_t step_;
  std::array<std::size_t, 2> given_{};  // what was given already and not taken, for each direction
  std::string to_server_;
  std::string to_client_;
};

TEST(h2_wired, echo_of_many_at_once) {
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{16}, std::size_t{31}, std::size_t{0}}) {
    SCOPED_TRACE(step);
    wire w(step);
    std::map<engine::stream_id, std::string> got;
    std::map<engine::stream_id, std::string> sent;
    w.on_server = [&](engine::event& e) {
      if (auto* r = std::get_if<engine::request_event>(&e)) {
        ASSERT_TRUE(w.server.send_response(r->id, response(200, {{"X-Path", r->head.target()}}), content_length::stream(), w.now));
      } else if (auto* d = std::get_if<engine::data_event>(&e)) {
        w.server.consume(d->id, d->bytes.size());
        ASSERT_TRUE(w.server.send_data(d->id, {chunk::view{d->bytes}}, w.now).has_value());
      } else if (auto* c = std::get_if<engine::complete_event>(&e)) {
        parley::fields trailers{{"Checked", "yes"}};
        ASSERT_TRUE(w.server.send_end(c->id, &trailers, w.now));
      }
    };
    std::size_t whole = 0;
    w.on_client = [&](engine::event& e) {
      if (auto* d = std::get_if<engine::data_event>(&e)) {
        got[d->id] += d->bytes;
        w.client.consume(d->id, d->bytes.size());
      } else if (auto* t = std::get_if<engine::trailers_event>(&e)) {
        EXPECT_EQ(t->trailers.get("checked").value_or(""), "yes");
      } else if (std::get_if<engine::complete_event>(&e) != nullptr) {
        ++whole;
      } else if (auto* x = std::get_if<engine::reset_event>(&e)) {
        ADD_FAILURE() << describe(e) << x->id;
      }
    };
    w.run();
    const std::size_t streams = step == 0 ? 100 : 5;
    const std::size_t size = step == 0 ? 200'000 : 3'000;
    for (std::size_t i = 0; i < streams; ++i) {
      const auto id =
          w.client.send_request(request(parley::method::post, "/" + std::to_string(i)), content_length::of(size), w.now);
      ASSERT_TRUE(id.has_value());
      std::string text(size, static_cast<char>('a' + i % 26));
      sent[*id] = text;
      ASSERT_TRUE(w.client.send_data(*id, {chunk::owned{std::move(text)}}, w.now).has_value());
      ASSERT_TRUE(w.client.send_end(*id, nullptr, w.now));
    }
    w.run();
    EXPECT_EQ(whole, streams);
    EXPECT_TRUE(got == sent);
    EXPECT_TRUE(w.client.idle());
    EXPECT_TRUE(w.server.idle());
    EXPECT_EQ(w.client.error(), nullptr);
    EXPECT_EQ(w.server.error(), nullptr);
  }
}

TEST(h2_wired, a_graceful_end_leaves_nothing_behind) {
  wire w(0);
  w.run();
  w.on_server = [&](engine::event& e) {
    if (auto* r = std::get_if<engine::request_event>(&e)) {
      static_cast<void>(w.server.send_response(r->id, response(204), content_length::no_content(), w.now));
    }
  };
  ASSERT_TRUE(w.client.send_request(request(parley::method::get, "/"), content_length::no_content(), w.now));
  w.server.close_gracefully(w.now);
  w.run();
  EXPECT_TRUE(w.server.wants_close());
  EXPECT_TRUE(w.client.wants_close());
  EXPECT_TRUE(w.client.ended());
}

TEST(h2_wired, a_cancelled_upload_gives_its_window_back) {
  limits caps;
  caps.connection_receive_window = 100'000;
  wire w(0, caps);
  w.run();
  for (int i = 0; i < 50; ++i) {
    const auto id = w.client.send_request(request(parley::method::post, "/"), content_length::stream(), w.now);
    ASSERT_TRUE(id.has_value()) << i;
    ASSERT_TRUE(w.client.send_data(*id, {chunk::owned{std::string(30'000, 'x')}}, w.now).has_value());
    w.run();
    EXPECT_FALSE(w.client.has_output()) << i;
    w.server.reset(*id, w.now);
    w.run();
  }
  EXPECT_EQ(w.client.error(), nullptr);
  EXPECT_EQ(w.server.error(), nullptr);
}

// RFC 9218: the urgent one first, the others of one urgency in order of their ids or, when incremental, in turn.
TEST(h2_wired, priorities_decide_who_sends_first) {
  tester t(role::server);
  t.start({{setting::initial_window_size, 1'000'000}});
  t.feed(window_update(0, 1'000'000));
  const auto with = [](std::uint32_t id, std::string_view priority) {
    return headers(id, {{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}, {"priority", priority}},
                   flag::end_stream);
  };
  t.feed(priority_update(7, "u=0") + with(1, "u=5") + with(3, "u=5") + with(5, "u=1") + with(7, "u=7"));
  for (const engine::stream_id id : {1u, 3u, 5u, 7u}) {
    ASSERT_TRUE(t.engine.send_response(id, response(200), content_length::of(40'000), t.now));
  }
  for (const engine::stream_id id : {1u, 3u, 5u, 7u}) {
    ASSERT_TRUE(t.engine.send_data(id, {chunk::owned{std::string(40'000, 'x')}}, t.now).has_value());
    ASSERT_TRUE(t.engine.send_end(id, nullptr, t.now));
  }
  std::string order;
  const std::string out = t.frames();
  for (std::size_t at = out.find("END_STREAM"); at != std::string::npos; at = out.find("END_STREAM", at + 1)) order += out[at - 2];
  EXPECT_EQ(order, "7513");
}

// A client that says nothing of priorities gets its responses side by side; one that knows them, in order.
TEST(h2_wired, a_large_response_holds_up_no_small_one) {
  for (const bool knows : {false, true}) {
    tester t(role::server);
    t.start({{setting::initial_window_size, 10'000'000}});
    if (knows) t.feed(priority_update(9, "u=4"));
    t.feed(window_update(0, 10'000'000) + get(1) + get(3));
    for (const auto& [id, size] : {std::pair{1u, 1'000'000u}, std::pair{3u, 5'000u}}) {
      ASSERT_TRUE(t.engine.send_response(id, response(200), content_length::of(size), t.now));
      ASSERT_TRUE(t.engine.send_data(id, {chunk::owned{std::string(size, 'x')}}, t.now).has_value());
      ASSERT_TRUE(t.engine.send_end(id, nullptr, t.now));
    }
    const std::string out = t.frames();
    EXPECT_EQ(out.find("DATA 3 END_STREAM") < out.find("DATA 1 END_STREAM"), !knows);
  }
}

TEST(h2_wired, a_server_may_say_another_priority) {
  tester t(role::server);
  t.start({{setting::initial_window_size, 1'000'000}});
  t.feed(window_update(0, 1'000'000) + get(1) + get(3));
  ASSERT_TRUE(t.engine.send_response(1, response(200, {{"Priority", "u=6"}}), content_length::of(40'000), t.now));
  ASSERT_TRUE(t.engine.send_response(3, response(200), content_length::of(40'000), t.now));
  for (const engine::stream_id id : {1u, 3u}) {
    ASSERT_TRUE(t.engine.send_data(id, {chunk::owned{std::string(40'000, 'x')}}, t.now).has_value());
    ASSERT_TRUE(t.engine.send_end(id, nullptr, t.now));
  }
  const std::string out = t.frames();
  EXPECT_LT(out.find("DATA 3 END_STREAM"), out.find("DATA 1 END_STREAM"));
}

}  // namespace
}  // namespace parley::h2::test
