// A client engine and a server engine, wired to each other in memory: what one application sends, the other gets, however the bytes
// are cut.
#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <string>

#include "h1/tester.hpp"

namespace parley::h1::test {
namespace {

using engine::chunk;
using engine::content_length;

struct message {
  parley::method method;
  int status;
  bool stream;
  std::string content;
};

class wire {
 public:
  explicit wire(unsigned seed)
      : random(seed), client(engine::role::client, caps(), {.pipeline = 3}), server(engine::role::server, caps()) {
    server.on_event = [this](const engine::event& e) { serve(e); };
    client.on_event = [this](const engine::event& e) { fetched(e); };
  }

  static const limits& caps() {
    static const limits small = [] {
      limits l;
      l.receive_window = 300;
      l.send_window = 500;
      return l;
    }();
    return small;
  }

  void run(int exchanges) {
    int sent = 0;
    std::size_t idle_turns = 0;
    while ((sent < exchanges || !expected.empty()) && idle_turns < 100'000) {
      ++idle_turns;
      if (sent < exchanges && client.engine.can_send_request() && uploading.id == 0) start(sent++);
      go_on(client, uploading);
      go_on(server, downloading);
      move(client, server);
      move(server, client);
    }
    EXPECT_TRUE(expected.empty()) << expected.size() << " exchanges got stuck";
  }

 private:
  struct transfer {
    engine::stream_id id = 0;
    std::string rest;
    bool blocked = false;
  };

  std::string text() {
    std::string t(random() % 4 == 0 ? random() % 3000 : random() % 20, 'x');
    for (char& c : t) c = static_cast<char>('a' + random() % 26);
    return t;
  }

  void start(int n) {
    const parley::method methods[]{parley::method::get, parley::method::head, parley::method::post, parley::method::put};
    message up{methods[random() % 4], 200, random() % 2 == 0, {}};
    if (up.method == parley::method::post || up.method == parley::method::put) up.content = text();
    message down{up.method, random() % 8 == 0 ? 304 : 200, random() % 2 == 0, text()};
    const auto length = up.content.empty() ? content_length::no_content()
                        : up.stream        ? content_length::stream()
                                           : content_length::of(up.content.size());
    const auto id = client.engine.send_request(request(up.method, "/" + std::to_string(n), "a"), length, epoch);
    ASSERT_TRUE(id);
    if (!up.content.empty()) uploading = {*id, up.content, false};
    expected.push_back(down);
    uploads.push_back(up);
  }

  void go_on(tester& t, transfer& x) {
    if (x.id == 0 || x.blocked || random() % 3 == 0) return;
    const std::size_t n = std::min<std::size_t>(x.rest.size(), 1 + random() % 400);
    if (n > 0) {
      const auto more = t.engine.send_data(x.id, {chunk::view{std::string_view(x.rest).substr(0, n)}}, epoch);
      ASSERT_TRUE(more) << engine::describe(more.error());
      x.rest.erase(0, n);
      x.blocked = !*more;
    }
    if (!x.rest.empty()) return;
    const auto id = x.id;
    x = {};
    ASSERT_TRUE(t.engine.send_end(id, nullptr, epoch));
  }

  void move(tester& from, tester& to) {
    std::array<engine::segment, 4> out;
    if (const std::size_t n = from.engine.output(out); n > 0 && to.engine.wants_read()) {
      const std::string bytes(out[0].bytes.substr(0, 1 + random() % 200));
      from.engine.written(bytes.size(), epoch);
      from.drain();
      to.feed(bytes, random() % 3 == 0 ? 1 + random() % 7 : 0);
    } else {
      from.pump();
      to.pump();
    }
  }

  void serve(const engine::event& e) {
    if (const auto* r = std::get_if<engine::request_event>(&e)) {
      received.clear();
      if (r->ended) answer(r->id);
    } else if (const auto* d = std::get_if<engine::data_event>(&e)) {
      received += d->bytes;
    } else if (const auto* c = std::get_if<engine::complete_event>(&e)) {
      answer(c->id);
    } else if (std::get_if<engine::writable_event>(&e)) {
      downloading.blocked = false;
    } else {
      ADD_FAILURE() << describe(e);
    }
  }

  void answer(engine::stream_id id) {
    ASSERT_FALSE(uploads.empty());
    EXPECT_EQ(received, uploads.front().content);
    uploads.pop_front();
    const message& m = expected[id - first_expected];
    const bool head_only = m.method == parley::method::head || m.status == 304;
    const auto length = m.stream ? content_length::stream() : content_length::of(m.content.size());
    ASSERT_TRUE(server.engine.send_response(id, response(m.status), length, epoch));
    if (!head_only && (m.stream || !m.content.empty())) downloading = {id, m.content, false};
  }

  void fetched(const engine::event& e) {
    bool whole = false;
    if (const auto* r = std::get_if<engine::response_event>(&e)) {
      fetched_content.clear();
      EXPECT_EQ(r->id, first_expected);
      EXPECT_EQ(r->head.status, expected.front().status);
      whole = r->ended;
    } else if (const auto* d = std::get_if<engine::data_event>(&e)) {
      fetched_content += d->bytes;
    } else if (std::get_if<engine::complete_event>(&e)) {
      whole = true;
    } else if (std::get_if<engine::writable_event>(&e)) {
      uploading.blocked = false;
    } else {
      ADD_FAILURE() << describe(e);
    }
    if (!whole) return;
    const message& m = expected.front();
    const bool head_only = m.method == parley::method::head || m.status == 304;
    EXPECT_EQ(fetched_content, head_only ? std::string() : m.content);
    expected.pop_front();
    ++first_expected;
  }

  std::mt19937 random;
  tester client;
  tester server;
  transfer uploading;
  transfer downloading;
  std::deque<message> expected;  // responses that the client has not yet got
  std::deque<message> uploads;   // requests that the server has not yet got
  engine::stream_id first_expected = 1;
  std::string received;
  std::string fetched_content;
};

TEST(h1_wired, whatever_is_sent_arrives) {
  for (unsigned seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(seed);
    wire w(seed);
    w.run(30);
    if (::testing::Test::HasFailure()) break;
  }
}

}  // namespace
}  // namespace parley::h1::test
