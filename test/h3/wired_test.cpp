// Two engines wired to each other: what the one says the other understands.
#include <gtest/gtest.h>

#include <map>

#include "h3/wire.hpp"

namespace parley::h3::test {
namespace {

using engine::chunk;
using engine::content_length;
using engine::role;

TEST(h3_wired, echo_of_many_at_once) {
  for (const std::uint32_t seed : {0u, 7u, 99u}) {
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{16}, std::size_t{31}, std::size_t{0}}) {
      SCOPED_TRACE(std::to_string(step) + " " + std::to_string(seed));
      wire w(step, seed);
      std::map<engine::stream_id, std::string> got;
      std::map<engine::stream_id, std::string> sent;
      w.on_server = [&](engine::event& e) {
        if (auto* r = std::get_if<engine::request_event>(&e)) {
          ASSERT_TRUE(
              w.server.send_response(r->id, response(200, {{"X-Path", r->head.target()}}), content_length::stream(), w.now));
        } else if (auto* d = std::get_if<engine::data_event>(&e)) {
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
        } else if (auto* t = std::get_if<engine::trailers_event>(&e)) {
          EXPECT_EQ(t->trailers.get("checked").value_or(""), "yes");
        } else if (std::get_if<engine::complete_event>(&e) != nullptr) {
          ++whole;
        } else if (auto* x = std::get_if<engine::reset_event>(&e)) {
          ADD_FAILURE() << describe(e) << x->id;
        }
      };
      w.start();
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
      EXPECT_EQ(got, sent);
      EXPECT_EQ(w.server.error(), nullptr);
      EXPECT_EQ(w.client.error(), nullptr);
      EXPECT_TRUE(w.client.idle());
      EXPECT_TRUE(w.server.idle());
    }
  }
}

TEST(h3_wired, a_get_and_what_it_says) {
  wire w(0);
  w.start();
  std::string log;
  w.on_server = [&](engine::event& e) {
    log += describe(e) + "\n";
    if (auto* r = std::get_if<engine::request_event>(&e)) {
      ASSERT_TRUE(w.server.send_response(r->id, response(103, {{"Link", "</a>"}}), content_length::no_content(), w.now));
      ASSERT_TRUE(w.server.send_response(r->id, response(200, {{"Content-Type", "text/plain"}}), content_length::of(5), w.now));
      ASSERT_TRUE(w.server.send_data(r->id, {chunk::view{"hello"}}, w.now).has_value());
      ASSERT_TRUE(w.server.send_end(r->id, nullptr, w.now));
    }
  };
  w.on_client = [&](engine::event& e) { log += describe(e) + "\n"; };
  ASSERT_TRUE(
      w.client.send_request(request(parley::method::get, "/b?c", {{"Accept", "*/*"}}), content_length::no_content(), w.now));
  w.run();
  EXPECT_EQ(log,
            "request 1 GET /b?c a | accept: */* | end\n"
            "response 1 103 | link: </a> | interim\n"
            "response 1 200 | content-type: text/plain | content-length: 5\n"
            "data 1 hello\n"
            "complete 1\n");
  EXPECT_TRUE(w.client.idle());
  EXPECT_TRUE(w.server.idle());
}

// The second request's head refers to the first one's, and comes before the instructions that it needs.
TEST(h3_wired, heads_shrink_and_wait_for_the_table) {
  std::size_t shrunk = 0;
  for (std::uint32_t seed = 1; seed < 40; ++seed) {
    wire w(20, seed);
    w.start();
    std::size_t answered = 0;
    w.on_server = [&](engine::event& e) {
      auto* const r = std::get_if<engine::request_event>(&e);
      if (r == nullptr) return;
      EXPECT_EQ(r->head.fields.get("user-agent").value_or(""), "a browser with a long name, 1.0");
      ASSERT_TRUE(w.server.send_response(r->id, response(200, {{"X-Long", "a value that is worth an entry"}}),
                                         content_length::no_content(), w.now));
    };
    w.on_client = [&](engine::event& e) {
      if (auto* r = std::get_if<engine::response_event>(&e); r != nullptr && r->ended) {
        ++answered;
        EXPECT_EQ(r->head.fields.get("x-long").value_or(""), "a value that is worth an entry");
      } else if (std::get_if<engine::complete_event>(&e) != nullptr) {
        ++answered;
      }
    };
    std::size_t before = 0;
    for (int round = 0; round < 3; ++round) {
      before = w.bytes_to_server;
      for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(w.client.send_request(
            request(parley::method::get, "/" + std::to_string(i), {{"User-Agent", "a browser with a long name, 1.0"}}),
            content_length::no_content(), w.now));
      }
      w.run();
    }
    EXPECT_GE(answered, 60u);
    EXPECT_EQ(w.server.error(), nullptr) << w.server.error()->name;
    EXPECT_EQ(w.client.error(), nullptr);
    shrunk = w.bytes_to_server - before;
  }
  EXPECT_LT(shrunk, 20 * 30u);
}

TEST(h3_wired, a_graceful_end_leaves_nothing_behind) {
  wire w(0);
  w.start();
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
  EXPECT_TRUE(w.server_closed || w.client_closed);
}

TEST(h3_wired, a_cancelled_upload_ends_on_both_sides) {
  wire w(0);
  w.start();
  for (int i = 0; i < 50; ++i) {
    const auto id = w.client.send_request(request(parley::method::post, "/"), content_length::stream(), w.now);
    ASSERT_TRUE(id.has_value()) << i;
    ASSERT_TRUE(w.client.send_data(*id, {chunk::owned{std::string(30'000, 'x')}}, w.now).has_value());
    w.run();
    w.server.reset(*id, w.now);
    w.run();
    EXPECT_TRUE(w.client.idle()) << i;
    EXPECT_TRUE(w.server.idle()) << i;
  }
  EXPECT_EQ(w.client.error(), nullptr);
  EXPECT_EQ(w.server.error(), nullptr);
}

TEST(h3_wired, tables_shrink_on_a_connection_that_idles) {
  wire w(0);
  const auto exchange = [&w] {
    std::string seen;
    w.on_server = [&w](engine::event& e) {
      const auto* r = std::get_if<engine::request_event>(&e);
      if (r == nullptr) return;
      const std::string text(300, 's');
      EXPECT_TRUE(w.server.send_response(r->id,
                                         response(200, {{"x-one", text + "1"}, {"x-two", text + "2"}, {"x-three", text + "3"}}),
                                         engine::content_length::no_content(), w.now));
    };
    w.on_client = [&seen](engine::event& e) {
      if (const auto* r = std::get_if<engine::response_event>(&e)) seen = std::string(r->head.fields.get("x-three").value_or(""));
    };
    const std::string text(300, 'c');
    EXPECT_TRUE(w.client.send_request(
        request(parley::method::get, "/", {{"x-four", text + "4"}, {"x-five", text + "5"}, {"x-six", text + "6"}}),
        engine::content_length::no_content(), w.now));
    w.run();
    return seen;
  };
  w.start();
  for (int i = 0; i < 6; ++i) EXPECT_EQ(exchange().size(), 301U);
  const std::size_t before = w.server.memory() + w.client.memory();
  w.now += 4900ms;
  EXPECT_FALSE(w.server.rest_long(w.now)) << "not yet";
  ASSERT_TRUE(w.server.deadline().has_value());
  w.now += 200ms;
  EXPECT_LE(*w.server.deadline(), w.now);
  EXPECT_TRUE(w.server.rest_long(w.now));
  EXPECT_TRUE(w.client.rest_long(w.now));
  EXPECT_FALSE(w.server.rest_long(w.now)) << "once";
  w.run();
  EXPECT_LT(w.server.memory() + w.client.memory() + 1'500, before);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(exchange().size(), 301U);
  EXPECT_EQ(w.server.error(), nullptr);
  EXPECT_EQ(w.client.error(), nullptr);
}

}  // namespace
}  // namespace parley::h3::test
