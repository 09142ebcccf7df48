// What servers, files and the environment tell a client: Location, challenges, Authentication-Info, proxies, .netrc.
#include "client/login_state.hpp"
#include "client/netrc.hpp"
#include "client/proxy_choice.hpp"
#include "client/redirect.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void locations(std::string_view text) {
  static const parley::uri base = parley::uri::parse("https://a.example/b/c?d#e").value();
  const auto target = parley::fetching::follow_location(base, text);
  if (!target) return;
  require(target->scheme() == "http" || target->scheme() == "https" || target->scheme().size() <= 5);
  require(!target->host().empty() && !target->has_userinfo());
  // What is asked next can be asked.
  require(parley::uri::parse(target->to_string()).has_value());
  static_cast<void>(parley::fetching::origin_name(*target));
}

void challenges(std::string_view text) {
  const auto who = parley::login::any("ada", "secret");
  auto& state = *parley::detail::login_state::of(who);
  const std::string content = "content";
  const parley::detail::asked_message message{"POST", "/x?y", &content};
  auto sent = state.answer("here", text, message, std::nullopt);
  if (!sent) return;
  require(sent->field.find('\n') == std::string::npos && sent->field.find('\r') == std::string::npos);
  require(sent->field.find("secret") == std::string::npos);
  static_cast<void>(state.learn("here", text, *sent));
  // One that was refused is not answered again, unless its nonce is old.
  const auto again = state.answer("here", text, message, sent);
  if (again) require(again->digest.has_value());
}

void settings(std::string_view text) {
  const auto way = parley::fetching::parse_proxy(text);
  if (way) require(!way->host.empty() && way->port != 0);
  const std::size_t half = text.size() / 2;
  static_cast<void>(parley::fetching::bypasses_proxy(text.substr(0, half), text.substr(half), 80));
  static_cast<void>(parley::fetching::bypasses_proxy(text, "10.0.0.1", 80));
  const auto entry = parley::fetching::find_netrc(text, "a.example");
  if (entry) require(!entry->user.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 3) {
    case 0: locations(text); break;
    case 1: challenges(text); break;
    default: settings(text); break;
  }
  return 0;
}
