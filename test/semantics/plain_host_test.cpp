#include "semantics/plain_host.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "semantics/target.hpp"

namespace parley::semantics {
namespace {

TEST(plain_host, what_it_takes_is_valid) {
  for (std::string_view start :
       {"example.org:8080", "www.example.org:8080", "a", "a-b.c:1", "1.2.3.4", "x:", "a:12345", "127.0.0.1:65535"}) {
    for (std::size_t at = 0; at < start.size(); ++at) {
      for (int c = 0; c < 256; ++c) {
        std::string value(start);
        value[at] = static_cast<char>(c);
        const std::string memory = value + std::string(16, 'z');
        if (is_plain_host(std::string_view(memory).substr(0, value.size()), memory.data() + memory.size())) {
          const auto parsed = parse_host(value);
          EXPECT_TRUE(parsed && parsed->kind != host_kind::empty) << value;
        }
      }
    }
  }
}

TEST(plain_host, what_it_takes) {
  const auto taken = [](std::string_view value) {
    const std::string memory = std::string(value) + std::string(16, 'z');
    return is_plain_host(std::string_view(memory).substr(0, value.size()), memory.data() + memory.size());
  };
#if defined(__SSE2__) && !defined(PARLEY_PORTABLE_SCAN)
  for (const char* host : {"h", "www.example.com", "127.0.0.1:8443", "LocalHost:65535", "www.example.org:65535", "127.0.0.1:59999",
                           "a.b-c:", "sixteen.letters1"})
    EXPECT_TRUE(taken(host)) << host;
#endif
  for (const char* host : {"", ":80", "a:65536", "www.example.org:65536", "127.0.0.1:65536", "a:8o", "www.example.org:8o",
                           "a:123456", "a/b", "a_b", "[::1]", "u@h", "seventeen.letters"})
    EXPECT_FALSE(taken(host)) << host;
  EXPECT_FALSE(is_plain_host("h", nullptr)) << "no more can be read";
}

}  // namespace
}  // namespace parley::semantics
