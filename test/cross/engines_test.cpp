// The same exchanges over the engines of HTTP/2 and HTTP/3, wired to each other in memory: both ends must be told the same.
#include "connection/make_engine.hpp"
#include "semantics/fields_access.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace {

namespace engine = parley::engine;
namespace semantics = parley::semantics;
using engine::chunk;
using engine::content_length;

const engine::time_point epoch{std::chrono::hours(1)};

struct message {
  std::string content = {};
  bool known_length = true;
  std::vector<std::pair<std::string, std::string>> fields = {};
  std::vector<std::pair<std::string, std::string>> trailers = {};
};

struct asked_and_answered {
  std::string name = {};
  parley::method method = parley::method::get;
  std::string target = "/";
  message request = {};
  int status = 200;
  std::vector<int> interim = {};
  message response = {};
};

parley::fields to_fields(const std::vector<std::pair<std::string, std::string>>& lines) {
  parley::fields f;
  for (const auto& [name, value] : lines) f.add(name, value);
  return f;
}

content_length length_of(const message& m) {
  if (!m.known_length) return content_length::stream();
  return m.content.empty() ? content_length::no_content() : content_length::of(m.content.size());
}

/// A client's and a server's engine of one version.
class engine_pair {
 public:
  virtual ~engine_pair() = default;
  virtual engine::message_engine& client() = 0;
  virtual engine::message_engine& server() = 0;
  /// Carries what both have to say; false when there was nothing.
  virtual bool carry() = 0;
};

const parley::limits& caps() {
  static const parley::limits defaults;
  return defaults;
}

class http2_pair : public engine_pair {
 public:
  engine::message_engine& client() override { return *client_; }
  engine::message_engine& server() override { return *server_; }
  bool carry() override {
    const bool there = carry(*client_, *server_, to_server_, given_[0]);
    return carry(*server_, *client_, to_client_, given_[1]) || there;
  }

 private:
  static bool carry(engine::byte_engine& from, engine::byte_engine& to, std::string& pending, std::string& given) {
    std::array<engine::segment, 4> segments;
    std::size_t size = 0;
    const std::size_t n = from.output(segments);
    for (std::size_t i = 0; i < n; ++i) {
      pending += segments[i].bytes;
      size += segments[i].bytes.size();
    }
    if (size > 0) from.written(size, epoch);
    given = pending;
    const std::size_t used = to.receive(given, epoch);
    pending.erase(0, used);
    return size > 0 || used > 0;
  }
  std::array<std::string, 2> given_;  // events point into them
  std::unique_ptr<engine::byte_engine> client_ = parley::connection::make_http2_engine(engine::role::client, caps(), {}, epoch);
  std::unique_ptr<engine::byte_engine> server_ = parley::connection::make_http2_engine(engine::role::server, caps(), {}, epoch);
  std::string to_server_;
  std::string to_client_;
};

class http3_pair : public engine_pair {
 public:
  http3_pair() {
    client_->stream_limits(100, 3);
    server_->stream_limits(0, 3);
    client_->start(false, epoch);
    server_->start(false, epoch);
  }
  engine::message_engine& client() override { return *client_; }
  engine::message_engine& server() override { return *server_; }
  bool carry() override {
    const bool there = carry(*client_, *server_, true);
    return carry(*server_, *client_, false) || there;
  }

 private:
  bool carry(engine::stream_engine& from, engine::stream_engine& to, bool from_client) {
    bool any = false;
    while (auto action = from.next_action()) {
      any = true;
      if (const auto* stop = std::get_if<engine::transport_action::stop>(&*action))
        to.receive_stop(stop->stream, stop->code, epoch);
      if (const auto* reset = std::get_if<engine::transport_action::reset>(&*action)) {
        to.receive_reset(reset->stream, reset->code, epoch);
        end(reset->stream, from_client);
      }
    }
    const auto id = from.next_stream();
    if (!id) return any;
    std::array<std::string_view, 4> pieces;
    const auto out = from.output(*id, pieces);
    std::string& given = given_[from_client ? 1 : 0];
    given.clear();
    for (std::size_t i = 0; i < out.pieces; ++i) given += pieces[i];
    from.accepted(*id, given.size(), out.fin, epoch);
    to.receive(*id, given, out.fin, epoch);
    if (!given.empty()) from.acknowledged(*id, given.size());
    if (out.fin) end(*id, from_client);
    return true;
  }
  // A stream is through when both directions are; it is closed one turn later, when its events were taken.
  void end(std::uint64_t id, bool from_client) {
    for (const std::uint64_t gone : through_) {
      client_->stream_closed(gone, epoch);
      server_->stream_closed(gone, epoch);
    }
    through_.clear();
    auto& both = ended_[id];
    both[from_client] = true;
    if (both[0] && both[1]) through_.push_back(id);
  }
  std::array<std::string, 2> given_;  // events point into them
  std::map<std::uint64_t, std::array<bool, 2>> ended_;
  std::vector<std::uint64_t> through_;
  std::unique_ptr<engine::stream_engine> client_ = parley::connection::make_http3_engine(engine::role::client, caps(), {}, epoch);
  std::unique_ptr<engine::stream_engine> server_ = parley::connection::make_http3_engine(engine::role::server, caps(), {}, epoch);
};

/// What one end was told of one exchange.
struct heard {
  std::string head;
  std::string content;
  std::string rest;
  bool whole = false;
};

std::string text_of(const parley::fields& f) {
  std::string text;
  for (const auto& line : f) text.append(" ").append(line.name).append("=").append(line.value);
  return text;
}

/// Sends what is not sent yet of a message, as far as there is room.
struct sender {
  const message* what = nullptr;
  std::size_t sent = 0;
  bool ended = false;

  void go_on(engine::message_engine& by, engine::stream_id id) {
    while (!ended && sent < what->content.size()) {
      const std::string part = what->content.substr(sent, 10'000);
      const auto room = by.send_data(id, {chunk::view{part}}, epoch);
      ASSERT_TRUE(room.has_value());
      sent += part.size();
      if (!*room) return;
    }
    if (std::exchange(ended, true)) return;
    const parley::fields trailers = to_fields(what->trailers);
    ASSERT_TRUE(by.send_end(id, &trailers, epoch));
  }
};

std::string run(engine_pair& over, const asked_and_answered& x) {
  heard at_server;
  heard at_client;
  sender request{&x.request};
  sender response{&x.response};
  const auto answer = [&](engine::stream_id id) {
    for (const int status : x.interim) {
      semantics::response_head head;
      head.status = status;
      ASSERT_TRUE(over.server().send_response(id, head, content_length::no_content(), epoch));
    }
    semantics::response_head head;
    head.status = x.status;
    head.fields = to_fields(x.response.fields);
    ASSERT_TRUE(over.server().send_response(id, head, length_of(x.response), epoch));
    if (x.method != parley::method::head) response.go_on(over.server(), id);
  };
  const auto take = [&](engine::message_engine& of, heard& by, bool server) {
    while (auto e = of.next_event()) {
      if (auto* r = std::get_if<engine::request_event>(&*e)) {
        by.head = std::string(r->head.method.name()) + " " + std::string(r->head.target()) + " " +
                  std::string(r->head.authority()) + text_of(r->head.fields);
        by.whole = r->ended;
        if (r->ended) answer(r->id);
      } else if (auto* a = std::get_if<engine::response_event>(&*e)) {
        by.head += std::to_string(a->head.status) + text_of(a->head.fields) + (a->informational ? " interim\n" : "");
        by.whole = a->ended;
      } else if (auto* d = std::get_if<engine::data_event>(&*e)) {
        by.content += d->bytes;
        of.consume(d->id, d->bytes.size());
      } else if (auto* t = std::get_if<engine::trailers_event>(&*e)) {
        by.rest += "trailers" + text_of(t->trailers);
      } else if (auto* c = std::get_if<engine::complete_event>(&*e)) {
        by.whole = true;
        if (server) answer(c->id);
      } else if (auto* w = std::get_if<engine::writable_event>(&*e)) {
        (server ? response : request).go_on(of, w->id);
      } else if (auto* x_lost = std::get_if<engine::reset_event>(&*e)) {
        by.rest += "reset " + std::string(x_lost->error.name);
      }
    }
  };
  semantics::request_head head;
  head.method = x.method;
  head.fields = to_fields(x.request.fields);
  head.target_ref = parley::detail::fields_access::store(head.fields, x.target);
  head.authority_ref = parley::detail::fields_access::store(head.fields, "example.re");
  const auto id = over.client().send_request(head, length_of(x.request), epoch);
  if (!id) return "not sent";
  request.go_on(over.client(), *id);
  while (over.carry()) {
    take(over.server(), at_server, true);
    take(over.client(), at_client, false);
  }
  const auto told = [](const heard& h) {
    return h.head + "\n" + std::to_string(h.content.size()) + " " + h.content + "\n" + h.rest +
           (h.whole ? " whole\n" : " not whole\n");
  };
  EXPECT_EQ(at_server.content, x.request.content);
  EXPECT_EQ(at_client.content, x.method == parley::method::head ? std::string() : x.response.content);
  EXPECT_TRUE(at_server.whole);
  EXPECT_TRUE(at_client.whole);
  EXPECT_TRUE(over.client().idle());
  EXPECT_TRUE(over.server().idle());
  return told(at_server) + told(at_client);
}

std::string some(std::size_t size) {
  std::string s;
  while (s.size() < size) s += "0123456789abcdefghijklmnopqrstuvwxyz.\n";
  s.resize(size);
  return s;
}

using lines = std::vector<std::pair<std::string, std::string>>;

message with(std::string content, lines fields = {}) {
  message m;
  m.content = std::move(content);
  m.fields = std::move(fields);
  return m;
}

message streamed(std::string content, lines trailers = {}) {
  message m;
  m.content = std::move(content);
  m.known_length = false;
  m.trailers = std::move(trailers);
  return m;
}

asked_and_answered exchange(std::string name, parley::method method, message request, int status, message response) {
  asked_and_answered x;
  x.name = std::move(name);
  x.method = method;
  x.request = std::move(request);
  x.status = status;
  x.response = std::move(response);
  return x;
}

std::vector<asked_and_answered> exchanges() {
  std::vector<asked_and_answered> all;
  all.push_back(exchange("nothing but heads", parley::method::get, {}, 204, {}));
  all.push_back(exchange("a small page", parley::method::get, with("", {{"Accept", "*/*"}}), 200, with("hello")));
  all.back().target = "/a?b=c";
  all.push_back(exchange("HEAD", parley::method::head, {}, 200, with("hello")));
  all.push_back(exchange("no such thing", parley::method::get, {}, 404, with("none", {{"Content-Type", "text/plain"}})));
  all.push_back(exchange("interim responses", parley::method::get, {}, 200, with("then")));
  all.back().interim = {100, 103};
  all.push_back(exchange("a form", parley::method::post, with("a=1&b=2"), 200, with("thanks")));
  all.push_back(exchange("content of unknown length", parley::method::put, streamed(some(30'000)), 200, streamed(some(20'000))));
  all.push_back(exchange("trailers both ways", parley::method::post, streamed("x", {{"Sum", "1"}}), 200,
                         streamed("y", {{"Sum", "2"}, {"More", "3"}})));
  all.push_back(exchange("large both ways", parley::method::post, with(some(3'000'000)), 200, with(some(2'000'000))));
  all.push_back(exchange("many fields", parley::method::get,
                         with("", {{"Cookie", "a=1"}, {"Cookie", "b=2"}, {"X-Long", some(30)}, {"Te", "trailers"}}), 200,
                         with("ok", {{"Set-Cookie", "c=3"}, {"Set-Cookie", "d=4"}})));
  return all;
}

TEST(cross_engines, both_ends_are_told_the_same) {
  http2_pair two;
  http3_pair three;
  const auto all = exchanges();
  for (int round = 0; round < 3; ++round) {  // with tables that have entries, too
    for (const asked_and_answered& x : all) {
      SCOPED_TRACE(x.name);
      EXPECT_EQ(run(two, x), run(three, x));
    }
  }
}

}  // namespace
