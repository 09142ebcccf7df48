// Tunnels by CONNECT over the network in memory, in virtual time: rules, addresses, limits, half-closes, back-pressure; HTTP/1 and 2.
#include "memory_hosts.hpp"

#include <gtest/gtest.h>

namespace proxy_tests {
namespace {

constexpr std::string_view to_host = "CONNECT host.example:443 HTTP/1.1\r\nHost: host.example:443\r\n\r\n";

std::string connect_to(std::string_view where, std::string_view more = {}) {
  return "CONNECT " + std::string(where) + " HTTP/1.1\r\nHost: " + std::string(where) + "\r\n" + std::string(more) + "\r\n";
}

/// The answer's status, and Proxy-Status where it has one.
std::string answer_to(proxy_site& site, std::string_view request) {
  memory_peer peer(*site.loop, 80);
  peer.send(request);
  site.loop->run_for(60s);
  const auto line = peer.received.find("Proxy-Status: ");
  std::string text = peer.received.substr(9, 3);
  if (line != std::string::npos) text += " " + peer.received.substr(line + 14, peer.received.find("\r\n", line) - line - 14);
  return text;
}

TEST(proxy_tunnel, carries_both_ways) {
  proxy_site site;
  memory_host host(*site.loop, public_ip, 443);
  memory_peer peer(*site.loop, 80);
  peer.send(std::string(to_host) + "early ");
  site.loop->run_for(10ms);
  EXPECT_TRUE(peer.received.starts_with("HTTP/1.1 200 ")) << peer.received;
  EXPECT_EQ(peer.received.find("Content-Length"), std::string::npos) << "RFC 9110 9.3.6";
  EXPECT_EQ(host.received, "early ");
  peer.received.clear();
  host.send("hello");
  peer.send("and more");
  site.loop->run_for(10ms);
  EXPECT_EQ(peer.received, "hello");
  EXPECT_EQ(host.received, "early and more");
  host.end();
  peer.end();
  site.loop->run_for(1s);
  EXPECT_TRUE(peer.ended);
  EXPECT_FALSE(peer.failed);
  EXPECT_TRUE(host.ended);
  EXPECT_FALSE(host.failed);
  EXPECT_EQ(site.count("proxy_tunnels"), 1U);
  EXPECT_EQ(site.count("proxy_bytes"), 19U);
  EXPECT_EQ(site.worker->open_connections(), 0U);
}

TEST(proxy_tunnel, keeps_half_closes_both_ways_for_long) {
  parley::limits caps;
  caps.half_close_time = 1s;
  for (const bool client_first : {true, false}) {
    proxy_site site(usual(), caps);
    memory_host host(*site.loop, public_ip, 443);
    memory_peer peer(*site.loop, 80);
    peer.send(to_host);
    site.loop->run_for(10ms);
    peer.received.clear();
    if (client_first) {
      peer.send("question");
      peer.end();
      site.loop->run_for(30s);
      EXPECT_EQ(host.received, "question");
      EXPECT_TRUE(host.ended);
      EXPECT_FALSE(peer.ended) << "the other direction goes on";
      host.send("answer");
      site.loop->run_for(1s);
      host.end();
      site.loop->run_for(1s);
      EXPECT_EQ(peer.received, "answer");
      EXPECT_TRUE(peer.ended);
    } else {
      host.send("greeting");
      host.end();
      site.loop->run_for(30s);
      EXPECT_EQ(peer.received, "greeting");
      EXPECT_TRUE(peer.ended);
      EXPECT_FALSE(host.ended);
      peer.send("late words");
      site.loop->run_for(1s);
      EXPECT_EQ(host.received, "late words");
      peer.end();
      site.loop->run_for(1s);
      EXPECT_TRUE(host.ended);
    }
    EXPECT_FALSE(peer.failed);
    EXPECT_FALSE(host.failed);
    EXPECT_EQ(site.worker->open_connections(), 0U);
  }
}

TEST(proxy_tunnel, http2_keeps_half_closes_too) {
  for (const bool client_first : {true, false}) {
    proxy_site site;
    memory_host host(*site.loop, public_ip, 443);
    auto peer = site.http2();
    const auto id = peer.begin({.method = "CONNECT", .path = "host.example:443"});
    site.loop->run_for(10ms);
    ASSERT_EQ(peer.answers[id].status, 200);
    peer.send_data(id, "a");
    host.send("b");
    site.loop->run_for(60s);  // longer than any time of content
    EXPECT_EQ(host.received, "a");
    EXPECT_EQ(peer.answers[id].content, "b");
    EXPECT_FALSE(peer.answers[id].lost);
    if (client_first) {
      peer.send_end(id);
      site.loop->run_for(30s);
      EXPECT_TRUE(host.ended);
      EXPECT_FALSE(peer.answers[id].whole);
      host.send("c");
      host.end();
      site.loop->run_for(1s);
      EXPECT_EQ(peer.answers[id].content, "bc");
      EXPECT_TRUE(peer.answers[id].whole);
    } else {
      host.end();
      site.loop->run_for(30s);
      EXPECT_TRUE(peer.answers[id].whole);
      peer.send_data(id, "c");
      peer.send_end(id);
      site.loop->run_for(1s);
      EXPECT_EQ(host.received, "ac");
      EXPECT_TRUE(host.ended);
    }
    EXPECT_FALSE(peer.answers[id].lost);
    site.expect_served();
  }
}

TEST(proxy_tunnel, what_breaks_off_is_no_end) {
  proxy_site site;
  memory_host host(*site.loop, public_ip, 443);
  auto peer = site.http2();
  const auto id = peer.begin({.method = "CONNECT", .path = "host.example:443"});
  site.loop->run_for(10ms);
  host.abort();
  site.loop->run_for(1s);
  ASSERT_TRUE(peer.answers[id].lost);
  EXPECT_EQ(peer.answers[id].lost->code, 0xaU) << "RFC 9113 8.5: CONNECT_ERROR";
  // And the other way: what a client gives up is reset at the host.
  const auto other = peer.begin({.method = "CONNECT", .path = "host.example:443"});
  site.loop->run_for(10ms);
  peer.reset(other);
  site.loop->run_for(1s);
  EXPECT_TRUE(host.failed);
  EXPECT_EQ(site.messages, "");
  site.expect_served();
}

TEST(proxy_tunnel, back_pressure_both_ways) {
  proxy_site site;
  memory_host host(*site.loop, public_ip, 443);
  host.stop_reading();
  memory_peer peer(*site.loop, 80);
  peer.send(to_host);
  site.loop->run_for(10ms);
  host.stop_reading();
  const std::string much(4 * 1024 * 1024, 'x');
  peer.send(much);
  site.loop->run_for(1s);
  EXPECT_GT(peer.unsent(), much.size() / 2) << "nobody reads at the host, so little is taken";
  peer.stop_reading();
  host.send(much);
  site.loop->run_for(1s);
  EXPECT_GT(host.unsent(), much.size() / 2);
  host.go_on_reading();
  peer.go_on_reading();
  site.loop->run_for(5s);
  EXPECT_EQ(host.received.size(), much.size());
  EXPECT_EQ(peer.received.size() - peer.received.find("\r\n\r\n") - 4, much.size());
}

// --- where to ----------------------------------------------------------------------------------------------------------------

TEST(proxy_tunnel, open_proxy) {
  // Denied by default: not even the host of the rules' tests.
  proxy_site closed(parley::forward_proxy::settings{.name = "proxy-1"});
  memory_host host(*closed.loop, public_ip, 443);
  EXPECT_EQ(answer_to(closed, to_host), "403 proxy-1;error=http_request_denied");
  closed.expect_served();

  proxy_site site;
  memory_host there(*site.loop, public_ip, 443);
  for (const char* name : {"evil.example", "x.host.example", "hosts.example", "below.example", "notbelow.example",
                           "a.below.example", "host.example.evil.example"}) {
    site.loop->add_name(name, {public_ip});
  }
  const std::pair<const char*, const char*> rows[] = {
      {"host.example:443", "200"},
      {"HOST.Example:443", "200"},
      {"host.example.:443", "200"},
      {"a.below.example:443", "200"},
      {"host.example:80", "403 proxy-1;error=http_request_denied"},
      {"host.example:22", "403 proxy-1;error=http_request_denied"},
      {"host.example:25", "403 proxy-1;error=http_request_denied"},
      {"evil.example:443", "403 proxy-1;error=http_request_denied"},
      {"x.host.example:443", "403 proxy-1;error=http_request_denied"},
      {"below.example:443", "403 proxy-1;error=http_request_denied"},
      {"notbelow.example:443", "403 proxy-1;error=http_request_denied"},
      {"host.example.evil.example:443", "403 proxy-1;error=http_request_denied"},
      {"93.184.216.34:443", "403 proxy-1;error=http_request_denied"},
  };
  for (const auto& [where, answer] : rows) EXPECT_EQ(answer_to(site, connect_to(where)), answer) << where;
  EXPECT_EQ(site.count("proxy_denied"), 9U);
  site.expect_served();
}

TEST(proxy_tunnel, server_side_request_forgery) {
  auto how = usual();
  how.allowed.add("*");
  proxy_site site(how);
  // Whoever listens at such an address must not hear anything.
  const char* const inside[] = {"127.0.0.1",
                                "10.1.2.3",
                                "169.254.169.254",
                                "192.168.1.1",
                                "172.31.255.255",
                                "100.64.0.1",
                                "0.0.0.0",
                                "224.0.0.1",
                                "255.255.255.255",
                                "::1",
                                "::",
                                "fe80::1",
                                "fd00::1",
                                "ff02::1",
                                "::ffff:127.0.0.1",
                                "64:ff9b::7f00:1",
                                "2002:7f00:1::",
                                "::ffff:93.184.216.34",
                                "64:ff9b:1::1",
                                "2001::1",
                                "198.18.0.1",
                                "192.0.2.1",
                                "2001:db8::1"};
  std::deque<memory_host> hosts;
  for (const char* const each : inside) hosts.emplace_back(*site.loop, each, 443);
  for (const char* const each : inside) {
    site.loop->add_name("rebound.example", {each});
    EXPECT_EQ(answer_to(site, connect_to("rebound.example:443")), "403 proxy-1;error=destination_ip_prohibited") << each;
    const std::string literal = std::string(each).find(':') == std::string::npos ? each : "[" + std::string(each) + "]";
    EXPECT_EQ(answer_to(site, connect_to(literal + ":443")), "403 proxy-1;error=destination_ip_prohibited") << each;
  }
  EXPECT_EQ(answer_to(site, connect_to("localhost:443")), "403 proxy-1;error=destination_ip_prohibited");
  for (const memory_host& each : hosts) EXPECT_EQ(each.connections, 0);
  // Of several addresses the public one is used alone.
  memory_host good(*site.loop, public_ip, 443);
  site.loop->add_name("both.example", {"10.1.2.3", public_ip, "127.0.0.1"});
  EXPECT_EQ(answer_to(site, connect_to("both.example:443")), "200");
  EXPECT_EQ(good.connections, 1);
  for (const memory_host& each : hosts) EXPECT_EQ(each.connections, 0);
  site.expect_served();

  how.allow_private = true;
  proxy_site open(how);
  memory_host inner(*open.loop, "10.1.2.3", 443);
  EXPECT_EQ(answer_to(open, connect_to("10.1.2.3:443")), "200");
}

// The name server says something else a moment later, whenever that is: what was looked at is what is connected to.
TEST(proxy_tunnel, dns_rebinding_between_look_up_and_connecting) {
  auto how = usual();
  how.http_ports = {443};
  const std::string_view requests[] = {to_host, "GET http://host.example:443/ HTTP/1.1\r\nHost: host.example:443\r\n\r\n"};
  for (const std::string_view request : requests) {
    int before = 0, after = 0;
    for (int turns = -1; turns < 40; ++turns) {
      proxy_site site(how);
      memory_host outside(*site.loop, public_ip, 443);
      memory_host inside(*site.loop, "127.0.0.1", 443);
      memory_peer peer(*site.loop, 80);
      if (turns < 0) site.loop->add_name("host.example", {"127.0.0.1"});
      peer.send(request);
      for (int i = 0; i < turns; ++i) static_cast<void>(site.loop->run_one_turn());
      site.loop->add_name("host.example", {"127.0.0.1"});
      site.loop->run_for(1s);
      EXPECT_EQ(inside.connections, 0) << turns;
      EXPECT_LE(outside.connections, 1) << turns;
      if (outside.connections == 0) {
        ++before;
        EXPECT_TRUE(peer.received.starts_with("HTTP/1.1 403 ")) << turns << peer.received;
      } else {
        ++after;
      }
      site.expect_served();
    }
    EXPECT_GE(before, 1) << "the name changed before it was looked up";
    EXPECT_GE(after, 1) << "and after it";
  }
}

TEST(proxy_tunnel, public_addresses) {
  for (const char* each : {"8.8.8.8", "93.184.216.34", "100.63.255.255", "100.128.0.0", "172.15.0.1", "172.32.0.1", "192.0.1.1",
                           "223.255.255.255", "2606:4700::1111", "2001:200::1", "2a00::1"}) {
    EXPECT_TRUE(parley::public_address(each)) << each;
  }
  for (const char* each : {"", "localhost", "127.1", "0177.0.0.1", "2130706433", "0x7f.0.0.1", "1.2.3.4.5", "[2606:4700::1111]",
                           "fe80::1%eth0", "2001:db8::", "3fff:fff::1", "4000::1", "2001:1ff::1", "::8.8.8.8"}) {
    EXPECT_FALSE(parley::public_address(each)) << each;
  }
}

TEST(proxy_tunnel, hosts_that_are_not_there) {
  auto how = usual();
  how.allowed.add("*");
  proxy_site site(how);
  EXPECT_EQ(answer_to(site, connect_to("nowhere.example:443")), "502 proxy-1;error=dns_error");
  EXPECT_EQ(answer_to(site, to_host), "502 proxy-1;error=connection_refused");
  EXPECT_EQ(site.count("proxy_failed"), 2U);
  site.expect_served();
}

// --- limits ------------------------------------------------------------------------------------------------------------------

TEST(proxy_tunnel, so_many_at_once) {
  auto how = usual();
  how.tunnels = 2;
  proxy_site site(how);
  memory_host host(*site.loop, public_ip, 443);
  {
    memory_peer one(*site.loop, 80), two(*site.loop, 80);
    one.send(to_host);
    two.send(to_host);
    site.loop->run_for(10ms);
    EXPECT_TRUE(two.received.starts_with("HTTP/1.1 200"));
    EXPECT_EQ(answer_to(site, to_host), "503 proxy-1;error=connection_limit_reached");
    one.abort();
    site.loop->run_for(1s);
    EXPECT_EQ(answer_to(site, to_host), "200") << "its place is free again";
    two.abort();
  }
  how.tunnels = 100;
  how.tunnels_per_client = 1;
  proxy_site each(how);
  memory_host there(*each.loop, public_ip, 443);
  memory_peer one(*each.loop, 80);
  one.send(to_host);
  each.loop->run_for(10ms);
  EXPECT_EQ(answer_to(each, to_host), "429 proxy-1;error=connection_limit_reached");
  EXPECT_EQ(each.count("proxy_over_tunnels"), 1U);
  each.expect_served();
}

TEST(proxy_tunnel, ends_when_it_idles_or_grows_old_or_carries_too_much) {
  {
    auto how = usual();
    how.idle_time = 10s;
    proxy_site site(how);
    memory_host host(*site.loop, public_ip, 443);
    memory_peer peer(*site.loop, 80);
    peer.send(to_host);
    for (int i = 0; i < 5; ++i) {
      site.loop->run_for(8s);
      EXPECT_FALSE(peer.ended);
      i % 2 == 0 ? host.send("x") : peer.send("x");
    }
    site.loop->run_for(12s);
    EXPECT_TRUE(peer.ended);
    EXPECT_TRUE(host.failed) << "it did not end, it was cut off";
    EXPECT_EQ(site.count("proxy_over_time"), 1U);
  }
  {
    auto how = usual();
    how.total_time = 20s;
    proxy_site site(how);
    memory_host host(*site.loop, public_ip, 443);
    memory_peer peer(*site.loop, 80);
    peer.send(to_host);
    for (int i = 0; i < 19; ++i) {
      site.loop->run_for(1s);
      host.send("x");
    }
    EXPECT_FALSE(peer.ended);
    site.loop->run_for(2s);
    EXPECT_TRUE(peer.ended);
    EXPECT_TRUE(host.failed);
    EXPECT_EQ(site.count("proxy_over_time"), 1U);
  }
  {
    auto how = usual();
    how.bytes = 1000;
    proxy_site site(how);
    memory_host host(*site.loop, public_ip, 443);
    auto peer = site.http2();
    const auto id = peer.begin({.method = "CONNECT", .path = "host.example:443"});
    site.loop->run_for(10ms);
    peer.send_data(id, std::string(600, 'x'));
    host.send(std::string(300, 'y'));
    site.loop->run_for(1s);
    EXPECT_FALSE(peer.answers[id].lost);
    host.send(std::string(300, 'y'));
    site.loop->run_for(1s);
    EXPECT_TRUE(peer.answers[id].lost);
    EXPECT_TRUE(host.failed);
    EXPECT_EQ(site.count("proxy_over_bytes"), 1U);
    site.expect_served();
  }
}

// --- who ---------------------------------------------------------------------------------------------------------------------

TEST(proxy_tunnel, users_alone) {
  auto how = usual();
  how.users = {{"ada", "secret"}, {"bob", "pass:word"}};
  proxy_site site(how);
  memory_host host(*site.loop, public_ip, 443);
  const auto with = [&](std::string_view base64) {
    return answer_to(site, connect_to("host.example:443", "Proxy-Authorization: Basic " + std::string(base64) + "\r\n"));
  };
  EXPECT_EQ(with("YWRhOnNlY3JldA=="), "200");
  EXPECT_EQ(with("Ym9iOnBhc3M6d29yZA=="), "200");
  EXPECT_EQ(answer_to(site, to_host), "407");
  EXPECT_EQ(with("YWRhOg=="), "407");              // ada:
  EXPECT_EQ(with("YWRhOnBhc3M6d29yZA=="), "407");  // ada with bob's
  EXPECT_EQ(with("OnNlY3JldA=="), "407");          // nobody
  EXPECT_EQ(answer_to(site, connect_to("host.example:443", "Authorization: Basic YWRhOnNlY3JldA==\r\n")), "407");
  memory_peer peer(*site.loop, 80);
  peer.send(to_host);
  site.loop->run_for(10ms);
  EXPECT_NE(peer.received.find("\r\nProxy-Authenticate: Basic realm=\"proxy-1\", charset=\"UTF-8\"\r\n"), std::string::npos)
      << peer.received;
  // A refused CONNECT leaves the connection HTTP's (RFC 9110 9.3.6).
  peer.received.clear();
  peer.send(connect_to("host.example:443", "Proxy-Authorization: Basic YWRhOnNlY3JldA==\r\n"));
  site.loop->run_for(10ms);
  EXPECT_TRUE(peer.received.starts_with("HTTP/1.1 200")) << peer.received;
  EXPECT_EQ(site.count("proxy_unauthorized"), 6U);
}

}  // namespace
}  // namespace proxy_tests
