#include <parley/csrf.hpp>
#include <parley/form.hpp>
#include <parley/session.hpp>

#include "../support/scratch_folder.hpp"
#include "arena.hpp"

#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <iterator>

// Attacks on what a server remembers: sessions, forms, uploads.

namespace parley::attack {
namespace {

std::string posted(std::string_view path, std::string_view content, std::string_view more = {},
                   std::string_view type = "application/x-www-form-urlencoded") {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(more) +
         "Content-Type: " + std::string(type) + "\r\nContent-Length: " + std::to_string(content.size()) + "\r\n\r\n" +
         std::string(content);
}
std::string got(std::string_view path, std::string_view more = {}, std::string_view host = "localhost") {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: " + std::string(host) + "\r\n" + std::string(more) + "\r\n";
}
std::string cookie_in(const std::string& head, const std::string& name) {
  const auto at = head.find("Set-Cookie: " + name + "=");
  if (at == std::string::npos) return {};
  const auto from = at + 13 + name.size();
  return head.substr(from, head.find(';', from) - from);
}

struct state_site : arena {
  explicit state_site(std::shared_ptr<session_store> store = memory_sessions()) {
    app.sessions(std::move(store));
    app.route("POST /login", [](const request& req) {
      req.session().log_in("ada");
      return text("in");
    });
    app.route("POST /put", [](const request& req) {
      req.session().set("a", 1);
      return text("put");
    });
    app.route("GET /who", [](const request& req) { return text("user=" + req.session().user()); });
  }
};

void session_ids_are_not_fixed(std::shared_ptr<session_store> store) {
  state_site site(std::move(store));
  site.open();
  raw client(site.port);
  const std::string made_up(22, 'A');
  client.send(posted("/put", "", "Cookie: session=" + made_up + "\r\n"));
  ASSERT_EQ(client.response(), 200);
  const std::string first = cookie_in(client.last_head, "session");
  EXPECT_EQ(first.size(), 22u);
  EXPECT_NE(first, made_up);
  client.send(posted("/login", "", "Cookie: session=" + first + "\r\n"));
  ASSERT_EQ(client.response(), 200);
  const std::string second = cookie_in(client.last_head, "session");
  EXPECT_NE(second, first);
  client.send(got("/who", "Cookie: session=" + first + "\r\n"));  // who planted it before the login
  ASSERT_EQ(client.response(), 200);
  EXPECT_EQ(client.last_content, "user=");
  client.send(got("/who", "Cookie: session=" + second + "\r\n"));
  ASSERT_EQ(client.response(), 200);
  EXPECT_EQ(client.last_content, "user=ada");
  EXPECT_TRUE(site.serves_others());
}

TEST(attack_state, fixed_session_ids) {
  session_ids_are_not_fixed(memory_sessions());
  const test::scratch_folder folder;
  session_ids_are_not_fixed(sqlite_sessions(folder / "sessions.db"));
}

TEST(attack_state, cookie_tossing) {
  state_site site;
  site.open();
  raw client(site.port);
  client.send(posted("/login", ""));
  ASSERT_EQ(client.response(), 200);
  const std::string evil = cookie_in(client.last_head, "session");
  client.send(posted("/login", ""));
  ASSERT_EQ(client.response(), 200);
  const std::string mine = cookie_in(client.last_head, "session");
  for (const std::string& line : {"Cookie: session=" + evil + "; session=" + mine, "Cookie: session=" + mine + "; session=" + evil,
                                  "Cookie: session=" + mine + "\r\nCookie: session=" + evil}) {
    client.send(got("/who", line + "\r\n"));
    ASSERT_EQ(client.response(), 200);
    EXPECT_EQ(client.last_content, "user=") << line;
  }
  // Outside of this machine a plain cookie, which others can set, counts for nothing.
  client.send(got("/who", "Cookie: session=" + evil + "\r\n", "shop.example"));
  ASSERT_EQ(client.response(), 200);
  EXPECT_EQ(client.last_content, "user=");
  client.send(got("/who", "Cookie: __Host-session=" + mine + "; session=" + evil + "\r\n", "shop.example"));
  ASSERT_EQ(client.response(), 200);
  EXPECT_EQ(client.last_content, "user=ada");
  EXPECT_EQ(site.count("sessions_ambiguous"), 3u);
  EXPECT_TRUE(site.serves_others());
}

TEST(attack_state, forged_requests) {
  state_site site;
  std::atomic<int> done{0};
  site.app.csrf_protection();
  site.app.route("POST /plain", [&](const request&) {
    ++done;
    return text("done");
  });
  site.app.route("POST /task", [&](request&) -> task<response> {
    ++done;
    co_return text("done");
  });
  site.app.route("GET /token", [](const request& req) { return text(csrf_token(req)); });
  site.open();
  raw client(site.port);
  client.send(got("/token"));
  ASSERT_EQ(client.response(), 200);
  const std::string form = "csrf_token=" + client.last_content;
  const std::string cookie = "Cookie: csrf=" + cookie_in(client.last_head, "csrf") + "\r\n";
  for (const char* path : {"/plain", "/task"}) {
    raw other(site.port);
    other.send(posted(path, "a=b", cookie));
    EXPECT_EQ(other.response(), 403);
    raw elsewhere(site.port);
    elsewhere.send(posted(path, form, cookie + "Origin: https://evil.example\r\n"));
    EXPECT_EQ(elsewhere.response(), 403);
    raw sibling(site.port);
    sibling.send(posted(path, form, cookie + "Sec-Fetch-Site: same-site\r\n"));
    EXPECT_EQ(sibling.response(), 403);
    raw without(site.port);
    without.send(posted(path, form));
    EXPECT_EQ(without.response(), 403);
    EXPECT_EQ(done, 0);
    raw good(site.port);
    good.send(posted(path, form, cookie));
    EXPECT_EQ(good.response(), 200);
    EXPECT_EQ(done.exchange(0), 1);
  }
  EXPECT_EQ(site.count("csrf_refused"), 8u);
  EXPECT_TRUE(site.serves_others());
}

struct upload_site : arena {
  upload_site() {
    app.route("POST /up", [this](request& req) -> task<response> {
      auto reading = req.form(how);
      const form sent = co_await reading;
      co_return text(std::to_string(sent.files().size()));
    });
  }
  [[nodiscard]] std::size_t left_behind() const {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(folder.path()), std::filesystem::directory_iterator()));
  }
  test::scratch_folder folder;
  form_options how = form_options().folder(folder.path().string());
};

TEST(attack_state, multipart_bombs) {
  upload_site site;
  site.open();
  const std::string type = "multipart/form-data; boundary=b";
  const std::string file = "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n";
  std::string fields;
  for (int i = 0; i < 1001; ++i)
    fields += "--b\r\nContent-Disposition: form-data; name=\"n" + std::to_string(i) + "\"\r\n\r\nx\r\n";
  std::string files;
  for (int i = 0; i < 33; ++i) files += file + "x\r\n";
  for (const std::string& content :
       {fields + "--b--\r\n", files + "--b--\r\n", "--b\r\nX: " + std::string(9000, 'x') + "\r\n\r\nx\r\n--b--\r\n",
        "--b\r\nContent-Disposition: form-data; name=\"" + std::string(300, 'n') + "\"\r\n\r\nx\r\n--b--\r\n",
        "--b\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\n" + std::string(300 * 1024, 'x') + "\r\n--b--\r\n"}) {
    raw client(site.port);
    client.send(posted("/up", content, "Connection: close\r\n", type));
    EXPECT_EQ(client.response(), 413) << content.substr(0, 100);
    EXPECT_TRUE(site.serves_others());
  }
  EXPECT_EQ(site.count("forms_too_large"), 5u);
  // A hundred clients who never end their files: nothing stays when they have gone.
  {
    std::vector<std::unique_ptr<raw>> many;
    for (int i = 0; i < 20; ++i) {
      many.push_back(std::make_unique<raw>(site.port));
      many.back()->send("POST /up HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000000\r\nContent-Type: " + type + "\r\n\r\n" +
                        file + std::string(500'000, 'x'));
    }
    EXPECT_TRUE(site.serves_others());
  }
  EXPECT_EQ(site.left_behind(), 0u);
  EXPECT_TRUE(site.serves_others());
}

// A limit of this process on the size of files is as good as a disk without room.
TEST(attack_state, a_full_disk) {
  upload_site site;
  site.open();
  const auto before = std::signal(SIGXFSZ, SIG_IGN);
  rlimit normal{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &normal), 0);
  rlimit small = normal;
  small.rlim_cur = 300'000;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const std::string content =
      "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n" + std::string(2'000'000, 'x') + "\r\n--b--\r\n";
  const std::string request = posted("/up", content, "Connection: close\r\n", "multipart/form-data; boundary=b");
  {
    raw client(site.port);
    client.send(request);
    EXPECT_EQ(client.response(), 507);
  }
  EXPECT_TRUE(site.serves_others());
  EXPECT_EQ(site.left_behind(), 0u);
  EXPECT_EQ(site.count("forms_full"), 1u);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &normal), 0);
  std::signal(SIGXFSZ, before);
  raw client(site.port);
  client.send(request);
  EXPECT_EQ(client.response(), 200) << "it recovers by itself";
}

}  // namespace
}  // namespace parley::attack
