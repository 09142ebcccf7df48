// What stands before the handlers, each given one text of a peer: rules for paths and hosts, CORS, logins, sessions and tokens, where a
// proxy's clients want to go, and what becomes of an answer by Range and conditions. The first byte chooses.
#include <parley/auth.hpp>
#include <parley/conditional.hpp>
#include <parley/cors.hpp>
#include <parley/csrf.hpp>
#include <parley/filter.hpp>
#include <parley/hosts.hpp>
#include <parley/proxy.hpp>
#include <parley/server.hpp>
#include <parley/session.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "connection/select.hpp"
#include "proxy/host_rules.hpp"

namespace {

using parley::request;
using parley::response;
using parley::server;

void require(bool holds) {
  if (!holds) std::abort();
}

response never(const request&) { std::abort(); }

// But for the digits of escapes.
bool has_upper_case(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] >= 'A' && text[i] <= 'Z') return true;
    if (text[i] == '%') i += 2;
  }
  return false;
}

/// With one field; nothing where no message may carry it.
std::optional<response> ask(server& app, const parley::method& m, std::string_view path, std::string_view name,
                            std::string_view value) {
  request req(m, path);
  try {
    req.fields().add(name, value);
  } catch (const parley::invalid_field&) {
    return std::nullopt;
  }
  return app.handle(std::move(req));
}

// Whatever a route takes for a path below /admin, the rule for /admin has it too.
class guard final : public parley::filter {
 public:
  guard() { paths_.add("/admin"); }
  std::optional<response> before(request& req) override {
    if (paths_.match(req)) return response(403);
    return std::nullopt;
  }

 private:
  parley::path_prefixes paths_;
};

void paths(std::string_view text) {
  static server& app = [&]() -> server& {
    static server made;
    made.use(guard());
    made.route("* /admin", never).route("* /admin/{one}", never).route("* /admin/{all...}", never);
    made.route("* /admin/{one}/{two}", never);
    made.route("* /{all...}", [](const request&) { return response(204); });
    return made;
  }();
  std::optional<request> req;
  try {
    req.emplace(parley::method::get, "/" + std::string(text));
  } catch (const std::invalid_argument&) {
    return;
  }
  const int status = app.handle(std::move(*req)).status();
  require(status == 403 || status == 204 || status == 400 || status == 404);
}

void hosts(std::string_view text) {
  static server& app = [&]() -> server& {
    static server made;
    made.use(parley::allowed_hosts({"shop.example", "*.shop.example:8443"}));
    made.route("GET /", [](const request&) { return response(204); });
    return made;
  }();
  const auto got = ask(app, parley::method::get, "/", "Host", text);
  if (!got || got->status() != 204) return;
  std::string plain;
  for (const char c : text) plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  require(plain.find('%') != plain.npos || plain.find("shop.example") != plain.npos);
}

void origins(std::string_view text) {
  static server& app = [&]() -> server& {
    static server made;
    made.use(parley::cors().origin("https://app.example").credentials());
    made.route("GET /", [](const request&) { return response(204); });
    return made;
  }();
  for (const auto& m : {parley::method::get, parley::method::options}) {
    const auto got = ask(app, m, "/", "Origin", text);
    if (!got || !got->fields().contains("Access-Control-Allow-Origin")) continue;
    require(got->header("Access-Control-Allow-Origin") == "https://app.example");
    require(text.find("https://app.example") != text.npos);
  }
}

void logins(std::string_view text) {
  static server& app = [&]() -> server& {
    static server made;
    const auto nobody = [](std::string, std::string) -> parley::task<bool> { co_return false; };
    made.use(parley::basic_auth("r", nobody).at("/basic"));
    made.use(parley::digest_auth("r", {{"ada", "secret"}}).md5().at("/digest"));
    made.use(parley::bearer_auth("r", {"f1c2e3d4-nobody-guesses-it"}).at("/bearer"));
    made.route("* /{all...}", never);
    return made;
  }();
  for (const char* const path : {"/basic", "/digest", "/bearer"}) {
    const auto got = ask(app, parley::method::get, path, "Authorization", text);
    if (got) require(got->status() == 401 || got->status() == 400);
  }
}

void states(std::string_view text) {
  static server& app = [&]() -> server& {
    static server made;
    made.sessions(parley::memory_sessions()).csrf_protection();
    made.route("GET /", [](const request& req) {
      require(req.session().user().empty());
      return response(204);
    });
    made.route("POST /", never);
    return made;
  }();
  static_cast<void>(ask(app, parley::method::get, "/", "Cookie", text));
  static_cast<void>(ask(app, parley::method::post, "/", "Cookie", text));
  static_cast<void>(ask(app, parley::method::post, "/", "X-CSRF-Token", text));
  request both(parley::method::post, "/");
  try {
    const std::size_t half = text.find(';');
    both.fields().add("Cookie", "csrf=" + std::string(text.substr(0, half)));
    both.fields().add("X-CSRF-Token", half == text.npos ? text : text.substr(half + 1));
  } catch (const parley::invalid_field&) {
    return;
  }
  require(app.handle(std::move(both)).status() >= 400);
}

void destinations(std::string_view text) {
  static_cast<void>(parley::public_address(text));
  const auto to = parley::proxying::destination_of(text, 80);
  if (to) {
    require(!to->host.empty() && to->port != 0 && !has_upper_case(to->host));
    const bool v6 = to->host.find(':') != to->host.npos;
    const auto again =
        parley::proxying::destination_of((v6 ? "[" + to->host + "]" : to->host) + ":" + std::to_string(to->port), 80);
    require(again && again->port == to->port && again->host == to->host);
  }
  parley::proxying::host_rules rules;
  rules.add("shop.example");
  rules.add("*.below.example:8443");
  if (to && rules.allow(*to, {443})) {
    require((to->host == "shop.example" && to->port == 443) || (to->host.ends_with(".below.example") && to->port == 8443));
  }
  try {
    parley::proxying::host_rules own;
    own.add(text);
    if (to) static_cast<void>(own.allow(*to, {80, 443}));
  } catch (const std::invalid_argument&) {
    // it is no rule
  }
}

void upgrades(std::string_view text) {
  parley::semantics::request_head head;
  const std::size_t cut = std::min(text.find('\n'), text.size());
  try {
    head.fields.add("Connection", "Upgrade, HTTP2-Settings");
    head.fields.add("Upgrade", text.substr(0, cut));
    head.fields.add("HTTP2-Settings", text.substr(std::min(cut + 1, text.size())));
  } catch (const parley::invalid_field&) {
    return;
  }
  const auto settings = parley::connection::h2c_settings(head);
  if (settings) require(settings->size() % 6 == 0);
  static_cast<void>(parley::connection::look_at_first_bytes(text));
}

void shapes(std::string_view text) {
  static const std::string content(5000, 'x');
  static server& app = [&]() -> server& {
    static server made;
    made.digests(true);
    made.route("GET /note", [](const request&) { return parley::text(content).entity_tag("v1"); });
    made.route("PUT /note", [](const request& req) {
      parley::require_precondition(req, parley::resource_state().entity_tag("v1"));
      return parley::no_content();
    });
    return made;
  }();
  for (const char* const name :
       {"Range", "If-Range", "If-None-Match", "If-Match", "If-Modified-Since", "Want-Content-Digest", "Accept"}) {
    request req(parley::method::get, "/note");
    try {
      req.fields().add(name, text);
      if (std::string_view(name) == "If-Range") req.fields().add("Range", "bytes=1-2,4-5");
    } catch (const parley::invalid_field&) {
      return;
    }
    const response got = app.handle(std::move(req));
    const int status = got.status();
    require(status == 200 || status == 206 || status == 304 || status == 412 || status == 416);
    if (status == 200) require(got.content() == content);
    // Sixteen parts at most, each with a head.
    if (status == 206) require(got.content().size() <= content.size() + 16 * 256);
  }
  for (const char* const name : {"If-Match", "Content-Digest", "Content-Range"}) {
    const auto got = ask(app, parley::method::put, "/note", name, text);
    if (got) require(got->status() == 204 || got->status() / 100 == 4);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 8) {
    case 0: paths(text); break;
    case 1: hosts(text); break;
    case 2: origins(text); break;
    case 3: logins(text); break;
    case 4: states(text); break;
    case 5: destinations(text); break;
    case 6: upgrades(text); break;
    default: shapes(text); break;
  }
  return 0;
}
