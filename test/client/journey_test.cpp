// Fetches that take more than one request: redirects, cookies, logins.
#include "scripted_peer.hpp"

#include "client/login_state.hpp"
#include "client/redirect.hpp"
#include "semantics/digest_auth.hpp"

#include <parley/cookie_jar.hpp>
#include <parley/form_content.hpp>

namespace {

using namespace client_tests;
using parley::fetch_error;
using parley::request;
using parley::response;

std::string reply(int status, const std::string& lines, const std::string& content = {}) {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\n" + lines + "Content-Length: " + std::to_string(content.size()) +
         "\r\n\r\n" + content;
}

/// Answers each whole request, content included, by what `answer` makes of its text.
void script(scripted_server& server, std::vector<std::string>& seen, std::function<std::string(const std::string&)> answer) {
  server.on_connection = [&seen, answer = std::move(answer)](peer& p, std::size_t) {
    p.on_news = [&seen, answer, taken = std::size_t{0}](peer& from) mutable {
      for (;;) {
        const std::size_t end = from.received.find("\r\n\r\n", taken);
        if (end == std::string::npos) return;
        std::string text = from.received.substr(taken, end + 4 - taken);
        const std::size_t at = text.find("Content-Length: ");
        const std::size_t length = at == std::string::npos ? 0 : std::stoul(text.substr(at + 16));
        if (from.received.size() < end + 4 + length) return;
        text += from.received.substr(end + 4, length);
        taken = end + 4 + length;
        seen.push_back(text);
        from.send(answer(text));
      }
    };
  };
}

std::string first_line(const std::string& head) { return head.substr(0, head.find("\r\n")); }
bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string field_of(const std::string& head, const std::string& name) {
  const std::size_t at = head.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const std::size_t begin = at + name.size() + 4;
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

// RFC 9110 §15.4, its table of what becomes of the method.
TEST(journey, redirects_by_status_and_method) {
  struct row {
    int status;
    parley::method before;
    const char* after;
    bool content;
  };
  const row rows[] = {
      {301, parley::method::get, "GET", false},     {302, parley::method::get, "GET", false},
      {303, parley::method::get, "GET", false},     {307, parley::method::get, "GET", false},
      {308, parley::method::get, "GET", false},     {301, parley::method::post, "GET", false},
      {302, parley::method::post, "GET", false},    {303, parley::method::post, "GET", false},
      {307, parley::method::post, "POST", true},    {308, parley::method::post, "POST", true},
      {301, parley::method::put, "PUT", true},      {302, parley::method::put, "PUT", true},
      {303, parley::method::put, "GET", false},     {308, parley::method::put, "PUT", true},
      {303, parley::method::head, "HEAD", false},   {302, parley::method::head, "HEAD", false},
      {303, parley::method::delete_, "GET", false}, {307, parley::method::delete_, "DELETE", false},
  };
  for (const row& x : rows) {
    world w;
    std::vector<std::string> seen;
    script(w.server, seen, [&](const std::string& text) {
      if (seen.size() == 1) return reply(x.status, "Location: /b/../c?d#e\r\n", "gone");
      return has(text, "HEAD ") ? "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n" : reply(200, "", "here");
    });
    // A redirect's content of HEAD would stand in the way.
    if (x.before == parley::method::head) {
      script(w.server, seen, [&](const std::string&) { return reply(seen.size() == 1 ? x.status : 200, "Location: /c?d\r\n"); });
    }
    request req(x.before, "http://10.0.0.1/a");
    const bool with = x.before == parley::method::post || x.before == parley::method::put;
    if (with) req.content("abc", "text/plain");
    auto got = w.run(w.http.send(std::move(req), parley::options().redirects(3)));
    ASSERT_TRUE(got->succeeded()) << x.status << x.before.name() << got->error();
    ASSERT_EQ(seen.size(), 2U) << x.status << x.before.name();
    EXPECT_EQ(first_line(seen[1]), std::string(x.after) + " /c?d HTTP/1.1") << x.status << x.before.name();
    EXPECT_EQ(has(seen[1], "text/plain"), x.content && with) << x.status << x.before.name();
    EXPECT_EQ(seen[1].ends_with("abc"), x.content && with) << x.status << x.before.name();
    EXPECT_EQ(w.server.peers.size(), 1U) << "the connection is used again";
  }
}

TEST(journey, without_being_asked_a_redirect_is_the_answer) {
  world w;
  w.server.answer_all(reply(302, "Location: /b\r\n"));
  auto got = w.run(w.http.get("http://10.0.0.1/a"));
  ASSERT_TRUE(got->succeeded());
  EXPECT_EQ(got->value().status(), 302);
}

TEST(journey, redirects_that_are_refused) {
  struct row {
    const char* location;
    const char* why;
  };
  const row rows[] = {
      {"/a", "go round in circles"},
      {"ftp://10.0.0.1/", "its scheme is ftp"},
      {"http://ada:secret@10.0.0.1/", "a user or a password"},
      {"http://", "names no host"},
      {"http://10.0.0.1:0/", "port 0"},
      {"http://[::1/", "no URL"},
  };
  for (const row& x : rows) {
    world w;
    w.server.answer_all(reply(302, std::string("Location: ") + x.location + "\r\n"));
    auto got = w.run(w.http.get("http://10.0.0.1/a", parley::options().redirects(5)));
    EXPECT_EQ(got->kind(), fetch_error::kind::redirect) << x.location << got->error();
    EXPECT_TRUE(has(got->error(), x.why)) << got->error();
    EXPECT_FALSE(has(got->error(), "secret"));
  }
}

TEST(journey, redirects_come_to_an_end) {
  world w;
  std::vector<std::string> seen;
  script(w.server, seen, [&](const std::string&) { return reply(302, "Location: /" + std::to_string(seen.size()) + "\r\n"); });
  auto got = w.run(w.http.get("http://10.0.0.1/a", parley::options().redirects(3)));
  EXPECT_EQ(got->kind(), fetch_error::kind::redirect);
  EXPECT_EQ(seen.size(), 4U);
  EXPECT_TRUE(has(got->error(), "after 3 redirects")) << got->error();
}

TEST(journey, several_locations_are_no_way) {
  world w;
  w.server.answer_all(reply(302, "Location: /b\r\nLocation: /c\r\n"));
  auto got = w.run(w.http.get("http://10.0.0.1/a", parley::options().redirects(3)));
  EXPECT_EQ(got->kind(), fetch_error::kind::redirect);
}

TEST(journey, what_is_for_one_origin_goes_to_no_other) {
  world w;
  scripted_server other(w.loop, "10.0.0.2");
  std::vector<std::string> seen, there;
  script(w.server, seen, [&](const std::string&) {
    return seen.size() == 3 ? reply(200, "", "home")
                            : reply(307, seen.size() == 1 ? "Location: /same\r\n" : "Location: http://10.0.0.2/x\r\n");
  });
  script(other, there, [&](const std::string&) { return reply(307, "Location: http://10.0.0.1/back\r\n"); });
  request req(parley::method::get, "http://10.0.0.1/a");
  for (const char* name : {"Cookie", "Origin", "Referer", "Proxy-Authorization"}) req.header(name, "sec=ret");
  req.header("Host", "shop.example").header("X-Kept", "1");
  auto got = w.run(w.http.send(std::move(req), parley::options().redirects(5).login(parley::login::basic("ada", "secret"))));
  ASSERT_TRUE(got->succeeded()) << got->error();
  ASSERT_EQ(seen.size(), 3U);
  ASSERT_EQ(there.size(), 1U);
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(has(seen[i], "Authorization: Basic YWRhOnNlY3JldA==")) << seen[i];
    EXPECT_TRUE(has(seen[i], "Cookie: sec=ret")) << seen[i];
    EXPECT_TRUE(has(seen[i], "Host: shop.example")) << seen[i];
  }
  EXPECT_FALSE(has(there[0], "sec=ret")) << there[0];
  EXPECT_FALSE(has(there[0], "Authorization")) << there[0];
  EXPECT_TRUE(has(there[0], "Host: 10.0.0.2\r\n")) << there[0];
  EXPECT_TRUE(has(there[0], "X-Kept: 1")) << there[0];
  EXPECT_TRUE(has(seen[2], "Authorization: Basic")) << "it is its origin again";
  EXPECT_FALSE(has(seen[2], "sec=ret")) << "what was dropped stays dropped";
}

TEST(journey, content_that_is_gone_is_not_sent_again) {
  for (const bool again : {false, true}) {
    world w;
    std::vector<std::string> seen;
    script(w.server, seen,
           [&](const std::string&) { return seen.size() == 1 ? reply(307, "Location: /b\r\n") : reply(200, "", "ok"); });
    request req(parley::method::post, "http://10.0.0.1/a");
    int called = 0;
    req.stream(
        [&called](parley::body_writer& to) -> parley::task<> {
          ++called;
          auto writing = to.write("abc");
          co_await writing;
        },
        3);
    req.repeatable(again);
    auto got = w.run(w.http.send(std::move(req), parley::options().redirects(3)));
    EXPECT_EQ(got->succeeded(), again) << got->error();
    EXPECT_EQ(called, again ? 2 : 1);
    if (!again) {
      EXPECT_EQ(got->kind(), fetch_error::kind::redirect);
    }
  }
}

TEST(journey, cookies_are_kept_and_sent_where_they_belong) {
  world w;
  scripted_server other(w.loop, "10.0.0.2");
  std::vector<std::string> seen, there;
  script(w.server, seen, [&](const std::string&) {
    return reply(302,
                 "Set-Cookie: a=1; Path=/\r\nSet-Cookie: b=2; Path=/deep\r\nSet-Cookie: c=3; Domain=com\r\nSet-Cookie: d=4; "
                 "Secure\r\nLocation: " +
                     std::string(seen.size() == 1 ? "/deep/x" : "http://10.0.0.2/") + "\r\n");
  });
  script(other, there, [&](const std::string&) { return reply(200, "", "end"); });
  parley::cookie_jar jar;
  w.http.cookies(jar);
  request req(parley::method::get, "http://10.0.0.1/");
  req.header("Cookie", "own=0");
  auto got = w.run(w.http.send(std::move(req), parley::options().redirects(3)));
  ASSERT_TRUE(got->succeeded()) << got->error();
  EXPECT_EQ(field_of(seen[0], "Cookie"), "own=0");
  EXPECT_EQ(field_of(seen[1], "Cookie"), "own=0; b=2; a=1");
  EXPECT_EQ(field_of(there[0], "Cookie"), "");
  EXPECT_EQ(jar.size(), 2U);
  EXPECT_EQ(jar.field_for(parley::uri::parse("http://10.0.0.1/").value()), "a=1");
}

TEST(journey, a_login_page_that_sets_a_cookie_and_leads_back_is_no_circle) {
  world w;
  std::vector<std::string> seen;
  script(w.server, seen, [&](const std::string& text) {
    if (has(text, "Cookie: in=1")) return reply(200, "", "welcome");
    return reply(302, has(text, "/login") ? "Set-Cookie: in=1; Path=/\r\nLocation: /\r\n" : "Location: /login\r\n");
  });
  auto got = w.run(w.http.get("http://10.0.0.1/", parley::options().redirects(5).cookies(parley::cookie_jar())));
  ASSERT_TRUE(got->succeeded()) << got->error();
  EXPECT_EQ(got->value().content(), "welcome");
}

// --- logins ------------------------------------------------------------------------------------------------------------------

using parley::detail::hash_for;
using parley::semantics::digest_challenge;
using parley::semantics::digest_credentials;

/// Whether these credentials are right for `ada`, `secret`; the server's half of RFC 7616.
bool right(const std::string& head, const digest_challenge& asked, const std::string& content) {
  const auto value = parley::semantics::parse_credentials(field_of(head, "Authorization"));
  const auto said = value ? digest_credentials::from(*value) : std::nullopt;
  if (!said || said->nonce != asked.nonce || said->opaque != asked.opaque) return false;
  const auto hash = hash_for(asked.algorithm);
  const std::string secret = parley::semantics::digest_secret("ada", asked.realm, "secret", hash);
  return said->response == parley::semantics::digest_response(*said, secret, head.substr(0, head.find(' ')), content, hash);
}

TEST(journey, digest_in_all_its_algorithms) {
  using enum parley::semantics::digest_algorithm;
  for (const auto algorithm : {md5, md5_sess, sha_256, sha_256_sess, sha_512_256, sha_512_256_sess}) {
    for (const bool integrity : {false, true}) {
      world w;
      std::vector<std::string> seen;
      digest_challenge asked{
          .realm = "r", .nonce = "n1", .opaque = "o", .algorithm = algorithm, .auth = !integrity, .auth_int = integrity};
      script(w.server, seen, [&](const std::string& text) {
        if (right(text, asked, "abc")) return reply(200, "", "in");
        return reply(401, "WWW-Authenticate: Basic realm=\"r\"\r\nWWW-Authenticate: " + asked.to_text() + "\r\n");
      });
      const auto who = parley::login::any("ada", "secret");
      auto got = w.run(w.http.put("http://10.0.0.1/x?y", "abc", "text/plain", parley::options().login(who)));
      ASSERT_TRUE(got->succeeded()) << got->error();
      EXPECT_EQ(got->value().status(), 200) << int(algorithm) << integrity;
      EXPECT_EQ(seen.size(), 2U);
      // Later ones answer unasked, and count.
      auto second = w.run(w.http.put("http://10.0.0.1/z", "abc", "text/plain", parley::options().login(who)));
      EXPECT_EQ(second->value().status(), 200);
      EXPECT_EQ(seen.size(), 3U);
      EXPECT_TRUE(has(seen[2], "nc=00000002")) << seen[2];
      // The server has forgotten the nonce.
      asked.nonce = "n2";
      auto third = w.run(w.http.put("http://10.0.0.1/z", "abc", "text/plain", parley::options().login(who)));
      EXPECT_EQ(third->value().status(), 200);
      EXPECT_EQ(seen.size(), 5U);
      EXPECT_TRUE(has(seen[4], "nc=00000001")) << seen[4];
    }
  }
}

// RFC 2069's challenge beside Basic: the password does not leave.
TEST(journey, digest_without_qop_comes_before_basic) {
  world w;
  std::vector<std::string> seen;
  script(w.server, seen, [&](const std::string& text) {
    if (has(field_of(text, "Authorization"), "Digest ")) return reply(200, "");
    return reply(401, "WWW-Authenticate: Basic realm=\"r\", Digest realm=\"r\", nonce=\"n\"\r\n");
  });
  auto got = w.run(w.http.get("http://10.0.0.1/", parley::options().login(parley::login::any("ada", "secret"))));
  ASSERT_TRUE(got->succeeded()) << got->error();
  EXPECT_EQ(got->value().status(), 200);
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_FALSE(has(seen[1], "qop"));
}

TEST(journey, an_empty_location_is_none) {
  world w;
  std::vector<std::string> seen;
  script(w.server, seen, [&](const std::string&) { return reply(302, "Location: \r\n", "here"); });
  auto got = w.run(w.http.get("http://10.0.0.1/", parley::options().redirects(3)));
  ASSERT_TRUE(got->succeeded()) << got->error();
  EXPECT_EQ(got->value().status(), 302);
  EXPECT_EQ(seen.size(), 1U);
}

// RFC 9110 §10.1.4: over HTTP/1.1 the wish for trailers is one of the connection.
TEST(journey, digests_are_wanted_in_trailers_too) {
  world w;
  std::vector<std::string> seen;
  script(w.server, seen, [&](const std::string&) { return reply(200, ""); });
  static_cast<void>(w.run(w.http.get("http://10.0.0.1/", parley::options().check_digests())));
  static_cast<void>(w.run(w.http.get("http://10.0.0.1/", parley::options().check_digests().version(parley::http1_0))));
  static_cast<void>(w.run(w.http.get("http://10.0.0.1/")));
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_EQ(field_of(seen[0], "TE"), "trailers");
  EXPECT_EQ(field_of(seen[0], "Connection"), "TE");
  EXPECT_EQ(field_of(seen[1], "TE") + field_of(seen[2], "TE"), "");
}

TEST(journey, a_wrong_password_is_tried_once) {
  world w;
  std::vector<std::string> seen;
  script(w.server, seen, [&](const std::string&) {
    return reply(401, "WWW-Authenticate: Digest realm=\"r\", nonce=\"n" + std::to_string(seen.size()) +
                          "\", qop=\"auth\", algorithm=SHA-256\r\n");
  });
  for (const auto& who : {parley::login::any("ada", "x"), parley::login::digest("ada", "x")}) {
    seen.clear();
    auto got = w.run(w.http.get("http://10.0.0.1/", parley::options().login(who)));
    EXPECT_EQ(got->value().status(), 401);
    EXPECT_EQ(seen.size(), 2U);
    EXPECT_FALSE(has(seen[1], "Basic"));
  }
  seen.clear();
  auto basic = w.run(w.http.get("http://10.0.0.1/", parley::options().login(parley::login::basic("ada", "x"))));
  EXPECT_EQ(basic->value().status(), 401);
  EXPECT_EQ(seen.size(), 1U);
}

TEST(journey, a_server_that_always_says_stale_is_not_asked_for_ever) {
  world w;
  std::vector<std::string> seen;
  script(w.server, seen, [&](const std::string&) {
    return reply(
        401, "WWW-Authenticate: Digest realm=\"r\", nonce=\"n" + std::to_string(seen.size()) + "\", qop=\"auth\", stale=true\r\n");
  });
  auto got = w.run(w.http.get("http://10.0.0.1/", parley::options().login(parley::login::digest("ada", "secret"))));
  EXPECT_EQ(got->value().status(), 401);
  EXPECT_EQ(seen.size(), 3U);
}

TEST(journey, mutual_proof_and_the_next_nonce) {
  for (const bool honest : {true, false}) {
    world w;
    std::vector<std::string> seen;
    const digest_challenge asked{.realm = "r", .nonce = "n1", .algorithm = parley::semantics::digest_algorithm::sha_256};
    script(w.server, seen, [&](const std::string& text) {
      if (!has(text, "Authorization: ")) return reply(401, "WWW-Authenticate: " + asked.to_text() + "\r\n");
      const auto said =
          digest_credentials::from(parley::semantics::parse_credentials(field_of(text, "Authorization")).value()).value();
      const auto hash = hash_for(asked.algorithm);
      const std::string secret = parley::semantics::digest_secret("ada", "r", honest ? "secret" : "guess", hash);
      return reply(200, "Authentication-Info: nextnonce=\"n2\", qop=auth, rspauth=\"" +
                            parley::semantics::digest_response(said, secret, "", "", hash) + "\", cnonce=\"" + said.cnonce +
                            "\", nc=00000001\r\n");
    });
    const auto who = parley::login::digest("ada", "secret");
    auto got = w.run(w.http.get("http://10.0.0.1/", parley::options().login(who)));
    EXPECT_EQ(got->succeeded(), honest) << got->error();
    if (!honest) {
      EXPECT_EQ(got->kind(), fetch_error::kind::login);
      continue;
    }
    auto next = w.run(w.http.get("http://10.0.0.1/", parley::options().login(who)));
    ASSERT_TRUE(next->succeeded());
    EXPECT_TRUE(has(seen[2], "nonce=\"n2\"")) << seen[2];
    EXPECT_TRUE(has(seen[2], "nc=00000001")) << seen[2];
  }
}

TEST(journey, bearer_tokens_and_a_field_of_the_requests_own) {
  world w;
  std::vector<std::string> seen;
  script(w.server, seen, [&](const std::string&) { return reply(401, "WWW-Authenticate: Bearer\r\n"); });
  auto got = w.run(w.http.get("http://10.0.0.1/", parley::options().login(parley::login::bearer("abc.def"))));
  EXPECT_EQ(got->value().status(), 401);
  EXPECT_EQ(field_of(seen[0], "Authorization"), "Bearer abc.def");
  request req(parley::method::get, "http://10.0.0.1/");
  req.header("Authorization", "Custom x");
  auto own = w.run(w.http.send(std::move(req), parley::options().login(parley::login::basic("a", "b"))));
  EXPECT_EQ(field_of(seen[1], "Authorization"), "Custom x");
  EXPECT_EQ(seen.size(), 2U);
  EXPECT_THROW(static_cast<void>(parley::login::bearer("a b")), std::invalid_argument);
  EXPECT_THROW(static_cast<void>(parley::login::basic("a:b", "c")), std::invalid_argument);
  EXPECT_THROW(static_cast<void>(parley::login::digest("a\n", "c")), std::invalid_argument);
}

// --- locations -----------------------------------------------------------------------------------------------------------------

TEST(journey, locations_are_read_as_browsers_do) {
  struct row {
    const char* base;
    const char* location;
    const char* target;  // empty: refused
  };
  const row rows[] = {
      {"http://a/b/c?d", "e", "http://a/b/e"},
      {"http://a/b/c?d", "?x", "http://a/b/c?x"},
      {"http://a/b/c?d", "//other/y", "http://other/y"},
      {"http://a/b#frag", "/c", "http://a/c#frag"},
      {"http://a/b#frag", "/c#own", "http://a/c#own"},
      {"http://a/b#frag", "/c#", "http://a/c#"},
      {"http://a/", "/with blank\xc3\xa9|", "http://a/with%20blank%C3%A9%7C"},
      {"http://a/", "/%zz%41", "http://a/%25zz%41"},
      {"http://a/", "\\\\evil/", "http://a/%5C%5Cevil/"},
      {"http://a/",
       "//b\xc3\xbc"
       "cher.example:81/\xc3\xbc",
       "http://xn--bcher-kva.example:81/%C3%BC"},
      {"http://a/",
       "https://b\xc3\xbc"
       "cher.example",
       "https://xn--bcher-kva.example"},
      {"http://a/", "/x//\xc3\xbc", "http://a/x//%C3%BC"},
      {"https://a/", "javascript:alert(1)", ""},
      {"https://a/", "file:///etc/passwd", ""},
      {"https://a/", "https:///x", ""},
  };
  for (const row& x : rows) {
    const auto got = parley::fetching::follow_location(parley::uri::parse(x.base).value(), x.location);
    EXPECT_EQ(got ? got->to_string() : "", x.target) << x.location;
  }
}

// --- forms ---------------------------------------------------------------------------------------------------------------------

TEST(journey, forms_with_known_length) {
  world w;
  std::vector<std::string> seen;
  script(w.server, seen, [&](const std::string&) { return reply(200, "", "ok"); });
  parley::form_content form;
  form.field("name", "Ada \"L\"").bytes("file", std::string(100, 'x'), "a\"b.txt").field("typed", "{}", "application/json");
  request req(parley::method::post, "http://10.0.0.1/");
  form.attach(req);
  auto got = w.run(w.http.send(std::move(req)));
  ASSERT_TRUE(got->succeeded()) << got->error();
  EXPECT_EQ(field_of(seen[0], "Content-Length"), std::to_string(form.length()));
  EXPECT_EQ(field_of(seen[0], "Content-Type"), form.content_type());
  EXPECT_TRUE(has(seen[0], "name=\"file\"; filename=\"a%22b.txt\"\r\nContent-Type: text/plain\r\n\r\nxxx")) << seen[0];
  EXPECT_TRUE(has(seen[0], "name=\"typed\"\r\nContent-Type: application/json\r\n\r\n{}\r\n--")) << seen[0];
  EXPECT_THROW(form.file("x", "/nonexistent/file"), std::system_error);
  EXPECT_THROW(form.file("x", "/"), std::invalid_argument);
  EXPECT_THROW(form.field("x", "y", "a\r\nb: c"), std::invalid_argument);
}

}  // namespace
