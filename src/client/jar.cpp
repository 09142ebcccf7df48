#include "client/jar.hpp"

#include "client/public_suffix.hpp"

#include <utility>

// The jar itself. Its files are in jar_file.cpp.

namespace parley {

detail::jar_state::jar_state() : jar_(fetching::is_public_suffix) {}

cookie_jar::cookie_jar() : state_(std::make_shared<detail::jar_state>()) {}

std::string cookie_jar::store(std::string_view set_cookie, const uri& url) {
  return state_->with([&](semantics::cookie_jar& jar, std::chrono::sys_seconds now) {
    const auto taken = jar.store(set_cookie, semantics::cookie_url::of(url), now);
    return taken ? std::string() : std::string(taken.error());
  });
}

std::string cookie_jar::field_for(const uri& url) {
  return state_->with(
      [&](semantics::cookie_jar& jar, std::chrono::sys_seconds now) { return jar.field_for(semantics::cookie_url::of(url), now); });
}

std::vector<cookie_jar::cookie> cookie_jar::all() const {
  return state_->with([](semantics::cookie_jar& jar, std::chrono::sys_seconds now) {
    jar.remove_expired(now);
    std::vector<cookie> copies;
    copies.reserve(jar.size());
    for (const semantics::jar_cookie* c : jar.all()) {
      copies.push_back({c->name, c->value, c->domain, c->path, c->host_only, c->secure, c->http_only, c->expires});
    }
    return copies;
  });
}

std::size_t cookie_jar::size() const {
  return state_->with([](semantics::cookie_jar& jar, std::chrono::sys_seconds now) {
    jar.remove_expired(now);
    return jar.size();
  });
}

void cookie_jar::clear() {
  state_->with([](semantics::cookie_jar& jar, std::chrono::sys_seconds) { jar.clear(); });
}

void cookie_jar::remove_session_cookies() {
  state_->with([](semantics::cookie_jar& jar, std::chrono::sys_seconds) { jar.remove_session_cookies(); });
}

std::string cookie_jar::to_text() const {
  return state_->with([](semantics::cookie_jar& jar, std::chrono::sys_seconds now) {
    jar.remove_expired(now);
    return jar.to_netscape();
  });
}

std::size_t cookie_jar::read(std::string_view text) {
  return state_->with([&](semantics::cookie_jar& jar, std::chrono::sys_seconds now) { return jar.read_netscape(text, now); });
}

}  // namespace parley
