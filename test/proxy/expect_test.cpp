// Expect: 100-continue through a forward proxy (RFC 9110 §10.1.1): it is the other side's to answer.
#include "connection/tls_stream.hpp"
#include "http3/http3_site.hpp"
#include "memory_hosts.hpp"
#include "semantics/fields_access.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

namespace proxy_tests {
namespace {

using parley::testing::answered;
using parley::testing::asked;

constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\nX-Go: on\r\n\r\n";

/// What a test does as the client, whichever version it speaks.
struct sending {
  std::function<void(const asked&)> begin;
  std::function<void(std::string_view)> content;  // and its end
  std::function<answered&()> answer;
  net::memory_loop& loop;
  memory_host& host;
};

asked put(bool chunked = false) {
  return {.method = "PUT",
          .path = "/x",
          .fields = {{"Expect", "100-continue"}},
          .content = "hello",
          .chunked = chunked,
          .authority = "host.example",
          .scheme = "http"};
}

/// Over HTTP/2 and 3 a proxy is meant where the scheme is another than the connection's, as in absolute-form.
parley::semantics::request_head for_a_proxy(const asked& what) {
  auto head = engine_peer::head_of(what);
  head.target_ref = parley::detail::fields_access::store(head.fields, what.scheme + "://" + what.authority + what.path);
  head.form = parley::semantics::target_form::absolute;
  return head;
}

parley::engine::content_length length_of(const asked& what) {
  return what.chunked ? parley::engine::content_length::stream() : parley::engine::content_length::of(what.content->size());
}

std::unique_ptr<parley::engine::byte_engine> make_http2(const parley::limits& caps, const net::memory_loop& on) {
  return parley::connection::make_http2_engine(parley::engine::role::client, caps, {.push = false, .secure = true, .seed = 1},
                                               on.now());
}

struct secure_site : http3_tests::site {
  secure_site() {
    install(core, usual());
    start();
    loop->add_name("host.example", {public_ip});
  }
};

/// A client of HTTP/1.1, by its text: interim responses, then one with a Content-Length.
struct text_client {
  explicit text_client(net::memory_loop& on) : peer(on, 80) {}
  void begin(const asked& what) {
    peer.received.clear();
    chunked = what.chunked;
    peer.send("PUT http://host.example/x HTTP/1.1\r\nHost: host.example\r\nExpect: 100-continue\r\n" +
              std::string(chunked ? "Transfer-Encoding: chunked" : "Content-Length: 5") + "\r\n\r\n");
  }
  void content(std::string_view bytes) { peer.send(chunked ? "5\r\n" + std::string(bytes) + "\r\n0\r\n\r\n" : std::string(bytes)); }
  answered& answer() {
    got = {};
    std::string_view rest = peer.received;
    for (auto end = rest.find("\r\n\r\n"); got.status == 0 && end != rest.npos; end = rest.find("\r\n\r\n")) {
      const std::string_view head = rest.substr(0, end + 2);
      rest.remove_prefix(end + 4);
      const int status = std::stoi(std::string(head.substr(9, 3)));
      if (status >= 200) {
        got.status = status;
        got.content = rest;
        continue;
      }
      got.interim.emplace_back().status = status;
      if (head.find("\r\nX-Go: on\r\n") != head.npos) got.interim.back().fields.add("X-Go", "on");
    }
    return got;
  }
  memory_peer peer;
  answered got;
  bool chunked = false;
};

void in_each_version(const std::function<void(sending&, std::string_view)>& story) {
  {
    proxy_site site;
    memory_host host(*site.loop, public_ip, 80);
    text_client peer(*site.loop);
    sending s{[&](const asked& what) { peer.begin(what); }, [&](std::string_view bytes) { peer.content(bytes); },
              [&]() -> answered& { return peer.answer(); }, *site.loop, host};
    story(s, "HTTP/1.1");
  }
  if (!parley::connection::has_http3()) return;
  {
    secure_site site;
    memory_host host(*site.loop, public_ip, 80);
    auto made = std::make_unique<parley::connection::tls_stream>(*site.loop, connect_in_memory(*site.loop, 443), site.trusting(),
                                                                 parley::tls::destination{"a.example", 443, {"h2"}});
    auto* const tls = made.get();
    bool done = false;
    tls->handshake({}, [&](const parley::tls::error& e) { done = !e; });
    while (!done && site.loop->run_one_turn()) {
    }
    ASSERT_TRUE(done);
    const parley::limits caps;
    engine_peer peer(*site.loop, std::move(made), make_http2(caps, *site.loop));
    parley::engine::stream_id id = 0;
    sending s{[&](const asked& what) {
                id = peer.engine().send_request(for_a_proxy(what), length_of(what), site.loop->now()).value_or(0);
                peer.begin({.path = "/nothing", .authority = "a.example", .scheme = "https"});  // what goes out takes both along
              },
              [&](std::string_view bytes) {
                peer.send_data(id, bytes);
                peer.send_end(id);
              },
              [&]() -> answered& { return peer.answers[id]; }, *site.loop, host};
    story(s, "HTTP/2");
  }
  secure_site site;
  memory_host host(*site.loop, public_ip, 80);
  http3_tests::client peer(site);
  peer.connect();
  http3_tests::client::call* x = nullptr;
  sending s{[&](const asked& what) { x = peer.begin(what, for_a_proxy(what)); },
            [&](std::string_view bytes) {
              peer.made->send(*x, {parley::engine::chunk::owned{std::string(bytes)}});
              static_cast<void>(peer.made->end(*x));
            },
            [&]() -> answered& { return x->answer; }, *site.loop, host};
  story(s, "HTTP/3");
}

TEST(proxy_expect, a_100_comes_from_the_other_side) {
  in_each_version([](sending& s, std::string_view version) {
    for (const bool chunked : {false, true}) {
      s.begin(put(chunked));
      s.loop.run_for(200ms);
      ASSERT_TRUE(s.host.connected()) << version << s.answer().status << s.answer().content;
      const std::string head = s.host.received;
      EXPECT_NE(head.find("\r\nExpect: 100-continue\r\n"), std::string::npos) << version << head;
      EXPECT_TRUE(head.ends_with("\r\n\r\n")) << version << head;
      EXPECT_TRUE(s.answer().interim.empty()) << version << ": nobody has asked for the content yet";
      s.host.send(go_on);
      s.loop.run_for(200ms);
      ASSERT_EQ(s.answer().interim.size(), 1U) << version;
      EXPECT_EQ(s.answer().interim[0].status, 100) << version;
      EXPECT_EQ(s.answer().interim[0].fields.get("X-Go"), "on") << version;
      s.content("hello");
      s.loop.run_for(200ms);
      const std::string sent = s.host.received.substr(head.size());
      EXPECT_EQ(sent, chunked ? "5\r\nhello\r\n0\r\n\r\n" : "hello") << version;
      s.host.send("HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok");
      s.loop.run_for(200ms);
      EXPECT_EQ(s.answer().status, 201) << version;
      EXPECT_EQ(s.answer().content, "ok") << version;
      EXPECT_EQ(s.answer().interim.size(), 1U) << version;
      s.host.received.clear();
    }
  });
}

TEST(proxy_expect, a_final_answer_in_its_place_goes_on) {
  for (const std::string_view status : {"403 Forbidden", "417 Expectation Failed", "200 OK", "307 Temporary Redirect"}) {
    in_each_version([status](sending& s, std::string_view version) {
      s.begin(put());
      s.loop.run_for(200ms);
      ASSERT_TRUE(s.host.connected()) << version << s.answer().status << s.answer().content;
      s.host.send("HTTP/1.1 " + std::string(status) + "\r\nContent-Length: 2\r\n\r\nno");
      s.loop.run_for(200ms);
      EXPECT_EQ(std::to_string(s.answer().status), status.substr(0, 3)) << version;
      EXPECT_EQ(s.answer().content, "no") << version << status;
      EXPECT_TRUE(s.answer().interim.empty()) << version << status;
      EXPECT_TRUE(s.host.received.ends_with("\r\n\r\n")) << version << s.host.received;
      EXPECT_EQ(s.host.connections, 1) << version << ": a 417 is the client's to think about";
    });
  }
}

// A server of HTTP/1.0 says no 100: a client that sends at last is not held up, and is told nothing that nobody said.
TEST(proxy_expect, what_is_sent_unasked_goes_on) {
  in_each_version([](sending& s, std::string_view version) {
    s.begin(put());
    s.loop.run_for(3s);
    EXPECT_TRUE(s.host.received.ends_with("\r\n\r\n")) << version << s.host.received;
    EXPECT_TRUE(s.answer().interim.empty()) << version;
    s.content("hello");
    s.loop.run_for(200ms);
    EXPECT_TRUE(s.host.received.ends_with("\r\n\r\nhello")) << version << s.host.received;
    s.host.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    s.loop.run_for(200ms);
    EXPECT_EQ(s.answer().status, 200) << version;
    EXPECT_EQ(s.answer().content, "ok") << version;
    EXPECT_TRUE(s.answer().interim.empty()) << version;
  });
}

// §10.1.1: in HTTP/1.0 it must be ignored.
TEST(proxy_expect, in_http_1_0_it_means_nothing) {
  proxy_site site;
  memory_host host(*site.loop, public_ip, 80);
  memory_peer peer(*site.loop, 80);
  peer.send("PUT http://host.example/x HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello");
  site.loop->run_for(200ms);
  EXPECT_EQ(host.received.find("Expect"), std::string::npos) << host.received;
  EXPECT_TRUE(host.received.ends_with("hello")) << host.received;
}

}  // namespace
}  // namespace proxy_tests
