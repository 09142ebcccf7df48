// CORS, hosts, https alone, HSTS, limits by rate, logins: what servers put before their handlers.
#include "connection/http3.hpp"
#include "semantics/digest_auth.hpp"
#include "server/rate_table.hpp"
#include "support/certificate_files.hpp"
#include "tls/hash.hpp"

#include <parley/auth.hpp>
#include <parley/client.hpp>
#include <parley/cors.hpp>
#include <parley/hosts.hpp>
#include <parley/rate_limit.hpp>
#include <parley/server.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using parley::request;
using parley::response;
using parley::server;
using parley::version;

using lines = std::vector<std::pair<std::string_view, std::string_view>>;

request asking(const parley::method& m, std::string_view url, const lines& with = {}) {
  request req(m, url);
  for (const auto& [name, value] : with) req.fields().add(name, value);
  return req;
}

/// With no socket.
response ask(server& app, const parley::method& m, std::string_view url, const lines& with = {}) {
  return app.handle(asking(m, url, with));
}

void add_routes(server& app) {
  app.route("GET /", [](const request&) { return parley::text("hello"); });
  app.route("PUT /", [](const request&) { return parley::text("put"); });
  app.route("GET /user", [](const request& req) { return std::string(req.user()); });
  app.route("GET /admin/user", [](const request& req) { return std::string(req.user()); });
}

// --- CORS --------------------------------------------------------------------------------------------------------------------

TEST(cors, preflights_and_answers_by_origin) {
  server app;
  add_routes(app);
  app.use(parley::cors()
              .origin("https://App.example:443")
              .origin("http://localhost:3000")
              .methods({"PUT"})
              .headers({"Content-Type"})
              .expose({"ETag"})
              .credentials()
              .max_age(60s));
  const lines from_app{{"Origin", "https://app.example"}};
  const response plain = ask(app, parley::method::get, "/", from_app);
  EXPECT_EQ(plain.status(), 200);
  EXPECT_EQ(plain.header("Access-Control-Allow-Origin"), "https://app.example");
  EXPECT_EQ(plain.header("Access-Control-Allow-Credentials"), "true");
  EXPECT_EQ(plain.header("Access-Control-Expose-Headers"), "ETag");
  EXPECT_EQ(plain.header("Vary"), "Origin");

  const lines preflight{{"Origin", "http://localhost:3000"},
                        {"Access-Control-Request-Method", "PUT"},
                        {"Access-Control-Request-Private-Network", "true"}};
  const response allowed = ask(app, parley::method::options, "/", preflight);
  EXPECT_EQ(allowed.status(), 204);
  EXPECT_EQ(allowed.header("Access-Control-Allow-Origin"), "http://localhost:3000");
  EXPECT_EQ(allowed.header("Access-Control-Allow-Methods"), "GET, HEAD, POST, PUT");
  EXPECT_EQ(allowed.header("Access-Control-Allow-Headers"), "Content-Type");
  EXPECT_EQ(allowed.header("Access-Control-Max-Age"), "60");
  EXPECT_EQ(allowed.header("Vary"), "Origin");
  EXPECT_FALSE(allowed.fields().contains("Access-Control-Allow-Private-Network"));
  EXPECT_FALSE(allowed.fields().contains("Access-Control-Expose-Headers"));

  // Whole, and never by its end or beginning.
  for (const char* each : {"https://app.example.evil.example", "https://evilapp.example",
                           "https://evil.example/https://app.example", "null", "http://app.example", "https://app.example:8443",
                           "https://x.app.example", "", "https://app.example, https://evil.example"}) {
    const response other = ask(app, parley::method::get, "/", {{"Origin", each}});
    EXPECT_EQ(other.status(), 200) << each;
    EXPECT_FALSE(other.fields().contains("Access-Control-Allow-Origin")) << each;
    EXPECT_EQ(other.header("Vary"), "Origin") << "a cache must not give it to those who may see it";
    EXPECT_EQ(ask(app, parley::method::options, "/", {{"Origin", each}, {"Access-Control-Request-Method", "PUT"}}).status(), 403)
        << each;
  }
  // Errors too, or pages could not read them; and OPTIONS without a preflight is the route's.
  EXPECT_EQ(ask(app, parley::method::get, "/nowhere", from_app).header("Access-Control-Allow-Origin"), "https://app.example");
  EXPECT_EQ(ask(app, parley::method::options, "/").header("Allow"), "GET, HEAD, PUT, OPTIONS");
}

TEST(cors, every_origin_and_never_with_credentials) {
  server app;
  add_routes(app);
  app.use(parley::cors().any_origin().private_network().at("/user"));
  const response plain = ask(app, parley::method::get, "/user", {{"Origin", "null"}});
  EXPECT_EQ(plain.header("Access-Control-Allow-Origin"), "*");
  EXPECT_FALSE(plain.fields().contains("Vary"));
  EXPECT_FALSE(
      ask(app, parley::method::get, "/", {{"Origin", "https://a.example"}}).fields().contains("Access-Control-Allow-Origin"));
  EXPECT_EQ(
      ask(app, parley::method::options, "/user",
          {{"Origin", "https://a"}, {"Access-Control-Request-Method", "GET"}, {"Access-Control-Request-Private-Network", "true"}})
          .header("Access-Control-Allow-Private-Network"),
      "true");
  EXPECT_THROW(app.use(parley::cors().any_origin().credentials()), std::logic_error);
  for (const char* each : {"null", "*", "app.example", "https://app.example/", "https://app.example?", "https://u@app.example"}) {
    EXPECT_THROW(parley::cors().origin(each), std::invalid_argument) << each;
  }
}

// --- hosts -------------------------------------------------------------------------------------------------------------------

TEST(hosts, dns_rebinding) {
  server app;
  add_routes(app);
  app.use(parley::allowed_hosts({"example.org", "*.example.net", "127.0.0.1:8080", "[::1]"}));
  const auto status = [&app](std::string_view host) {
    return ask(app, parley::method::get, "http://" + std::string(host) + "/").status();
  };
  for (const char* each :
       {"example.org", "EXAMPLE.org:99", "example.org.", "a.example.net", "a.b.example.net:8", "127.0.0.1:8080", "[::1]:7"}) {
    EXPECT_EQ(status(each), 200) << each;
  }
  for (const char* each : {"example.com", "example.net", "evilexample.net", "www.example.org", "127.0.0.1", "127.0.0.1:80",
                           "localhost", "example.org.evil.example"}) {
    EXPECT_EQ(status(each), 421) << each;
  }
  EXPECT_EQ(ask(app, parley::method::get, "/").status(), 421) << "no Host at all";
  EXPECT_THROW(parley::allowed_hosts({"a b"}), std::invalid_argument);
}

TEST(hosts, one_name_and_https_alone) {
  server app;
  add_routes(app);
  app.use(parley::https_redirect(8443).except("/.well-known/acme-challenge")).use(parley::canonical_host("www.example.org"));
  const response moved = ask(app, parley::method::put, "http://Example.org:8080/a%20b/?c=d&e");
  EXPECT_EQ(moved.status(), 308);
  EXPECT_EQ(moved.header("Location"), "https://example.org:8443/a%20b/?c=d&e");
  EXPECT_EQ(ask(app, parley::method::get, "http://www.example.org/.well-known/acme-challenge/x").status(), 404);
  const response named = ask(app, parley::method::get, "https://example.org:8443/x?y");
  EXPECT_EQ(named.status(), 308);
  EXPECT_EQ(named.header("Location"), "https://www.example.org:8443/x?y");
  EXPECT_EQ(ask(app, parley::method::get, "https://www.example.org/").status(), 200);
  EXPECT_EQ(ask(app, parley::method::get, "/").status(), 400) << "nowhere to go";
  EXPECT_THROW(parley::canonical_host("a:80"), std::invalid_argument);
}

TEST(hosts, hsts_over_tls_alone) {
  server app;
  add_routes(app);
  app.use(parley::hsts(std::chrono::days(365)).include_subdomains().preload());
  EXPECT_EQ(ask(app, parley::method::get, "https://a/").header("Strict-Transport-Security"),
            "max-age=31536000; includeSubDomains; preload");
  EXPECT_EQ(ask(app, parley::method::get, "https://a/none").status(), 404);
  EXPECT_TRUE(ask(app, parley::method::get, "https://a/none").fields().contains("Strict-Transport-Security"));
  EXPECT_FALSE(ask(app, parley::method::get, "http://a/").fields().contains("Strict-Transport-Security"));
  EXPECT_THROW(parley::hsts().preload(), std::logic_error);
  EXPECT_THROW(parley::hsts(24h).include_subdomains().preload(), std::logic_error);
}

// --- rates -------------------------------------------------------------------------------------------------------------------

TEST(rate_limit, refills_evenly) {
  parley::server_room::rate_table table;
  parley::server_room::rate_table::time_point now{};
  now += 1h;
  const parley::server_room::rate_table::key_type a{1, 2}, b{3, 4};
  for (int i = 0; i < 5; ++i) EXPECT_EQ(table.take(a, 100ms, 5, now), 0ns) << i;
  EXPECT_EQ(table.take(a, 100ms, 5, now), 100ms);
  EXPECT_EQ(table.take(a, 100ms, 5, now + 40ms), 60ms) << "being refused costs nothing";
  EXPECT_EQ(table.take(b, 100ms, 5, now), 0ns);
  EXPECT_EQ(table.take(a, 100ms, 5, now + 100ms), 0ns);
  EXPECT_EQ(table.take(a, 100ms, 5, now + 100ms), 100ms);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(table.take(a, 100ms, 5, now + 10s), 0ns) << "never more than the burst";
  EXPECT_GT(table.take(a, 100ms, 5, now + 10s), 0ns);
}

// A rate has a token every so many whole nanoseconds, and a bucket that fills within the clock's reach.
TEST(rate_limit, what_no_clock_can_measure_is_refused) {
  EXPECT_THROW(parley::rate_limit(1'001, 1us), std::invalid_argument);
  EXPECT_THROW(parley::rate_limit(SIZE_MAX, 1h), std::invalid_argument);
  EXPECT_THROW(parley::rate_limit(1, std::chrono::nanoseconds::max()), std::invalid_argument);
  EXPECT_THROW(parley::rate_limit(1, 1h).burst(SIZE_MAX), std::invalid_argument);
  EXPECT_THROW(parley::rate_limit(1, 24h).burst(100'000), std::invalid_argument) << "nearly 274 years to fill";
  EXPECT_NO_THROW(parley::rate_limit(1'000, 1us));
  EXPECT_NO_THROW(parley::rate_limit(1'000'000'000, std::chrono::seconds(1'000'000'000)));
  EXPECT_NO_THROW(parley::rate_limit(1, 24h).burst(10'000));
}

TEST(rate_limit, a_flood_of_keys_does_not_free_who_floods) {
  parley::server_room::rate_table table;
  const auto now = parley::server_room::rate_table::time_point() + 1h;
  const parley::server_room::rate_table::key_type busy{0xf000000000000000, 77};
  while (table.take(busy, 1s, 10, now) == 0ns) {
  }
  for (std::uint64_t i = 1; i < 200'000; ++i) static_cast<void>(table.take({i << 44 | i, i * 0x9e3779b97f4a7c15}, 1s, 10, now));
  EXPECT_GT(table.take(busy, 1s, 10, now), 0ns);
}

TEST(rate_limit, by_field_by_path_and_by_address) {
  server app;
  add_routes(app);
  app.use(parley::rate_limit(2, 1h).by_header("X-Api-Key").at("/user"));
  const lines key{{"X-Api-Key", "one"}};
  EXPECT_EQ(ask(app, parley::method::get, "/user", key).status(), 200);
  EXPECT_EQ(ask(app, parley::method::get, "/%75ser", key).status(), 200);
  const response refused = ask(app, parley::method::get, "//user/", key);
  EXPECT_EQ(refused.status(), 429);
  const int wait = std::stoi(std::string(refused.header("Retry-After")));
  EXPECT_GT(wait, 1700);
  EXPECT_LE(wait, 1800);
  EXPECT_EQ(refused.header("RateLimit-Policy"), "\"default\";q=2;w=3600");
  EXPECT_TRUE(refused.header("RateLimit").starts_with("\"default\";r=0;t=")) << refused.header("RateLimit");
  EXPECT_EQ(ask(app, parley::method::get, "/user", {{"X-Api-Key", "two"}}).status(), 200);
  EXPECT_EQ(ask(app, parley::method::get, "/user").status(), 200) << "who has no key is not counted";
  EXPECT_EQ(ask(app, parley::method::get, "/", key).status(), 200);
  EXPECT_THROW(parley::rate_limit(0, 1s), std::invalid_argument);
}

TEST(rate_limit, behind_a_proxy_over_sockets_in_each_version) {
  parley::test::certificate_files files;
  files.put("server", files.authority.server({"localhost"}));
  server app;
  app.threads(2).on_message([](std::string_view) {});
  app.certificate(files.certificate("server"), files.key("server"));
  add_routes(app);
  app.trusted_proxies({"127.0.0.1"}).use(parley::rate_limit(3, 1h)).use(parley::hsts());
  app.listen("https://127.0.0.1:0").start();
  const std::string base = app.addresses().front();
  const std::string url = "https://localhost" + base.substr(base.rfind(':')) + "/";
  std::vector<version> all{parley::http1_1, parley::http2};
  if (parley::connection::has_http3()) all.push_back(parley::http3);
  for (std::size_t i = 0; i < all.size(); ++i) {
    parley::client http;
    http.trust(files.authority_file());
    parley::options how;
    how.version(all[i]).timeout(60s);
    // Another /64 for each version, and other addresses within it.
    const std::string network = "2001:db8:0:" + std::to_string(i + 1) + "::";
    for (int n = 1; n <= 4; ++n) {
      const std::string from = network + std::to_string(n);
      const response got = parley::run(http.send(asking(parley::method::get, url, {{"X-Forwarded-For", from}}), how));
      EXPECT_EQ(got.status(), n <= 3 ? 200 : 429) << name(all[i]) << " " << n;
      EXPECT_EQ(got.header("Strict-Transport-Security"), "max-age=31536000");
    }
  }
  const auto counters = app.counters();
  const auto limited = std::ranges::find(counters, "rate_limited", &parley::counter::name);
  ASSERT_NE(limited, counters.end());
  EXPECT_EQ(limited->value, all.size());
  app.stop();
}

// --- logins ------------------------------------------------------------------------------------------------------------------

// "secret" by SHA-512-crypt with 1,000 rounds, and by bcrypt with 2^4.
std::string users_file(parley::test::scratch_folder& in, const std::string& text) {
  const std::string path = in / "users";
  parley::test::write_file(path, text);
  return path;
}
const std::string bcrypt_of_u = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";  // "U*U", of the reference tests

TEST(auth, basic_by_a_file_of_hashes) {
  parley::test::scratch_folder folder;
  const std::string path = users_file(folder, "# staff\r\nada:" + bcrypt_of_u + "\n\nbob:" + bcrypt_of_u + ":more\n");
  server app;
  add_routes(app);
  app.use(parley::basic_auth("Staff \"A\"", parley::password_file(path)).at("/admin"));
  const auto with = [&app](std::string_view base64) {
    return ask(app, parley::method::get, "/admin/user", {{"Authorization", "Basic " + std::string(base64)}});
  };
  EXPECT_EQ(ask(app, parley::method::get, "/user").status(), 200);
  const response asked = ask(app, parley::method::get, "/admin/user");
  EXPECT_EQ(asked.status(), 401);
  EXPECT_EQ(asked.header("WWW-Authenticate"), "Basic realm=\"Staff \\\"A\\\"\", charset=\"UTF-8\"");
  EXPECT_EQ(ask(app, parley::method::get, "/%61dmin//user").status(), 401);
  EXPECT_EQ(with("YWRhOlUqVQ==").content(), "ada");  // ada:U*U
  EXPECT_EQ(with("YWRhOlUqVQ==").content(), "ada");
  EXPECT_EQ(with("Ym9iOlUqVQ==").content(), "bob");
  EXPECT_EQ(with("YWRhOnU=").status(), 401);      // ada:u
  EXPECT_EQ(with("ZXZlOlUqVQ==").status(), 401);  // eve:U*U
  EXPECT_EQ(with("YWRh").status(), 401);          // no colon
  EXPECT_EQ(with("%%%").status(), 401);
  request twice(parley::method::get, "/admin/user");
  twice.fields().add("Authorization", "Basic YWRhOlUqVQ==");
  twice.fields().add("Authorization", "Basic YWRhOlUqVQ==");
  EXPECT_EQ(app.handle(std::move(twice)).status(), 401) << "two that may differ";
  // A name that is taken out is out for who has not been let in just before.
  users_file(folder, "ada:" + bcrypt_of_u + "\n# bob is gone for good\n");
  EXPECT_EQ(with("Ym9iOlU=").status(), 401);
  EXPECT_EQ(with("Ym9iOlUqVQ==").status(), 401);
}

TEST(auth, what_is_no_file_of_users) {
  parley::test::scratch_folder folder;
  const std::pair<const char*, const char*> rows[] = {
      {"ada\n", "line 1: it is no name"},
      {":x\n", "line 1: it is no name"},
      {"#\nada:secret\n", "line 2: the hash is none that counts"},
      {"ada:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n", "line 1: the hash"},
      {"ada:$apr1$a$b\n", "line 1: the hash"},
      {"ada:abJnggxhB/yWI\n", "line 1: the hash"},
  };
  for (const auto& [text, why] : rows) {
    try {
      const parley::password_file wrong(users_file(folder, text));
      ADD_FAILURE() << text;
    } catch (const std::runtime_error& error) {
      EXPECT_NE(std::string(error.what()).find(why), std::string::npos) << error.what();
    }
  }
  EXPECT_THROW(parley::password_file(folder / "none"), std::runtime_error);
}

// What a client says to a challenge.
std::string digest_answer(std::string_view challenge, std::string_view uri, std::uint32_t count,
                          std::string_view password = "Circle of Life", std::string_view algorithm = "SHA-256") {
  namespace sem = parley::semantics;
  const auto all = sem::parse_challenges(challenge);
  for (const auto& each : all.value()) {
    const auto one = sem::digest_challenge::from(each);
    if (!one || sem::name_of(one->algorithm) != algorithm) continue;
    const auto kind = algorithm == "MD5" ? parley::tls::hash_kind::md5 : parley::tls::hash_kind::sha_256;
    const auto hash = [kind](std::string_view text) { return parley::tls::hash_of(kind, text); };
    return sem::answer_digest(*one, "Mufasa", password, "GET", uri, {}, "0a4f113b", count, hash).to_text();
  }
  return {};
}

TEST(auth, digest_each_count_once) {
  server app;
  add_routes(app);
  app.use(parley::digest_auth("lions", {{"Mufasa", "Circle of Life"}}).md5().at("/user"));
  const auto with = [&app](std::string_view field, std::string_view path = "/user?x=1") {
    return ask(app, parley::method::get, path, {{"Authorization", field}});
  };
  const response asked = ask(app, parley::method::get, "/user?x=1");
  EXPECT_EQ(asked.status(), 401);
  const std::string challenge(asked.header("WWW-Authenticate"));
  EXPECT_EQ(challenge.find("stale=true"), std::string::npos);
  EXPECT_EQ(with(digest_answer(challenge, "/user?x=1", 1)).content(), "Mufasa");
  EXPECT_EQ(with(digest_answer(challenge, "/user?x=1", 3)).content(), "Mufasa");
  EXPECT_EQ(with(digest_answer(challenge, "/user?x=1", 2)).content(), "Mufasa") << "overtaken";
  for (const std::uint32_t again : {1U, 2U, 3U}) {
    const response repeated = with(digest_answer(challenge, "/user?x=1", again));
    EXPECT_EQ(repeated.status(), 401) << again;
    EXPECT_NE(repeated.header("WWW-Authenticate").find("stale=true"), std::string_view::npos);
  }
  EXPECT_EQ(with(digest_answer(challenge, "/user?x=1", 90)).status(), 200);
  EXPECT_EQ(with(digest_answer(challenge, "/user?x=1", 4)).status(), 401) << "too old to know";
  EXPECT_EQ(with(digest_answer(challenge, "/user?x=1", 91, "Circle of Death")).status(), 401);
  EXPECT_EQ(with(digest_answer(challenge, "/user?x=2", 92)).status(), 400) << "for another resource";
  EXPECT_EQ(with(digest_answer(challenge, "/user?x=1", 93, "Circle of Life", "MD5")).status(), 200);
  request twice(parley::method::get, "/user?x=1");
  twice.fields().add("Authorization", digest_answer(challenge, "/user?x=1", 94));
  twice.fields().add("Authorization", "Digest x");
  EXPECT_EQ(app.handle(std::move(twice)).status(), 401);
  // A nonce that is not ours.
  std::string forged = challenge;
  const auto at = forged.find("nonce=\"") + 8;
  forged[at] = forged[at] == '1' ? '2' : '1';
  const auto at2 = forged.find("nonce=\"", at) + 8;
  forged[at2] = forged[at2] == '1' ? '2' : '1';
  EXPECT_EQ(with(digest_answer(forged, "/user?x=1", 1)).status(), 401);
}

TEST(auth, curl_speaks_digest_with_us) {
  if (std::system("curl --version > /dev/null 2>&1") != 0) GTEST_SKIP() << "there is no curl";
  server app;
  add_routes(app);
  app.threads(1).on_message([](std::string_view) {});
  app.use(parley::digest_auth("lions", {{"Mufasa", "Circle of Life"}}).md5());
  app.listen("http://127.0.0.1:0").start();
  const auto curl = [&app](const std::string& user) {
    const std::string line =
        "curl -s --noproxy '*' --max-time 60 --digest -u '" + user + "' -w ' %{http_code}' " + app.addresses().front() + "/user";
    std::string out;
    if (FILE* const pipe = ::popen(line.c_str(), "r")) {
      for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) out += static_cast<char>(c);
      ::pclose(pipe);
    }
    return out;
  };
  EXPECT_EQ(curl("Mufasa:Circle of Life"), "Mufasa 200");
  EXPECT_TRUE(curl("Mufasa:wrong").ends_with(" 401"));
  EXPECT_TRUE(curl("Scar:Circle of Life").ends_with(" 401"));
  app.stop();
}

TEST(auth, bearer_with_its_errors) {
  server app;
  add_routes(app);
  app.use(parley::bearer_auth("api", [](std::string token, const request& req) -> parley::task<parley::bearer_verdict> {
    if (token == "good") co_return parley::bearer_verdict::good("ada");
    if (token == "small" && req.path() == "/user") co_return parley::bearer_verdict::insufficient("users:read");
    co_return parley::bearer_verdict::invalid("The token has expired");
  }));
  const auto with = [&app](std::string_view field) { return ask(app, parley::method::get, "/user", {{"Authorization", field}}); };
  EXPECT_EQ(with("Bearer good").content(), "ada");
  EXPECT_EQ(with("bearer good").content(), "ada");
  const response none = ask(app, parley::method::get, "/user");
  EXPECT_EQ(none.status(), 401);
  EXPECT_EQ(none.header("WWW-Authenticate"), "Bearer realm=\"api\"");
  const response old = with("Bearer old");
  EXPECT_EQ(old.status(), 401);
  EXPECT_EQ(old.header("WWW-Authenticate"),
            "Bearer realm=\"api\", error=\"invalid_token\", error_description=\"The token has expired\"");
  const response small = with("Bearer small");
  EXPECT_EQ(small.status(), 403);
  EXPECT_EQ(small.header("WWW-Authenticate"), "Bearer realm=\"api\", error=\"insufficient_scope\", scope=\"users:read\"");
  const response other = with("Basic YTpi");
  EXPECT_EQ(other.status(), 401) << "another scheme is no error";
  EXPECT_EQ(other.header("WWW-Authenticate"), "Bearer realm=\"api\"");
  EXPECT_EQ(with("Bearer a b").status(), 400);
  EXPECT_EQ(with("Bearer").status(), 400);
  request twice(parley::method::get, "/user");
  twice.fields().add("Authorization", "Bearer good");
  twice.fields().add("Authorization", "Bearer good");
  const response refused = app.handle(std::move(twice));
  EXPECT_EQ(refused.status(), 400);
  EXPECT_EQ(refused.header("WWW-Authenticate"), "Bearer realm=\"api\", error=\"invalid_request\"");

  server fixed;
  add_routes(fixed);
  fixed.use(parley::bearer_auth("api", {"one-token", "another"}).at("/admin"));
  EXPECT_EQ(ask(fixed, parley::method::get, "/admin/user", {{"Authorization", "Bearer another"}}).status(), 200);
  EXPECT_EQ(ask(fixed, parley::method::get, "/admin/user", {{"Authorization", "Bearer anothe"}}).status(), 401);
  EXPECT_EQ(ask(fixed, parley::method::get, "/user").status(), 200);
  EXPECT_THROW(parley::bearer_auth("api", {"not a token"}), std::invalid_argument);
}

}  // namespace
