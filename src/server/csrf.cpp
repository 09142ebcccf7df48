#include <parley/csrf.hpp>

#include "base/ascii.hpp"
#include "base/random.hpp"
#include "connection/message_access.hpp"
#include "semantics/base64url.hpp"
#include "semantics/constant_time.hpp"
#include "semantics/escape.hpp"
#include "server/key_ring.hpp"
#include "server/peeked_source.hpp"
#include "server/token_finder.hpp"
#include "server/web_context.hpp"
#include "tls/hmac.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <stdexcept>
#include <utility>

// A token is a random mask and, under it, an HMAC of what the visitor's cookie is: the session's, or one of its own (signed double submit).

namespace parley::detail {

namespace {

constexpr std::size_t csrf_bytes = 16;
constexpr std::size_t csrf_peek = 64 * 1024;  // so much of a form is looked through for the token

std::string csrf_mac(const std::string& key, std::string_view what) {
  const auto mac = tls::hmac_sha256(key, "parley csrf:" + std::string(what));
  return {reinterpret_cast<const char*>(mac.data()), csrf_bytes};
}

std::string for_session(const session_key& key) {
  return "session:" + std::string(reinterpret_cast<const char*>(key.bytes.data()), key.bytes.size());
}
std::string for_cookie(std::string_view value) { return "cookie:" + std::string(value); }

std::string random_text(std::size_t n) {
  std::string bytes(n, '\0');
  base::system_random().fill(std::as_writable_bytes(std::span(bytes.data(), bytes.size())));
  return bytes;
}

// `https://host` as browsers write it: the port is left out where it is the scheme's own.
std::string own_origin(const request& req) {
  std::string origin(req.scheme());
  origin += "://";
  for (const char c : req.authority()) origin += base::to_lower(c);
  const std::string_view port = req.secure() ? ":443" : ":80";
  if (origin.ends_with(port)) origin.resize(origin.size() - port.size());
  return origin;
}

constexpr const char* csrf_missing =
    "The form brought no valid token of this site: it may have been open for long, or you have logged in or out since, or cookies "
    "are "
    "off. Go back, load the page again, and send the form once more.";

}  // namespace

std::string web_context::make_token(const request& req) {
  if (!csrf) throw std::logic_error("parley::csrf_field: tokens are not checked here; call server::csrf_protection first");
  web_state& state = state_of(req);
  if (state.finished)
    throw std::logic_error("parley::csrf_field: the answer's head is sent, and a cookie could not be set any more");
  std::string what;
  if (const auto key = key_to_be(req)) {
    what = for_session(*key);
  } else {
    if (state.csrf_cookie.empty()) {
      const auto sent = only_cookie(req, csrf_cookie_name(plain(req)));
      const auto bytes = sent ? semantics::decode_base64url(*sent) : std::nullopt;
      if (bytes && bytes->size() == csrf_bytes) {
        what = for_cookie(*sent);
      } else {
        state.csrf_cookie = semantics::encode_base64url(random_text(csrf_bytes));
      }
    }
    if (what.empty()) what = for_cookie(state.csrf_cookie);
  }
  state.csrf_given = true;
  const std::string mac = csrf_mac(secret_keys_access::ring(csrf->keys()).newest(), what);
  std::string token = random_text(csrf_bytes);
  for (std::size_t i = 0; i < csrf_bytes; ++i) token += static_cast<char>(token[i] ^ mac[i]);
  return semantics::encode_base64url(token);
}

bool web_context::token_is_good(const request& req, std::string_view token) {
  if (token.size() != token_finder::digits) return false;
  const auto bytes = semantics::decode_base64url(token);
  if (!bytes || bytes->size() != 2 * csrf_bytes) return false;
  std::string mac;
  for (std::size_t i = 0; i < csrf_bytes; ++i) mac += static_cast<char>((*bytes)[i] ^ (*bytes)[csrf_bytes + i]);
  std::vector<std::string> good;
  if (store != nullptr) {
    if (const auto key = key_in(req)) good.push_back(for_session(*key));
  }
  // Who is logged in has a session's tokens alone: a cookie of before may have been set, or read, by somebody else.
  if (!is_logged_in(req)) {
    if (const auto sent = only_cookie(req, csrf_cookie_name(plain(req)))) good.push_back(for_cookie(*sent));
  }
  for (const std::string& key : secret_keys_access::ring(csrf->keys()).all()) {
    for (const std::string& what : good) {
      if (semantics::constant_time_equal(csrf_mac(key, what), mac)) return true;
    }
  }
  return false;
}

web_context::verdict web_context::check_head(const request& req, std::string& why) {
  if (req.method().safe() || req.method() == method::connect) return verdict::good;
  if (csrf->exempt().match_surely(req)) return verdict::good;
  if (csrf->exempt_if() && csrf->exempt_if()(req)) return verdict::good;
  const std::string_view origin = req.header("Origin");
  const auto& trusted = csrf->trusted();
  const bool from_trusted = std::find(trusted.begin(), trusted.end(), origin) != trusted.end();
  const std::string_view site = req.header("Sec-Fetch-Site");
  if (!from_trusted && !site.empty() && site != "same-origin" && site != "none") {
    why = "This request was sent by a page of another site (Sec-Fetch-Site: " + std::string(site.substr(0, 20)) +
          "). If that is what you wanted, open this site and do it there.";
    return verdict::refused;
  }
  // Behind a proxy that adds TLS the scheme is another; the host is not.
  const std::string own = own_origin(req);
  const auto host_of = [](std::string_view o) { return o.substr(std::min(o.find("://"), o.size())); };
  if (!from_trusted && !origin.empty() && origin != own && !(site == "same-origin" && host_of(origin) == host_of(own))) {
    why = "This request was sent by a page of another site (Origin: " + std::string(origin.substr(0, 100)) +
          "). If that is what you wanted, open this site and do it there.";
    return verdict::refused;
  }
  const std::string_view token = req.header("X-CSRF-Token");
  if (!token.empty() && token_is_good(req, token)) return verdict::good;
  if (token_finder::may_be_in(req.header("Content-Type"))) return verdict::needs_content;
  why = token.empty() ? "A script must send the token of its page in the field X-CSRF-Token." : csrf_missing;
  return verdict::refused;
}

problem web_context::refusal(std::string why) {
  add(counted.csrf_refused);
  return problem(403).detail(std::move(why));
}

bool web_context::check_content(const request& req, std::string_view content) {
  token_finder finder(req.header("Content-Type"), csrf->field_name());
  const bool found = finder.feed(content) || finder.end();
  return found && token_is_good(req, finder.token());
}

std::optional<problem> web_context::check_collected(const request& req) {
  std::string why;
  switch (check_head(req, why)) {
    case verdict::good: return std::nullopt;
    case verdict::refused: return refusal(std::move(why));
    case verdict::needs_content: break;
  }
  if (check_content(req, req.content())) return std::nullopt;
  return refusal(csrf_missing);
}

task<std::optional<problem>> web_context::check(request& req) {
  std::string why;
  const verdict head = check_head(req, why);
  if (head == verdict::good) co_return std::nullopt;
  if (head == verdict::refused) co_return refusal(std::move(why));
  body_source* source = request_access::source(req);
  if (source == nullptr) {  // it came to `server::handle`, with its content
    (void)req.body();
    source = request_access::source(req);
  }
  token_finder finder(req.header("Content-Type"), csrf->field_name());
  std::string seen;
  bool found = false;
  bool whole = source == nullptr;
  while (!found && !whole && seen.size() < csrf_peek) {
    read_operation reading(source);
    const std::string_view piece = co_await reading;
    whole = piece.empty();
    seen += piece;
    found = whole ? finder.end() : finder.feed(piece);
  }
  const bool good = found && token_is_good(req, finder.token());
  if (!good) co_return refusal(csrf_missing);
  request_access::own_source(
      req, std::make_unique<server_room::peeked_source>(std::move(seen), source, request_access::take_source(req)));
  co_return std::nullopt;
}

}  // namespace parley::detail

namespace parley {

std::string csrf_token(const request& req) {
  detail::web_context* const web = detail::request_access::web(req);
  if (web == nullptr) throw std::logic_error("parley::csrf_token: this request came to no server");
  return web->make_token(req);
}

std::string csrf_field(const request& req) {
  detail::web_context* const web = detail::request_access::web(req);
  if (web == nullptr) throw std::logic_error("parley::csrf_field: this request came to no server");
  const std::string token = web->make_token(req);
  return "<input type=\"hidden\" name=\"" + semantics::html_escape(web->csrf->field_name()) + "\" value=\"" + token + "\">";
}

}  // namespace parley
