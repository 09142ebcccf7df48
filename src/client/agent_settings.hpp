// What `options` ask for beyond one request and its bytes.
#pragma once

#include <parley/client.hpp>
#include <parley/cookie_jar.hpp>
#include <parley/login.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace parley::detail {

struct agent_settings {
  std::optional<cookie_jar> jar = {};
  unsigned redirects = 0;
  bool downgrades = false;
  std::optional<parley::login> who = {};
  bool decode = false;
  std::uint64_t decoded_most = 0;
  unsigned decoded_ratio = 0;
  bool digests = false;
  std::string proxy = {};  // a URL that was checked
  std::optional<std::string> no_proxy = {};
  bool environment = false;
};

}  // namespace parley::detail
