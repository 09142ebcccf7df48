#include "tool/listen_address.hpp"

#include "tool/exit_code.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace parley::tool {
namespace {

TEST(ListenAddress, ReadsAddressAndPort) {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"127.0.0.1:8080", "127.0.0.1:8080"}, {"0.0.0.0:0", "0.0.0.0:0"},       {"[::1]:443", "[::1]:443"},
      {"[::]:65535", "[::]:65535"},         {"localhost:80", "127.0.0.1:80"},
  };
  for (const auto& [text, shown] : rows) EXPECT_EQ(parse_listen_address("--http", text).to_string(), shown);
}

TEST(ListenAddress, RefusesWithTheWayOut) {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"8080", "--http 8080: give an address and a port, such as 127.0.0.1:8080 or [::1]:8080, or off"},
      {"", "--http : give an address and a port, such as 127.0.0.1:8080 or [::1]:8080, or off"},
      {":8080", "--http :8080: the address is missing; 127.0.0.1 is this machine, 0.0.0.0 is everywhere"},
      {"127.0.0.1:", "--http 127.0.0.1:: the port must be a number from 0 to 65535 (0 takes a free one)"},
      {"127.0.0.1:65536", "--http 127.0.0.1:65536: the port must be a number from 0 to 65535 (0 takes a free one)"},
      {"127.0.0.1:+80", "--http 127.0.0.1:+80: the port must be a number from 0 to 65535 (0 takes a free one)"},
      {"127.0.0.1:8o", "--http 127.0.0.1:8o: the port must be a number from 0 to 65535 (0 takes a free one)"},
      {"::1:8080", "--http ::1:8080: an IPv6 address stands in brackets, as in [::1]:8080"},
      {"example.org:80", "--http example.org:80: \"example.org\" is no IP address; use one such as 127.0.0.1, 0.0.0.0 or [::1]"},
      {"http://127.0.0.1:80", "--http http://127.0.0.1:80: an address and a port are wanted, without a scheme: 127.0.0.1:8080"},
      {"[127.0.0.1]:80", "--http [127.0.0.1]:80: \"127.0.0.1\" is no IP address; use one such as 127.0.0.1, 0.0.0.0 or [::1]"},
  };
  for (const auto& [text, sentence] : rows) {
    try {
      static_cast<void>(parse_listen_address("--http", text));
      ADD_FAILURE() << text;
    } catch (const refusal& error) {
      EXPECT_EQ(error.what(), sentence);
      EXPECT_EQ(error.code(), exit_usage);
    }
  }
}

}  // namespace
}  // namespace parley::tool
