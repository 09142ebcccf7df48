#include "quic/batch.hpp"

#include "quic/memory_net.hpp"

#include <algorithm>
#include <gtest/gtest.h>

namespace parley::quic {
namespace {

const path here{ipv4("10.0.0.1", 1), ipv4("10.0.0.2", 2)};
const path there{ipv4("10.0.0.1", 1), ipv4("10.0.0.3", 3)};

void put(batch& into, const path& where, ecn mark, std::size_t size, char with) {
  std::ranges::fill(into.room().first(size), static_cast<unsigned char>(with));
  into.add(where, mark, size);
}

TEST(QuicBatch, OneRunForWhatOneCallCanSend) {
  batch b;
  put(b, here, ecn::ect0, 1'200, 'a');
  put(b, here, ecn::ect0, 1'200, 'b');
  put(b, here, ecn::ect0, 300, 'c');   // a shorter one ends the run
  put(b, here, ecn::ect0, 300, 'd');   // so this is the next
  put(b, here, ecn::ect0, 301, 'e');   // longer than the run's
  put(b, there, ecn::ect0, 301, 'f');  // to another
  put(b, there, ecn::none, 301, 'g');  // marked otherwise
  ASSERT_EQ(b.runs().size(), 5U);
  EXPECT_EQ(b.runs()[0].segment, 1'200U);
  EXPECT_EQ(b.runs()[0].count(), 3U);
  EXPECT_EQ(b.runs()[0].bytes, std::string(1'200, 'a') + std::string(1'200, 'b') + std::string(300, 'c'));
  EXPECT_EQ(b.runs()[1].bytes, std::string(300, 'd'));
  EXPECT_EQ(b.runs()[3].where, there);
  EXPECT_EQ(b.runs()[4].mark, ecn::none);
  b.clear();
  EXPECT_TRUE(b.empty());
  b.release();
}

TEST(QuicBatch, RunsEndWhereTheSystemsLimitsAre) {
  batch b(512UL * 1024);
  for (int i = 0; i < 65; ++i) put(b, here, ecn::none, 100, 'x');
  ASSERT_EQ(b.runs().size(), 2U);
  EXPECT_EQ(b.runs()[0].count(), 64U);
  b.clear();
  for (int i = 0; i < 50; ++i) put(b, here, ecn::none, 1'450, 'x');
  ASSERT_EQ(b.runs().size(), 2U);
  EXPECT_LE(b.runs()[0].bytes.size(), 65'000U);
  EXPECT_EQ(b.runs()[0].count() + b.runs()[1].count(), 50U);
}

TEST(QuicBatch, FullWhereNoDatagramFits) {
  batch b(batch::largest_datagram + 1'500);
  EXPECT_FALSE(b.full());
  put(b, here, ecn::none, 1'500, 'x');
  EXPECT_FALSE(b.full());
  put(b, here, ecn::none, 1, 'x');
  EXPECT_TRUE(b.full());
}

TEST(QuicAddress, PaddingAndFlowLabelsDoNotCount) {
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_port = htons(443);
  sockaddr_in b = a;
  b.sin_zero[3] = 9;
  EXPECT_EQ(address(&a, sizeof a), address(&b, sizeof b));
  sockaddr_in6 c{};
  c.sin6_family = AF_INET6;
  sockaddr_in6 d = c;
  d.sin6_flowinfo = 77;
  EXPECT_EQ(address(&c, sizeof c), address(&d, sizeof d));
  EXPECT_TRUE(address(&c, sizeof c).is_ipv6());
  d.sin6_scope_id = 2;
  EXPECT_FALSE(address(&c, sizeof c) == address(&d, sizeof d));
  EXPECT_TRUE(address(&a, 4).empty());
  a.sin_family = AF_UNIX;
  EXPECT_TRUE(address(&a, sizeof a).empty());
}

}  // namespace
}  // namespace parley::quic
