#include "client/agent_settings.hpp"
#include "client/proxy_choice.hpp"

#include <stdexcept>
#include <utility>

// The setters of `options` that need more than a member.

namespace parley {

// A copy of the options shares what it has until one of both changes.
detail::agent_settings& options::change_agent() {
  auto changed = agent_ ? std::make_shared<detail::agent_settings>(*agent_) : std::make_shared<detail::agent_settings>();
  detail::agent_settings& here = *changed;
  agent_ = std::move(changed);
  return here;
}

options& options::cookies(cookie_jar jar) {
  change_agent().jar = std::move(jar);
  return *this;
}

options& options::redirects(unsigned most, bool downgrades) {
  detail::agent_settings& agent = change_agent();
  agent.redirects = most;
  agent.downgrades = downgrades;
  return *this;
}

options& options::login(parley::login who) {
  change_agent().who = std::move(who);
  return *this;
}

options& options::decode(std::uint64_t most, unsigned ratio) {
  detail::agent_settings& agent = change_agent();
  agent.decode = true;
  agent.decoded_most = most;
  agent.decoded_ratio = ratio;
  return *this;
}

options& options::check_digests(bool on) {
  change_agent().digests = on;
  return *this;
}

options& options::proxy(std::string url) {
  if (!url.empty()) {
    if (const auto way = fetching::parse_proxy(url); !way) throw std::invalid_argument(way.error());
  }
  change_agent().proxy = std::move(url);
  return *this;
}

options& options::no_proxy(std::string list) {
  change_agent().no_proxy = std::move(list);
  return *this;
}

options& options::proxy_from_environment(bool on) {
  change_agent().environment = on;
  return *this;
}

}  // namespace parley
