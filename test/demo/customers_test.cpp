#include "demo/support.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace {

using demo_test::customer;
using demo_test::david;
using demo_test::holds;
using demo_test::json;
using demo_test::memory_store;
using demo_test::site;
using parley::method;

TEST(customers, the_session_of_the_brief) {
  site s;
  const char* sent = R"({"CustID": 100, "Name": "David Smith", "Address": "123 Bank Street"})";
  const auto added = s.put("http://www.example.re/customers/requests", sent);
  EXPECT_EQ(added.status(), 201);
  EXPECT_EQ(added.header("Location"), "/customers/100");
  EXPECT_EQ(added.header("Content-Type"), "application/json");
  EXPECT_EQ(added.content(), david);
  const auto updated = s.put("http://localhost/customers/requests", sent);
  EXPECT_EQ(updated.status(), 200);
  EXPECT_FALSE(updated.fields().contains("Location"));
  EXPECT_EQ(updated.content(), david);
  EXPECT_EQ(s.get("/customers/100").content(), david);
}

TEST(customers, put_adds_then_replaces) {
  site s;
  EXPECT_EQ(s.put("/customers/7", customer(7)).status(), 201);
  const auto replaced = s.put("/customers/7", customer(7, "Ada King"));
  EXPECT_EQ(replaced.status(), 200);
  EXPECT_EQ(replaced.content(), customer(7, "Ada King"));
  EXPECT_EQ(s.put("/customers/9007199254740991", customer(9007199254740991)).status(), 201);
}

TEST(customers, post_gives_a_number_that_was_never_used) {
  site s;
  const char* ada = R"({"Name": "Ada", "Address": "1 Hill Road"})";
  const auto first = s.send(method::post, "/customers", ada);
  EXPECT_EQ(first.status(), 201);
  EXPECT_EQ(first.header("Location"), "/customers/1");
  EXPECT_EQ(first.content(), customer(1));
  s.put("/customers/41", customer(41));
  EXPECT_EQ(s.send(method::post, "/customers", ada).header("Location"), "/customers/42");
  EXPECT_EQ(s.ask(method::delete_, "/customers/42").status(), 204);
  EXPECT_EQ(s.send(method::post, "/customers", ada).header("Location"), "/customers/43");
  s.put("/customers/9007199254740991", customer(9007199254740991));
  EXPECT_EQ(s.send(method::post, "/customers", ada).status(), 409);
}

TEST(customers, patch_is_a_merge_patch) {
  struct row {
    const char* patch;
    int status;
    const char* part;  // of the answer
  };
  const row rows[] = {
      {R"({"Address": "7 River Lane"})", 200, R"({"CustID":100,"Name":"David Smith","Address":"7 River Lane"})"},
      {R"({"Name": "D", "Address": "E", "CustID": 100})", 200, R"({"CustID":100,"Name":"D","Address":"E"})"},
      {"{}", 200, david},
      {R"({"CustID": 101})", 422, R"({"member":"CustID","problem":"must stay 100"})"},
      {R"({"CustID": null})", 422, R"({"member":"CustID","problem":"is missing"})"},
      {R"({"Name": null})", 422, R"({"member":"Name","problem":"is missing"})"},
      {R"({"Name": 5, "Address": ""})", 422, R"([{"member":"Name","problem":"must be a string"},{"member":"Address",)"},
      {R"({"Phone": "1"})", 422, R"({"member":"Phone","problem":"is not known here"})"},
      {R"({"Phone": null})", 200, david},  // removes what is not there
      {"[]", 422, "must be a JSON object"},
      {"null", 422, "must be a JSON object"},
      {"{", 400, "line 1, column 2"},
  };
  for (const row& x : rows) {
    for (const char* type : {"application/merge-patch+json", "application/json"}) {
      site s;
      s.put("/customers/100", david);
      const auto answer = s.send(method::patch, "/customers/100", x.patch, type);
      EXPECT_EQ(answer.status(), x.status) << x.patch;
      EXPECT_TRUE(holds(answer.content(), x.part)) << x.patch << " → " << answer.content();
      EXPECT_EQ(s.get("/customers/100").content(), x.status == 200 ? answer.content() : david) << x.patch;
    }
  }
  site s;
  EXPECT_EQ(s.send(method::patch, "/customers/1", "{}").status(), 404);
  const auto wrong = s.send(method::patch, "/customers/1", "{}", "text/plain");
  EXPECT_EQ(wrong.status(), 415);
  EXPECT_EQ(wrong.header("Accept-Patch"), "application/merge-patch+json, application/json");
}

TEST(customers, delete_removes) {
  site s;
  s.put("/customers/7", customer(7));
  const auto removed = s.ask(method::delete_, "/customers/7");
  EXPECT_EQ(removed.status(), 204);
  EXPECT_EQ(removed.content(), "");
  EXPECT_EQ(s.ask(method::delete_, "/customers/7").status(), 404);
  EXPECT_EQ(s.get("/customers/7").status(), 404);
}

// --- the list ----------------------------------------------------------------------------------------------------------------

TEST(customers, an_empty_list) {
  site s;
  const auto list = s.get("/customers");
  EXPECT_EQ(list.status(), 200);
  EXPECT_EQ(list.header("Content-Type"), "application/json");
  EXPECT_EQ(list.content(), R"({"customers":[],"next":null})");
  EXPECT_FALSE(list.fields().contains("Link"));
}

TEST(customers, the_list_comes_in_pages) {
  site s;
  for (int id = 1; id <= 120; ++id) s.put("/customers/requests", customer(id * 2));
  const auto two = s.get("/customers?after=3&limit=2");
  EXPECT_EQ(two.content(), R"({"customers":[)" + customer(4) + "," + customer(6) + R"(],"next":"/customers?after=6&limit=2"})");
  EXPECT_EQ(two.header("Link"), "</customers?after=6&limit=2>; rel=\"next\"");
  EXPECT_EQ(s.get("/customers?after=236&limit=2").content(),
            R"({"customers":[)" + customer(238) + "," + customer(240) + R"(],"next":null})");
  EXPECT_EQ(s.get("/customers?after=240").content(), R"({"customers":[],"next":null})");
  EXPECT_EQ(s.get("/customers").header("Link"), "</customers?after=100&limit=50>; rel=\"next\"");
  EXPECT_EQ(s.get("/customers?limit=500").header("Link"), "");

  // Following the links gives everyone once.
  std::string url = "/customers?limit=7";
  int seen = 0;
  while (!url.empty()) {
    const auto page = s.get(url);
    for (std::size_t at = 0; (at = page.content().find("CustID", at)) != std::string::npos; ++at) ++seen;
    const std::string_view link = page.header("Link");
    url = link.empty() ? "" : std::string(link.substr(1, link.find('>') - 1));
  }
  EXPECT_EQ(seen, 120);
}

// --- what surrounds it -------------------------------------------------------------------------------------------------------

TEST(customers, head_and_options_and_other_methods) {
  site s;
  s.put("/customers/100", david);
  const auto head = s.ask(method::head, "/customers/100");
  EXPECT_EQ(head.status(), 200);
  EXPECT_EQ(head.header("Content-Type"), "application/json");
  EXPECT_EQ(head.header("Content-Length"), std::to_string(std::string_view(david).size()));
  EXPECT_EQ(head.content(), "");
  EXPECT_EQ(s.ask(method::head, "/customers").status(), 200);
  EXPECT_EQ(s.ask(method::head, "/customers/7").status(), 404);
  for (const char* url : {"/customers", "/customers/100", "/customers/requests"}) {
    const auto answer = s.ask(method::options, url);
    EXPECT_EQ(answer.status() / 100, 2) << url;
    EXPECT_TRUE(holds(answer.header("Allow"), "OPTIONS")) << url;
  }
  const auto wrong = s.ask(method::delete_, "/customers", json);
  EXPECT_EQ(wrong.status(), 405);
  EXPECT_TRUE(holds(wrong.header("Allow"), "GET"));
  EXPECT_TRUE(holds(wrong.header("Allow"), "POST"));
  EXPECT_EQ(wrong.header("Content-Type"), "application/problem+json");
}

TEST(customers, browsers_get_pages_for_errors) {
  site s;
  const auto answer = s.get("/customers/7", "text/html,application/xhtml+xml,*/*;q=0.8");
  EXPECT_EQ(answer.status(), 404);
  EXPECT_EQ(answer.header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_TRUE(holds(answer.content(), "<title>Page Not Found</title>"));
}

TEST(customers, all_errors_look_alike) {
  struct row {
    const char* accept;
    const char* type;
  };
  for (const row& x :
       {row{"", "text/html; charset=utf-8"}, row{"*/*", "text/html; charset=utf-8"}, row{json, "application/problem+json"},
        row{"application/json, text/plain, */*", "application/problem+json"}, row{"text/plain", "text/plain; charset=utf-8"}}) {
    site s;
    const parley::response answers[] = {
        s.get("/customers/999", x.accept), s.ask(method::post, "/customers/999", x.accept), s.get("/customers?limit=0", x.accept),
        s.get("/nothing", x.accept),       s.ask(method::delete_, "/", x.accept),
    };
    for (const parley::response& answer : answers) {
      EXPECT_EQ(answer.header("Content-Type"), x.type) << x.accept << ' ' << answer.status();
      EXPECT_TRUE(answer.header("Vary").starts_with("Accept")) << x.accept << ' ' << answer.status();
    }
    EXPECT_TRUE(holds(answers[0].content(), "There is no customer 999.")) << answers[0].content();
  }
}

TEST(customers, a_store_that_fails_is_told_and_the_site_lives) {
  using kind = parley::store_error::kind;
  for (const auto& [why, status] : {std::pair{kind::busy, 503}, {kind::full, 507}, {kind::gone, 503}, {kind::corrupt, 503}}) {
    const auto store = std::make_shared<memory_store>();
    site s(store);
    s.put("/customers/100", david);
    store->failure = why;
    const parley::response answers[] = {
        s.get("/customers"),
        s.get("/customers/100"),
        s.put("/customers/100", david),
        s.put("/customers/requests", david),
        s.ask(method::delete_, "/customers/100"),
        s.send(method::patch, "/customers/100", "{}"),
        s.send(method::post, "/customers", R"({"Name": "a", "Address": "b"})"),
    };
    for (const parley::response& answer : answers) {
      EXPECT_EQ(answer.status(), status);
      EXPECT_FALSE(holds(answer.content(), "the test's store fails"));  // for the log, not for the peer
    }
    EXPECT_TRUE(holds(s.messages, "the test's store fails"));
    EXPECT_EQ(s.get("/").status(), 200);
    store->failure.reset();
    EXPECT_EQ(s.get("/customers/100").content(), david);
  }
}

// --- on SQLite ---------------------------------------------------------------------------------------------------------------

class customers_on_sqlite : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "parley_demo_XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
  std::filesystem::path folder;
};

TEST_F(customers_on_sqlite, stay_when_the_program_ends) {
  const std::string data = (folder / "made" / "when missing").string();
  {
    parley::server app;
    demo::install(app, demo::options().data(data));
    parley::request put(method::put, "/customers/requests");
    put.content(david, "application/json");
    EXPECT_EQ(app.handle(std::move(put)).status(), 201);
    parley::request post(method::post, "/customers");
    post.content(R"({"Name": "Ada", "Address": "1 Hill Road"})", "application/json");
    EXPECT_EQ(app.handle(std::move(post)).header("Location"), "/customers/101");
    parley::request patch(method::patch, "/customers/101");
    patch.content(R"({"Address": "2 Hill Road"})", "application/json");
    EXPECT_EQ(app.handle(std::move(patch)).status(), 200);
    parley::request wrong(method::patch, "/customers/101");
    wrong.content(R"({"Address": 2})", "application/json");
    EXPECT_EQ(app.handle(std::move(wrong)).status(), 422);
    EXPECT_EQ(app.handle(parley::request(method::delete_, "/customers/101")).status(), 204);
  }
  parley::server app;
  demo::install(app, demo::options().data(data));
  EXPECT_EQ(app.handle(parley::request(method::get, "/customers")).content(),
            R"({"customers":[)" + std::string(david) + R"(],"next":null})");
}

TEST_F(customers_on_sqlite, a_folder_that_cannot_be_made_is_named) {
  parley::server app;
  try {
    demo::install(app, demo::options().data("/dev/null/demo"));
    ADD_FAILURE();
  } catch (const std::exception& e) {
    EXPECT_TRUE(holds(e.what(), "/dev/null/demo")) << e.what();
  }
}

}  // namespace
