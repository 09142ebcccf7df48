#include "session_stores.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <stdexcept>
#include <thread>
#include <tuple>

// What a handler does to its session, with each store.

namespace parley::testing {
namespace {

using namespace std::chrono_literals;

struct session_site : ::testing::TestWithParam<store_kind> {
  session_site() {
    store = make_sessions(GetParam(), folder.path().string());
    app.sessions(store, session_options().idle(1h).absolute(10h).clock([this] { return now; }));
    app.route("GET /", [](const request& req) { return text(req.session().get<std::string>("name").value_or("nobody")); });
    app.route("GET /plain", [](const request&) { return text("plain"); });
    app.route("GET /who", [](const request& req) { return text(req.session().user()); });
    app.route("POST /set/{name}/{value}", [](const request& req) {
      req.session().set(req.path("name"), req.path("value"));
      return text("set");
    });
    app.route("POST /login/{user}", [](const request& req) {
      req.session().log_in(req.path("user"));
      return redirect("/");
    });
    app.route("POST /renew", [](const request& req) {
      req.session().renew();
      return text("renewed");
    });
    app.route("POST /logout", [](const request& req) {
      req.session().end();
      return redirect("/");
    });
    app.route("POST /everywhere", [](const request& req) {
      req.session().end_everywhere();
      return redirect("/");
    });
    app.route("POST /fails", [](const request& req) -> response {
      req.session().set("name", "lost");
      throw std::runtime_error("no");
    });
  }
  std::size_t kept() { return run(store->count()); }
  std::uint64_t counted(std::string_view name) {
    for (const counter& c : app.counters()) {
      if (c.name == name) return c.value;
    }
    return 0;
  }

  test::scratch_folder folder;
  std::chrono::sys_seconds now{std::chrono::seconds{1'800'000'000}};
  std::shared_ptr<session_store> store;
  server app;
  browser one{app};
};

TEST_P(session_site, nothing_is_kept_and_no_cookie_set_until_something_is_put_in) {
  EXPECT_EQ(one.get("/").content(), "nobody");
  EXPECT_TRUE(one.cookies.empty());
  EXPECT_EQ(kept(), 0u);
  one.post("/set/name/ada");
  ASSERT_EQ(one.cookies.count("session"), 1u);
  EXPECT_EQ(one.cookies["session"].size(), 22u);
  EXPECT_EQ(kept(), 1u);
  EXPECT_EQ(one.get("/").content(), "ada");
  EXPECT_EQ(counted("sessions_begun"), 1u);
}

TEST_P(session_site, the_cookie_is_what_rfc_6265bis_wants) {
  request near(method::post, "/set/name/ada");
  near.header("Host", "127.0.0.1:8080");
  EXPECT_TRUE(app.handle(std::move(near)).header("Set-Cookie").ends_with("; Path=/; HttpOnly; SameSite=Lax"));
  request far(method::post, "/set/name/ada");
  far.header("Host", "shop.example");
  const response answer = app.handle(std::move(far));
  EXPECT_TRUE(answer.header("Set-Cookie").starts_with("__Host-session="));
  EXPECT_TRUE(answer.header("Set-Cookie").ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax"));
  EXPECT_EQ(answer.header("Cache-Control"), "private, no-cache");
}

TEST_P(session_site, a_request_without_it_has_no_trace_of_it) {
  one.post("/set/name/ada");
  const response answer = one.get("/plain");
  EXPECT_TRUE(answer.header("Set-Cookie").empty());
  EXPECT_TRUE(answer.header("Cache-Control").empty());
}

TEST_P(session_site, kinds_of_values_come_back) {
  app.route("POST /all", [](const request& req) {
    req.session()
        .set("t", std::string("a\0b", 3))
        .set("n", std::numeric_limits<std::int64_t>::min())
        .set("d", 0.1)
        .set("b", true)
        .set("c", "x");
    return text("");
  });
  app.route("GET /all", [](const request& req) {
    session& s = req.session();
    EXPECT_EQ(s.get<std::string>("t"), std::string("a\0b", 3));
    EXPECT_EQ(s.get<std::int64_t>("n"), std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(s.get<double>("d"), 0.1);
    EXPECT_EQ(s.get<bool>("b"), true);
    EXPECT_EQ(s.get<std::string>("c"), "x");
    EXPECT_FALSE(s.get<int>("n"));  // does not fit
    EXPECT_FALSE(s.get<int>("t"));
    EXPECT_FALSE(s.get<bool>("d"));
    EXPECT_EQ(s.values().size(), 5u);
    EXPECT_EQ(s.take<std::string>("c"), "x");
    EXPECT_FALSE(s.contains("c"));
    EXPECT_FALSE(s.erase("c"));
    return text(std::to_string(s.values().size()));
  });
  one.post("/all");
  EXPECT_EQ(one.get("/all").content(), "4");
  request again(method::get, "/");
  app.route("GET /left", [](const request& req) { return text(std::to_string(req.session().values().size())); });
  EXPECT_EQ(one.get("/left").content(), "4");
}

TEST_P(session_site, idle_and_absolute_lifetimes_end_it) {
  one.post("/set/name/ada");
  now += 59min;
  EXPECT_EQ(one.get("/").content(), "ada");
  now += 59min;
  EXPECT_EQ(one.get("/").content(), "ada") << "the second request moved its time of use";
  now += 61min;
  EXPECT_EQ(one.get("/").content(), "nobody");
  one.post("/set/name/bob");
  for (int i = 0; i < 12; ++i) {
    now += 50min;
    const std::string_view wanted = i < 11 ? "bob" : "nobody";  // 11 * 50 minutes are less than 10 hours
    EXPECT_EQ(one.get("/").content(), wanted) << i;
    if (i >= 11) break;
  }
}

TEST_P(session_site, login_changes_the_id_and_keeps_the_data) {
  one.post("/set/name/ada");
  const std::string before = one.cookies["session"];
  one.post("/login/ada");
  const std::string after = one.cookies["session"];
  EXPECT_NE(before, after);
  EXPECT_EQ(one.get("/who").content(), "ada");
  EXPECT_EQ(one.get("/").content(), "ada");
  EXPECT_EQ(kept(), 1u);
  browser old(app);
  old.cookies["session"] = before;
  EXPECT_EQ(old.get("/who").content(), "");
  EXPECT_EQ(old.get("/").content(), "nobody");
}

TEST_P(session_site, another_users_login_leaves_nothing_of_the_one_before) {
  one.post("/set/name/basket");
  one.post("/login/ada");
  EXPECT_EQ(one.get("/").content(), "basket") << "what an unknown visitor put in is of who logs in";
  one.post("/login/ada");
  EXPECT_EQ(one.get("/").content(), "basket");
  one.post("/login/eve");
  EXPECT_EQ(one.get("/who").content(), "eve");
  EXPECT_EQ(one.get("/").content(), "nobody");
}

TEST_P(session_site, logout_kills_the_id_and_removes_the_cookie) {
  one.post("/login/ada");
  browser stolen(app);
  stolen.cookies = one.cookies;
  one.post("/logout");
  EXPECT_TRUE(one.cookies.empty());
  EXPECT_EQ(stolen.get("/who").content(), "");
  EXPECT_EQ(kept(), 0u);
  EXPECT_EQ(counted("sessions_ended"), 1u);
}

TEST_P(session_site, an_answer_that_is_refused_keeps_the_cookie_of_a_new_id) {
  app.route("GET /tagged", [](const request& req) {
    req.session().renew();
    return text("content").entity_tag("v1");
  });
  one.post("/login/ada");
  for (const auto& [name, value, status] : {std::tuple{"If-Match", "\"v0\"", 412}, std::tuple{"Range", "bytes=99-", 416}}) {
    request asked(method::get, "/tagged");
    asked.header("Host", "127.0.0.1").header("Cookie", "session=" + one.cookies["session"]).header(name, value);
    const response answer = app.handle(std::move(asked));
    EXPECT_EQ(answer.status(), status);
    const std::string set(answer.header("Set-Cookie"));
    ASSERT_TRUE(set.starts_with("session=")) << name << ": the visitor is logged out";
    one.cookies["session"] = set.substr(8, 22);
    EXPECT_EQ(one.get("/who").content(), "ada");
  }
}

TEST_P(session_site, all_sessions_of_a_user_can_be_ended) {
  browser two(app);
  browser other(app);
  one.post("/login/ada");
  two.post("/login/ada");
  other.post("/login/bob");
  one.post("/everywhere");
  EXPECT_EQ(two.get("/who").content(), "");
  EXPECT_EQ(other.get("/who").content(), "bob");
  EXPECT_EQ(run(store->end_user("bob")), 1u);
  EXPECT_EQ(other.get("/who").content(), "");
  EXPECT_EQ(run(store->end_user("nobody")), 0u);
}

TEST_P(session_site, what_an_answer_of_500_set_is_not_kept) {
  app.on_message([](std::string_view) {});
  one.post("/set/name/ada");
  EXPECT_EQ(one.post("/fails").status(), 500);
  EXPECT_EQ(one.get("/").content(), "ada");
  browser fresh(app);
  EXPECT_EQ(fresh.post("/fails").status(), 500);
  EXPECT_TRUE(fresh.cookies.empty());
}

// The handler of one request runs within another's.
TEST_P(session_site, two_requests_at_once_are_merged_by_name) {
  app.route("POST /slow", [this](request& req) -> task<response> {
    req.session().set("a", "slow").set("both", "slow");
    auto pause = sleep_for(1ms);
    co_await pause;
    std::thread([this] { one.post("/fast"); }).join();
    co_return text("");
  });
  app.route("POST /fast", [](const request& req) {
    req.session().set("b", "fast").set("both", "fast").erase("gone");
    return text("");
  });
  app.route("GET /all", [](const request& req) {
    std::string all;
    for (const auto& [name, value] : req.session().values()) all += name + "=" + std::get<std::string>(value) + " ";
    return text(all);
  });
  one.post("/set/gone/x");
  browser first(app);
  first.cookies = one.cookies;
  first.post("/slow");
  EXPECT_EQ(one.get("/all").content(), "a=slow b=fast both=slow ");
}

TEST_P(session_site, a_logout_meanwhile_is_not_undone) {
  app.route("POST /slow", [this](const request& req) {
    req.session().set("name", "zombie");
    std::thread([this] { one.post("/logout"); }).join();
    return text("");
  });
  one.post("/login/ada");
  browser first(app);
  first.cookies = one.cookies;
  const response answer = first.post("/slow");
  EXPECT_TRUE(answer.header("Set-Cookie").empty());
  EXPECT_EQ(kept(), 0u);
  // Behind it, too: a request that was under way begins no other session.
  EXPECT_TRUE(first.post("/set/name/zombie").header("Set-Cookie").empty());
  EXPECT_EQ(kept(), 0u);
  now += 31s;
  EXPECT_FALSE(first.post("/set/name/new").header("Set-Cookie").empty());
}

TEST_P(session_site, a_login_meanwhile_is_not_undone) {
  app.route("POST /slow", [this](const request& req) {
    req.session().set("name", "old");
    std::thread([this] { one.post("/login/ada"); }).join();
    return text("");
  });
  one.post("/set/name/new");
  browser first(app);
  first.cookies = one.cookies;
  EXPECT_TRUE(first.post("/slow").header("Set-Cookie").empty());
  EXPECT_EQ(one.get("/who").content(), "ada");
  EXPECT_EQ(one.get("/").content(), "new");
  // With the dead id one may log in at once.
  first.post("/login/bob");
  EXPECT_EQ(first.get("/who").content(), "bob");
  EXPECT_EQ(first.get("/").content(), "nobody");
}

TEST_P(session_site, a_new_id_for_what_was_ended_meanwhile_is_not_set) {
  app.route("POST /slow", [this](const request& req) {
    req.session().renew();
    std::thread([this] { one.post("/logout"); }).join();
    return text("");
  });
  one.post("/login/ada");
  browser first(app);
  first.cookies = one.cookies;
  EXPECT_TRUE(first.post("/slow").header("Set-Cookie").empty()) << "it would be nobody's";
  EXPECT_EQ(first.get("/who").content(), "");
  EXPECT_EQ(kept(), 0u);
}

// The browser may get either answer last: where it is logged out, so is the server.
TEST_P(session_site, a_logout_that_meets_a_login_ends_what_it_has_become) {
  app.route("POST /slow", [this](const request& req) {
    req.session().end();
    std::thread([this] {
      one.post("/login/ada");
      one.post("/renew");
    }).join();
    return text("");
  });
  one.post("/set/name/basket");
  browser first(app);
  first.cookies = one.cookies;
  EXPECT_EQ(first.post("/slow").status(), 200);
  EXPECT_EQ(one.get("/who").content(), "");
  EXPECT_EQ(one.get("/").content(), "nobody");
  EXPECT_EQ(kept(), 0u);
  // With a dead id nobody ends anything.
  one.cookies.clear();
  one.post("/set/name/basket");
  first.cookies = one.cookies;
  one.post("/login/ada");
  first.post("/logout");
  EXPECT_EQ(one.get("/who").content(), "ada");
}

TEST_P(session_site, an_id_that_somebody_made_up_is_not_taken_on) {
  one.cookies["session"] = "AAAAAAAAAAAAAAAAAAAAAA";
  one.post("/set/name/ada");
  EXPECT_NE(one.cookies["session"], "AAAAAAAAAAAAAAAAAAAAAA");
  EXPECT_EQ(one.get("/").content(), "ada");
}

TEST_P(session_site, two_cookies_that_differ_count_for_none) {
  one.post("/login/ada");
  request tossed(method::get, "/who");
  tossed.header("Host", "localhost").header("Cookie", "session=" + one.cookies["session"] + "; session=AAAAAAAAAAAAAAAAAAAAAA");
  EXPECT_EQ(app.handle(std::move(tossed)).content(), "");
  EXPECT_GE(counted("sessions_ambiguous"), 1u);
  request twice(method::get, "/who");
  twice.header("Host", "localhost").header("Cookie", "session=" + one.cookies["session"] + "; session=" + one.cookies["session"]);
  EXPECT_EQ(app.handle(std::move(twice)).content(), "ada");
}

TEST_P(session_site, what_is_over_is_swept) {
  one.post("/set/name/ada");
  browser(app).post("/login/bob");
  EXPECT_EQ(run(store->sweep(now)), 0u);
  EXPECT_EQ(run(store->sweep(now + 2h)), 2u);
  EXPECT_EQ(kept(), 0u);
}

TEST_P(session_site, caps_hold) {
  app.route("POST /much", [](const request& req) {
    session& s = req.session();
    EXPECT_THROW(s.set("x", std::string(16 * 1024, 'x')), std::length_error);
    EXPECT_THROW(s.set("", "x"), std::invalid_argument);
    EXPECT_THROW(s.set(std::string(129, 'x'), "x"), std::invalid_argument);
    EXPECT_THROW(s.log_in(""), std::invalid_argument);
    for (int i = 0; i < 64; ++i) s.set("n" + std::to_string(i), i);
    EXPECT_THROW(s.set("more", 1), std::length_error);
    s.set("n1", 2);
    return text("");
  });
  EXPECT_EQ(one.post("/much").status(), 200);
}

TEST_P(session_site, a_task_has_it_too_and_not_behind_the_head) {
  bool refused = false;
  app.route("POST /task", [](request& req) -> task<response> {
    req.session().set("name", "task");
    auto pause = sleep_for(1ms);
    co_await pause;
    co_return text("");
  });
  app.route("POST /stream", [&refused](request& req) -> task<response> {
    session& s = req.session();
    s.set("name", "stream");
    co_return stream(
        [&s, &refused](body_writer&) -> task<> {
          try {
            s.set("name", "late");
          } catch (const std::logic_error&) {
            refused = true;
          }
          co_return;
        },
        "text/plain");
  });
  one.post("/task");
  EXPECT_EQ(one.get("/").content(), "task");
  one.post("/stream");
  EXPECT_TRUE(refused);
  EXPECT_EQ(one.get("/").content(), "stream");
}

TEST_P(session_site, middleware_and_the_page_for_nothing_have_it) {
  app.not_found([](const request& req) { return text("not here, " + req.session().user()).status(404); });
  one.post("/login/ada");
  EXPECT_EQ(one.get("/nowhere").content(), "not here, ada");
  app.use([](request& req, next go_on) -> task<response> {
    auto going = go_on(req);
    response answer = co_await going;
    answer.header("X-User", req.session().user());
    co_return answer;
  });
  EXPECT_EQ(one.get("/plain").header("X-User"), "ada");
  EXPECT_EQ(one.get("/nowhere").content(), "not here, ada");
}

INSTANTIATE_TEST_SUITE_P(stores, session_site, ::testing::Values(store_kind::memory, store_kind::sqlite),
                         [](const auto& of) { return of.param == store_kind::memory ? "memory" : "sqlite"; });

// --- a store that fails ----------------------------------------------------------------------------------------------------------

class failing_store final : public session_store {
 public:
  explicit failing_store(bool at_once) : at_once_(at_once) {}
  [[nodiscard]] bool at_once() const noexcept override { return at_once_; }
  session_look look_now(const session_key& key, std::chrono::sys_seconds now, const session_lifetime& lifetime) override {
    ++looks;
    if (fails) throw store_error(store_error::kind::gone, "gone");
    return behind_->look_now(key, now, lifetime);
  }
  session_outcome change_now(session_change c) override {
    if (fails) throw store_error(store_error::kind::gone, "gone");
    return behind_->change_now(std::move(c));
  }
  task<std::size_t> end_user(std::string user) override { return behind_->end_user(std::move(user)); }
  task<std::size_t> sweep(std::chrono::sys_seconds now) override { return behind_->sweep(now); }
  task<std::size_t> count() override { return behind_->count(); }

  bool fails = false;
  int looks = 0;

 private:
  const bool at_once_;
  std::shared_ptr<session_store> behind_ = memory_sessions();
};

class failing : public ::testing::TestWithParam<bool> {};

TEST_P(failing, sessions_fail_closed_others_work_and_it_recovers) {
  auto store = std::make_shared<failing_store>(GetParam());
  server app;
  app.on_message([](std::string_view) {});
  app.sessions(store);
  app.route("GET /who", [](const request& req) { return text(req.session().user() + "."); });
  app.route("GET /plain", [](const request&) { return text("plain"); });
  app.route("POST /login", [](const request& req) {
    req.session().log_in("ada");
    return text("in");
  });
  browser one(app);
  one.post("/login");
  EXPECT_EQ(one.get("/who").content(), "ada.");
  store->fails = true;
  const response refused = one.get("/who");
  EXPECT_EQ(refused.status(), 503);
  EXPECT_EQ(refused.header("Retry-After"), "1");
  const int asked = store->looks;
  EXPECT_EQ(one.get("/plain").content(), "plain");
  EXPECT_EQ(one.get("/who").status(), 503);
  EXPECT_EQ(store->looks, asked) << "for a second it is not asked again";
  browser fresh(app);
  EXPECT_EQ(fresh.post("/login").status(), 503) << "and nobody is logged in that is not kept";
  EXPECT_TRUE(fresh.cookies.empty());
  store->fails = false;
  const auto until = std::chrono::steady_clock::now() + 30s;
  while (one.get("/who").status() != 200 && std::chrono::steady_clock::now() < until) {
  }
  EXPECT_EQ(one.get("/who").content(), "ada.");
}

INSTANTIATE_TEST_SUITE_P(kinds, failing, ::testing::Bool());

TEST(memory_sessions, makes_room_among_those_whom_nobody_is_logged_in_to) {
  server app;
  app.on_message([](std::string_view) {});
  auto store = memory_sessions(2);
  app.sessions(store);
  app.route("POST /set", [](const request& req) {
    req.session().set("a", 1);
    return text("");
  });
  app.route("POST /login", [](const request& req) {
    req.session().log_in("ada");
    return text("");
  });
  app.route("GET /", [](const request& req) { return text(req.session().existed() ? "yes" : "no"); });
  browser first(app);
  browser user(app);
  first.post("/set");
  user.post("/login");
  for (int i = 0; i < 10; ++i) browser(app).post("/set");
  EXPECT_EQ(first.get("/").content(), "no");
  EXPECT_EQ(user.get("/").content(), "yes");
  EXPECT_EQ(run(store->count()), 2u);
  browser second(app);
  EXPECT_EQ(second.post("/login").status(), 200);
  EXPECT_EQ(browser(app).post("/set").status(), 503) << "all are of users";
  EXPECT_EQ(user.get("/").content(), "yes");
}

TEST(sqlite_sessions, makes_room_among_those_whom_nobody_is_logged_in_to) {
  test::scratch_folder folder;
  const std::string file = folder / "sessions.db";
  server app;
  app.on_message([](std::string_view) {});
  auto store = sqlite_sessions(file, "sessions", {}, 3);
  app.sessions(store);
  app.route("POST /set", [](const request& req) {
    req.session().set("a", 1);
    return text("");
  });
  app.route("POST /login", [](const request& req) {
    req.session().log_in("ada");
    return text("");
  });
  app.route("GET /", [](const request& req) { return text(req.session().existed() ? "yes" : "no"); });
  browser user(app);
  user.post("/login");
  for (int i = 0; i < 10; ++i) {
    browser last(app);
    EXPECT_EQ(last.post("/set").status(), 200);
    EXPECT_EQ(last.get("/").content(), "yes");
    EXPECT_LE(run(store->count()), 3u);
  }
  EXPECT_EQ(user.get("/").content(), "yes");
  EXPECT_EQ(browser(app).post("/login").status(), 200);
  EXPECT_EQ(browser(app).post("/login").status(), 200);
  EXPECT_EQ(browser(app).post("/set").status(), 503) << "all are of users";
  EXPECT_EQ(user.get("/").content(), "yes");
  // Another process that opens the file counts what is there.
  auto second = sqlite_sessions(file, "sessions", {}, 3);
  server other;
  other.on_message([](std::string_view) {});
  other.sessions(second);
  other.route("POST /set", [](const request& req) {
    req.session().set("a", 1);
    return text("");
  });
  EXPECT_EQ(browser(other).post("/set").status(), 503);
}

session_key key_in_shard(unsigned char shard, unsigned number) {
  session_key key;
  key.bytes[0] = shard;
  key.bytes[8] = static_cast<unsigned char>(number);
  key.bytes[9] = static_cast<unsigned char>(number >> 8);
  return key;
}

session_change login(session_key key, std::string user) {
  session_change c;
  c.key = key;
  c.now = std::chrono::sys_seconds(std::chrono::seconds{1'800'000'000});
  c.user = std::move(user);
  return c;
}

TEST(memory_sessions, a_login_that_finds_no_room_leaves_the_session_as_it_was) {
  auto store = memory_sessions(512);  // two shards, and the second is full
  for (unsigned i = 0; i < 256; ++i) {
    session_change c = login(key_in_shard(1, i), "user" + std::to_string(i));
    c.begins = true;
    store->change_now(c);
  }
  const session_key old = key_in_shard(0, 999);
  session_change basket = login(old, "");
  basket.begins = true;
  basket.user.reset();
  basket.values.emplace_back("item", session_value("tea"));
  store->change_now(basket);
  session_change in = login(old, "ada");
  in.moves_to = key_in_shard(1, 999);
  EXPECT_THROW(store->change_now(in), store_error);
  const session_look found = store->look_now(old, in.now, {});
  ASSERT_EQ(found.what, session_look::state::found);
  EXPECT_EQ(found.record->values.size(), 1u);
  // Where its own place is enough, it needs no other.
  session_change again = login(key_in_shard(1, 7), "user7");
  again.moves_to = key_in_shard(1, 1000);
  EXPECT_EQ(store->change_now(again), session_outcome::kept);
  EXPECT_EQ(store->look_now(key_in_shard(1, 7), in.now, {}).what, session_look::state::dead);
  EXPECT_EQ(store->look_now(key_in_shard(1, 1000), in.now, {}).what, session_look::state::found);
  EXPECT_EQ(run(store->count()), 257u);
}

TEST(memory_sessions, a_login_that_finds_no_bytes_leaves_the_session_as_it_was) {
  auto store = memory_sessions(10, 4096);
  session_change first = login(key_in_shard(0, 1), "bob");
  first.begins = true;
  store->change_now(first);
  session_change basket = login(key_in_shard(0, 2), "ada");
  basket.begins = true;
  basket.values.emplace_back("item", session_value(std::string(1000, 'x')));
  store->change_now(basket);
  session_change in = login(key_in_shard(0, 2), "ada");
  in.moves_to = key_in_shard(0, 3);
  in.values.emplace_back("more", session_value(std::string(3000, 'x')));
  EXPECT_THROW(store->change_now(in), store_error);
  EXPECT_EQ(store->look_now(key_in_shard(0, 2), in.now, {}).what, session_look::state::found);
  in.values.clear();
  EXPECT_EQ(store->change_now(in), session_outcome::kept);
}

TEST(memory_sessions, is_bounded_in_bytes) {
  server app;
  auto store = memory_sessions(1000, 100 * 1024);
  app.sessions(store);
  app.route("POST /set", [](const request& req) {
    req.session().set("a", std::string(10'000, 'x'));
    return text("");
  });
  for (int i = 0; i < 50; ++i) browser(app).post("/set");
  EXPECT_LE(run(store->count()), 10u);
  EXPECT_GE(run(store->count()), 8u);
}

TEST(memory_sessions, the_oldest_may_grow_as_well) {
  server app;
  app.on_message([](std::string_view) {});
  app.sessions(memory_sessions(10, std::size_t{16} * 1024));
  app.route("POST /set/{name}/{size}", [](const request& req) {
    req.session().set(req.path("name"), std::string(std::stoul(req.path("size")), 'x'));
    return text("");
  });
  app.route("GET /", [](const request& req) { return text(req.session().existed() ? "yes" : "no"); });
  browser first(app);
  browser second(app);
  first.post("/set/a/5000");
  second.post("/set/a/5000");
  EXPECT_EQ(first.post("/set/b/9000").status(), 200) << "another one makes room for it";
  EXPECT_EQ(first.get("/").content(), "yes");
  EXPECT_EQ(second.get("/").content(), "no");
}

TEST(session, asks_for_what_was_not_set_up) {
  server app;
  EXPECT_THROW(app.sessions(nullptr), std::invalid_argument);
  EXPECT_THROW(app.sessions(memory_sessions(), session_options().name("a b")), std::invalid_argument);
  const request bare;
  EXPECT_THROW((void)bare.session(), std::logic_error);
}

}  // namespace
}  // namespace parley::testing
