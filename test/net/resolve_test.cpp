#include "net/resolve.hpp"

#include "net/memory_network.hpp"

#include <gtest/gtest.h>

#include <netdb.h>

namespace net_tests {
namespace {

namespace net = parley::net;
using answer = std::expected<std::vector<net::endpoint>, std::error_code>;

answer resolve_on(net::loop& loop, const std::string& host, std::uint16_t port = 80) {
  answer got = std::unexpected(std::error_code());
  bool within = true;
  const auto asking = net::resolve(loop, host, port, [&](answer found) {
    EXPECT_FALSE(within);
    got = std::move(found);
  });
  within = false;
  loop.run_until_idle();
  return got;
}

std::string text_of(const answer& from) {
  if (!from) return from.error().message();
  std::string text;
  for (const net::endpoint& e : *from) text += e.to_string() + " ";
  return text;
}

TEST(resolve, numeric_addresses_and_localhost_need_no_system) {
  const std::pair<const char*, const char*> rows[] = {
      {"127.0.0.1", "127.0.0.1:80 "},           {"::1", "[::1]:80 "},
      {"2001:db8::7", "[2001:db8::7]:80 "},     {"localhost", "[::1]:80 127.0.0.1:80 "},
      {"LocalHost.", "[::1]:80 127.0.0.1:80 "}, {"shop.localhost", "[::1]:80 127.0.0.1:80 "},
  };
  for (const bool real : {true, false}) {
    for (const auto& [host, expected] : rows) {
      const auto loop = real ? net::loop::make() : std::make_unique<net::memory_loop>();
      EXPECT_EQ(text_of(resolve_on(*loop, host)), expected);
    }
  }
}

TEST(resolve, asks_the_system_on_the_pool) {
  const auto loop = net::loop::make();
  // Never to be found (RFC 6761 §6.4), whether or not this machine has a name server.
  const answer found = resolve_on(*loop, "name.invalid");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().category(), net::resolve_category());
  EXPECT_FALSE(found.error().message().empty());
}

TEST(resolve, may_be_given_up) {
  const auto loop = net::loop::make();
  net::resolve(*loop, "name.invalid", 80, [](const answer&) { FAIL(); }).reset();
  net::resolve(*loop, "127.0.0.1", 80, [](const answer&) { FAIL(); }).reset();
  loop->run_until_idle();
}

TEST(resolve, may_outlive_its_loop) {
  auto loop = net::loop::make();
  auto asking = net::resolve(*loop, "name.invalid", 80, [](const answer&) { FAIL(); });
  asking.reset();
  loop.reset();
}

TEST(resolve, its_callback_may_destroy_it) {
  const auto loop = net::loop::make();
  std::unique_ptr<net::pending> asking;
  asking = net::resolve(*loop, "localhost", 80, [&](const answer&) { asking.reset(); });
  loop->run_until_idle();
  EXPECT_EQ(asking, nullptr);
}

TEST(resolve, knows_the_names_of_a_memory_network) {
  net::memory_loop loop;
  loop.add_name("shop.example", {"2001:db8::1", "192.0.2.1"});
  loop.add_name("gone.example", {});
  EXPECT_EQ(text_of(resolve_on(loop, "shop.example", 443)), "[2001:db8::1]:443 192.0.2.1:443 ");
  EXPECT_EQ(resolve_on(loop, "gone.example").error(), std::error_code(EAI_NONAME, net::resolve_category()));
  EXPECT_EQ(resolve_on(loop, "other.example").error(), std::error_code(EAI_NONAME, net::resolve_category()));
}

TEST(resolve, families_take_turns) {
  const auto interleaved = [](const std::vector<std::string>& hosts) {
    std::vector<net::endpoint> all;
    for (const std::string& host : hosts) all.push_back({host, 1, false});
    std::string text;
    for (const net::endpoint& e : net::interleave_families(std::move(all))) text += e.host + " ";
    return text;
  };
  EXPECT_EQ(interleaved({}), "");
  EXPECT_EQ(interleaved({"1.1.1.1"}), "1.1.1.1 ");
  EXPECT_EQ(interleaved({"::1", "::2", "::3", "1.1.1.1", "2.2.2.2"}), "::1 1.1.1.1 ::2 2.2.2.2 ::3 ");
  EXPECT_EQ(interleaved({"1.1.1.1", "2.2.2.2", "::1"}), "1.1.1.1 ::1 2.2.2.2 ");
}

TEST(endpoint, in_words) {
  EXPECT_EQ((net::endpoint{"127.0.0.1", 8080, false}).to_string(), "127.0.0.1:8080");
  EXPECT_EQ((net::endpoint{"::1", 443, false}).to_string(), "[::1]:443");
  EXPECT_EQ((net::endpoint{"/run/parley.sock", 0, true}).to_string(), "unix:/run/parley.sock");
  EXPECT_EQ((net::endpoint{"memory", 1, false}).to_string(), "memory:1");
}

TEST(endpoint, loopback) {
  for (const char* host : {"127.0.0.1", "127.9.9.9", "::1"}) EXPECT_TRUE((net::endpoint{host, 1, false}).loopback());
  EXPECT_TRUE((net::endpoint{"/run/x", 0, true}).loopback());
  for (const char* host : {"128.0.0.1", "::2", "192.0.2.1"}) EXPECT_FALSE((net::endpoint{host, 1, false}).loopback());
}

}  // namespace
}  // namespace net_tests
