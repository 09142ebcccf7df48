#include "semantics/cookie_jar.hpp"

#include <algorithm>
#include <utility>

#include "base/ascii.hpp"

namespace parley::semantics {

namespace {

std::size_t bytes_of(const jar_cookie& c) { return c.name.size() + c.value.size() + c.domain.size() + c.path.size(); }
bool is_expired(const jar_cookie& c, std::chrono::sys_seconds now) { return c.expires && *c.expires <= now; }

bool same_key(const jar_cookie& a, const jar_cookie& b) {
  return a.name == b.name && a.domain == b.domain && a.host_only == b.host_only && a.path == b.path;
}

// RFC 6265bis §5.4, §5.7: what the prefixes of names promise. A cookie without name may not look as if it had one of them.
const char* broken_promise(const jar_cookie& c, const received_cookie& said) {
  if (has_secure_prefix(c.name) && !c.secure) return "its name begins with __Secure-, but it is not Secure";
  if (has_host_prefix(c.name) && (!c.secure || !c.host_only || said.path != "/"))
    return "its name begins with __Host-, but it is not Secure, for one host alone and with the path /";
  if (c.name.empty() && (has_secure_prefix(c.value) || has_host_prefix(c.value)))
    return "it has no name, and a value that looks like one";
  if (c.same_site == same_site_rule::none && !c.secure) return "it has SameSite=None, but is not Secure";
  if (c.partitioned && !c.secure) return "it is Partitioned, but not Secure";
  return nullptr;
}

}  // namespace

cookie_jar::cookie_jar(public_suffix_check is_public_suffix, cookie_jar_caps caps)
    : public_suffix_(std::move(is_public_suffix)), caps_(caps) {}

bool cookie_jar::is_public_suffix(std::string_view domain) const {
  return public_suffix_ ? public_suffix_(domain) : domain.find('.') == domain.npos;
}

// §5.7, steps 8 to 10.
std::expected<void, const char*> cookie_jar::settle_domain(jar_cookie& cookie, const std::optional<std::string>& asked,
                                                           const cookie_url& url) const {
  cookie.domain = url.host;
  if (!asked || asked->empty()) return {};
  if (std::any_of(asked->begin(), asked->end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }))
    return std::unexpected("its Domain has bytes beyond ASCII");
  if (asked->ends_with('.') || is_public_suffix(*asked)) {
    if (*asked == url.host) return {};
    return std::unexpected("its Domain is a public suffix");
  }
  if (!domain_matches(url.host, *asked)) return std::unexpected("its Domain does not cover the host that sent it");
  // An address stands for itself alone.
  cookie.host_only = is_address(url.host);
  cookie.domain = *asked;
  return {};
}

// §5.7, step 15: what comes without TLS leaves the Secure cookies of the same name alone.
bool cookie_jar::overlays_secure(const jar_cookie& cookie, const cookie_url& url, std::chrono::sys_seconds now) const {
  if (cookie.secure || url.secure) return false;
  for (const auto& [domain, cookies] : domains_) {
    if (!domain_matches(domain, cookie.domain) && !domain_matches(cookie.domain, domain)) continue;
    for (const jar_cookie& old : cookies) {
      if (old.secure && !is_expired(old, now) && old.name == cookie.name && path_matches(cookie.path, old.path)) return true;
    }
  }
  return false;
}

std::expected<void, const char*> cookie_jar::store(std::string_view set_cookie_field, const cookie_url& url,
                                                   std::chrono::sys_seconds now) {
  auto said = parse_set_cookie(set_cookie_field, now);
  if (!said) return std::unexpected(said.error());
  jar_cookie cookie;
  cookie.name = std::move(said->name);
  cookie.value = std::move(said->value);
  cookie.expires = said->expires;
  if (auto settled = settle_domain(cookie, said->domain, url); !settled) return settled;
  cookie.path = said->path ? *said->path : std::string(default_path(url.path));
  cookie.secure = said->secure;
  if (cookie.secure && !url.secure) return std::unexpected("it is Secure, but did not come over TLS");
  cookie.http_only = said->http_only;
  cookie.partitioned = said->partitioned;
  cookie.same_site = said->same_site;
  if (const char* const fault = broken_promise(cookie, *said)) return std::unexpected(fault);
  if (overlays_secure(cookie, url, now))
    return std::unexpected("a Secure cookie of that name exists, and this one did not come over TLS");
  put(std::move(cookie), now);
  return {};
}

void cookie_jar::put(jar_cookie cookie, std::chrono::sys_seconds now) {
  cookie.used = cookie.created = ++clock_;
  const auto entry = domains_.find(cookie.domain);
  if (entry != domains_.end()) {
    auto& cookies = entry->second;
    const auto old = std::find_if(cookies.begin(), cookies.end(), [&](const jar_cookie& c) { return same_key(c, cookie); });
    if (old != cookies.end()) {
      // §5.7, step 23: the new one keeps the place in the order, also against one that has just expired and was not swept.
      if (!is_expired(*old, now)) cookie.created = old->created;
      bytes_ -= bytes_of(*old);
      --count_;
      cookies.erase(old);
      if (cookies.empty()) domains_.erase(entry);
    }
  }
  if (is_expired(cookie, now)) return;
  if (bytes_of(cookie) > caps_.bytes || caps_.cookies == 0 || caps_.cookies_of_domain == 0) return;
  bytes_ += bytes_of(cookie);
  ++count_;
  auto& cookies = domains_[cookie.domain];
  cookies.push_back(std::move(cookie));
  const std::string domain = cookies.back().domain;
  make_room(domain, now);
}

// §5.7: expired ones first, then those of a domain that has too many, then any; each time the one that was not used for longest.
void cookie_jar::make_room(std::string_view domain, std::chrono::sys_seconds now) {
  const auto over = [&] { return count_ > caps_.cookies || bytes_ > caps_.bytes; };
  const auto entry = domains_.find(domain);
  if (!over() && entry->second.size() <= caps_.cookies_of_domain) return;
  // The one that has just come stays.
  const auto newest = [&](const jar_cookie& c) { return c.used == clock_; };
  remove_where([&](const jar_cookie& c) { return is_expired(c, now) && !newest(c); });

  while (entry->second.size() > caps_.cookies_of_domain) {
    auto& cookies = entry->second;
    // Those that are not Secure go before those that are.
    const auto out = std::min_element(cookies.begin(), cookies.end(), [&](const jar_cookie& a, const jar_cookie& b) {
      if (newest(a) != newest(b)) return newest(b);
      return a.secure != b.secure ? b.secure : a.used < b.used;
    });
    bytes_ -= bytes_of(*out);
    --count_;
    cookies.erase(out);
  }
  while (over()) {
    const jar_cookie* out = nullptr;
    for (const auto& [name, cookies] : domains_) {
      for (const jar_cookie& c : cookies) {
        if (out == nullptr || c.used < out->used) out = &c;
      }
    }
    remove_where([&, used = out->used](const jar_cookie& c) { return c.used == used; });
  }
}

template <class Predicate>
void cookie_jar::remove_where(Predicate&& gone) {
  for (auto entry = domains_.begin(); entry != domains_.end();) {
    std::erase_if(entry->second, [&](const jar_cookie& c) {
      if (!gone(c)) return false;
      bytes_ -= bytes_of(c);
      --count_;
      return true;
    });
    entry = entry->second.empty() ? domains_.erase(entry) : std::next(entry);
  }
}

// The cookies of the host and of each domain above it.
template <class Visit>
void cookie_jar::visit_domains(std::string_view host, Visit&& visit) {
  const bool address = is_address(host);
  for (std::string_view domain = host; !domain.empty();) {
    if (const auto entry = domains_.find(domain); entry != domains_.end()) {
      for (jar_cookie& c : entry->second) {
        if (!c.host_only || domain.size() == host.size()) visit(c);
      }
    }
    const std::size_t dot = address ? domain.npos : domain.find('.');
    domain = dot == domain.npos ? std::string_view{} : domain.substr(dot + 1);
  }
}

std::vector<const jar_cookie*> cookie_jar::find(const cookie_url& url, std::chrono::sys_seconds now) {
  std::vector<jar_cookie*> found;
  visit_domains(url.host, [&](jar_cookie& c) {
    if (is_expired(c, now) || (c.secure && !url.secure) || !path_matches(url.path, c.path)) return;
    found.push_back(&c);
  });
  std::sort(found.begin(), found.end(), [](const jar_cookie* a, const jar_cookie* b) {
    return a->path.size() != b->path.size() ? a->path.size() > b->path.size() : a->created < b->created;
  });
  // Each has a time of its own, so that one alone is the longest unused.
  for (jar_cookie* c : found) c->used = ++clock_;
  return {found.begin(), found.end()};
}

std::string cookie_jar::field_for(const cookie_url& url, std::chrono::sys_seconds now) {
  std::string text;
  for (const jar_cookie* c : find(url, now)) {
    const std::size_t more = (text.empty() ? 0 : 2) + c->name.size() + (c->name.empty() ? 0 : 1) + c->value.size();
    if (text.size() + more > caps_.sent) continue;
    if (!text.empty()) text += "; ";
    text += c->name;
    if (!c->name.empty()) text += '=';
    text += c->value;
  }
  return text;
}

std::vector<const jar_cookie*> cookie_jar::all() const {
  std::vector<const jar_cookie*> result;
  result.reserve(count_);
  for (const auto& [domain, cookies] : domains_) {
    for (const jar_cookie& c : cookies) result.push_back(&c);
  }
  std::sort(result.begin(), result.end(), [](const jar_cookie* a, const jar_cookie* b) { return a->created < b->created; });
  return result;
}

void cookie_jar::remove_expired(std::chrono::sys_seconds now) {
  remove_where([&](const jar_cookie& c) { return is_expired(c, now); });
}

void cookie_jar::remove_session_cookies() {
  remove_where([](const jar_cookie& c) { return !c.expires; });
}

void cookie_jar::clear() {
  domains_.clear();
  count_ = bytes_ = 0;
}

}  // namespace parley::semantics
