// The pages that keep state: visits, orders, logging in, customers by forms, files.
#include "demo/visitor.hpp"
#include "support/scratch_folder.hpp"

#include <parley/conditional.hpp>

#include <set>
#include <string>

namespace {

using demo_test::customer;
using demo_test::holds;
using demo_test::memory_store;
using demo_test::site;
using demo_test::visitor;
using parley::method;

TEST(site_visits, are_counted_by_the_browser) {
  site s;
  visitor ada(s);
  EXPECT_EQ(ada.get("/visits").status(), 200);
  EXPECT_TRUE(holds(ada.page, "first visit"));
  EXPECT_EQ(ada.cookies["visits"], "1");
  ada.get("/visits");
  EXPECT_TRUE(holds(ada.page, "been here 2 times"));
  EXPECT_EQ(ada.post("/visits/forget", {}).status(), 303);
  EXPECT_FALSE(ada.cookies.contains("visits"));
  for (const char* odd : {"abc", "-5", "99999999999999999999", "1000000", ""}) {
    ada.cookies["visits"] = odd;
    ada.get("/visits");
    EXPECT_TRUE(holds(ada.page, "first visit")) << odd;
  }
  ada.cookies["visits"] = "\"><script>";
  ada.get("/visits");
  EXPECT_FALSE(holds(ada.page, "<script>"));
}

TEST(site_forms, need_their_token) {
  site s;
  visitor ada(s);
  for (const char* path :
       {"/visits/forget", "/login", "/logout", "/logout/everywhere", "/order", "/order/delivery", "/customers/new"}) {
    ada.get("/visits");
    ada.hidden().clear();
    EXPECT_EQ(ada.post(path, {{"name", "Ada"}, {"password", "parley"}, {"address", "A"}}).status(), 403) << path;
    EXPECT_EQ(ada.post_raw(path, "", "").status(), 403) << path;
    EXPECT_EQ(ada.post_raw(path, "x", "text/plain").status(), 403) << path;
  }
  ada.get("/visits");
  visitor eve(s);
  eve.get("/visits");
  eve.hidden() = ada.hidden();
  EXPECT_EQ(eve.post("/visits/forget", {}).status(), 403) << "a token is its visitor's alone";
}

TEST(site_forms, programs_need_none) {
  site s;
  EXPECT_EQ(s.send(method::post, "/customers", R"({"Name":"Ada","Address":"A"})").status(), 201);
  EXPECT_EQ(s.send(method::post, "/echo", "x", "text/plain").status(), 200);
  EXPECT_EQ(s.send(method::post, "/upload", "x", "text/plain").status(), 200);
  EXPECT_EQ(s.send(method::post, "/customers", "Name=Ada", "application/x-www-form-urlencoded").status(), 415);
}

TEST(site_account, login_and_logout) {
  site s;
  visitor ada(s);
  EXPECT_EQ(ada.get("/account").header("Location"), "/login");
  ada.get("/login");
  EXPECT_EQ(ada.post("/login", {{"name", "Ada"}, {"password", "wrong"}}).status(), 422);
  EXPECT_TRUE(holds(ada.page, "not the password"));
  for (const char* name : {"", "  ", "a\nb"}) EXPECT_EQ(ada.post("/login", {{"name", name}, {"password", "parley"}}).status(), 422);
  EXPECT_FALSE(ada.cookies.contains("session"));
  EXPECT_EQ(ada.post("/login", {{"name", "<b>Ada"}, {"password", "parley"}}).header("Location"), "/account");
  EXPECT_EQ(ada.get("/account").status(), 200);
  EXPECT_TRUE(holds(ada.page, "Hello, &lt;b&gt;Ada"));
  EXPECT_EQ(ada.get("/login").header("Location"), "/account");
  ada.get("/account");
  EXPECT_EQ(ada.post("/logout", {}).header("Location"), "/login?out");
  EXPECT_EQ(ada.get("/account").header("Location"), "/login");
}

TEST(site_account, passwords_are_not_guessed) {
  site s;
  visitor eve(s);
  eve.get("/login");
  for (int tries = 0; tries < 10; ++tries) EXPECT_EQ(eve.post("/login", {{"name", "Ada"}, {"password", "guess"}}).status(), 422);
  const parley::response refused = eve.post("/login", {{"name", "Ada"}, {"password", "parley"}});
  EXPECT_EQ(refused.status(), 429);
  EXPECT_FALSE(refused.header("Retry-After").empty());
  EXPECT_TRUE(holds(eve.page, "Too many requests.")) << eve.page;
  EXPECT_TRUE(holds(eve.page, "/style.css")) << "an error is a page of the site";
  EXPECT_EQ(eve.get("/login").status(), 200);
}

TEST(site_account, everywhere_ends_the_other_browser) {
  site s;
  visitor here(s);
  visitor there(s);
  visitor other(s);
  for (visitor* who : {&here, &there, &other}) {
    who->get("/login");
    EXPECT_EQ(who->post("/login", {{"name", who == &other ? "Eve" : "Ada"}, {"password", "parley"}}).status(), 303);
  }
  here.get("/account");
  here.post("/logout/everywhere", {});
  EXPECT_EQ(there.get("/account").status(), 303);
  EXPECT_EQ(other.get("/account").status(), 200);
}

TEST(site_order, two_pages_and_what_is_remembered) {
  site s;
  visitor ada(s);
  ada.get("/order");
  EXPECT_EQ(ada.post("/order", {{"book", "http3"}, {"cover", "cloth"}, {"copies", "2"}}).status(), 200);
  EXPECT_TRUE(holds(ada.page, "2 copies of HTTP/3, bound in cloth."));
  EXPECT_FALSE(ada.cookies.contains("session")) << "the first page's choices are in the second page alone";
  EXPECT_EQ(ada.post("/order/delivery", {{"name", "Ada"}, {"address", ""}}).status(), 422);
  EXPECT_TRUE(holds(ada.page, "Address must not be empty."));
  EXPECT_EQ(ada.post("/order/delivery", {{"name", "Ada"}, {"address", "1 Hill Road"}}).header("Location"), "/order/done");
  EXPECT_EQ(ada.get("/order/done").status(), 200);
  EXPECT_TRUE(holds(ada.page, "2 copies of HTTP/3, bound in cloth."));
  visitor eve(s);
  EXPECT_EQ(eve.get("/order/done").header("Location"), "/order");
}

TEST(site_order, each_has_a_number_of_its_own) {
  site s;
  std::set<std::string> numbers;
  for (int i = 0; i < 20; ++i) {
    visitor ada(s);
    ada.get("/order");
    ada.post("/order", {{"book", "http2"}, {"cover", "paper"}, {"copies", "1"}});
    const auto hidden = ada.hidden();
    EXPECT_EQ(ada.post("/order/delivery", {{"name", "Ada"}, {"address", "1 Hill Road"}}).status(), 303);
    ada.get("/order/done");
    const std::string first = ada.page;
    numbers.insert(first.substr(first.find("<dt>Order</dt>"), 60));
    ada.hidden() = hidden;
    EXPECT_EQ(ada.post("/order/delivery", {{"name", "Ada"}, {"address", "1 Hill Road"}}).status(), 303);
    ada.get("/order/done");
    EXPECT_EQ(ada.page, first) << "sent twice, it is one order";
  }
  EXPECT_EQ(numbers.size(), 20U);
}

TEST(site_order, choices_that_are_none) {
  site s;
  visitor ada(s);
  struct row {
    const char* book;
    const char* cover;
    const char* copies;
  };
  for (const row& x : {row{"http9", "cloth", "1"}, row{"http2", "steel", "1"}, row{"http2", "cloth", "0"},
                       row{"http2", "cloth", "10"}, row{"http2", "cloth", "x"}, row{"", "", ""}, row{"<b>", "cloth", "\"><b>"}}) {
    ada.get("/order");
    EXPECT_EQ(ada.post("/order", {{"book", x.book}, {"cover", x.cover}, {"copies", x.copies}}).status(), 422) << x.book;
  }
}

TEST(site_order, a_sealed_choice_that_was_touched) {
  site s;
  visitor ada(s);
  ada.get("/order");
  ada.post("/order", {{"book", "http2"}, {"cover", "paper"}, {"copies", "1"}});
  const std::string good = ada.hidden()["choices"];
  const std::string token = ada.hidden()["csrf_token"];
  for (std::size_t i = 0; i < good.size(); i += 7) {
    ada.hidden()["csrf_token"] = token;
    ada.hidden()["choices"] = good;
    ada.hidden()["choices"][i] = good[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(ada.post("/order/delivery", {{"name", "Ada"}, {"address", "A"}}).status(), 400) << i;
  }
  ada.get("/order");
  EXPECT_EQ(ada.post("/order/delivery", {{"choices", ""}, {"name", "Ada"}, {"address", "A"}}).status(), 400);
}

// --- customers by forms ------------------------------------------------------------------------------------------------------------

TEST(site_customers, one_address_for_people_and_programs) {
  site s;
  s.put("/customers/7", customer(7));
  for (const char* url : {"/customers", "/customers/7"}) {
    const auto page = s.get(url, "text/html,application/xhtml+xml,*/*;q=0.8");
    EXPECT_EQ(page.header("Content-Type"), "text/html; charset=utf-8") << url;
    EXPECT_TRUE(holds(page.header("Vary"), "Accept")) << url;
    for (const char* accept : {"", "*/*", "application/json", "application/json, text/html"}) {
      EXPECT_EQ(s.get(url, accept).header("Content-Type"), "application/json") << url << accept;
    }
  }
  EXPECT_EQ(s.get("/customers/8", "text/html").status(), 404);
}

TEST(site_customers, are_added_edited_and_removed) {
  site s;
  visitor ada(s);
  ada.get("/customers/new");
  EXPECT_EQ(ada.post("/customers/new", {{"name", "Zoë"}, {"address", ""}}).status(), 422);
  EXPECT_TRUE(holds(ada.page, "value=\"Zoë\""));
  EXPECT_EQ(ada.post("/customers/new", {{"name", "Zoë <i>"}, {"address", "1 & 2"}}).header("Location"), "/customers/1?done=added");
  ada.get("/customers/1?done=added");
  EXPECT_TRUE(holds(ada.page, "The customer was added."));
  EXPECT_TRUE(holds(ada.page, "Zoë &lt;i&gt;"));
  ada.get("/customers/1/edit");
  EXPECT_EQ(ada.post("/customers/1/edit", {{"name", "Zoë"}, {"address", "3"}}).header("Location"), "/customers/1?done=saved");
  EXPECT_EQ(s.get("/customers/1").content(), customer(1, "Zoë", "3"));
  ada.get("/customers/1/remove");
  EXPECT_EQ(ada.post("/customers/1/remove", {}).header("Location"), "/customers?done=removed");
  EXPECT_EQ(ada.get("/customers/1").status(), 404);
  for (const char* gone :
       {"/customers/1/edit", "/customers/1/remove", "/customers/0/edit", "/customers/01/edit", "/customers/x/remove"}) {
    EXPECT_EQ(ada.get(gone).status(), 404) << gone;
  }
}

TEST(site_customers, who_is_slower_loses_nothing_of_the_other) {
  site s;
  visitor ada(s);
  s.put("/customers/7", customer(7, "First"));
  for (const char* form : {"/customers/7/edit", "/customers/7/remove"}) {
    s.put("/customers/7", customer(7, "First"));
    ada.get(form);
    s.put("/customers/7", customer(7, "Second"));
    EXPECT_EQ(ada.post(form, {{"name", "Third"}, {"address", "A"}}).status(), 409) << form;
    EXPECT_TRUE(holds(ada.page, "Second")) << form;
    EXPECT_EQ(s.get("/customers/7").content(), customer(7, "Second")) << form;
    EXPECT_EQ(ada.post(form, {{"name", "Third"}, {"address", "A"}}).status(), 303) << "having seen it";
  }
  s.put("/customers/7", customer(7));
  ada.get("/customers/7/edit");
  ada.hidden().erase("version");
  EXPECT_EQ(ada.post("/customers/7/edit", {{"name", "Blind"}, {"address", "A"}}).status(), 428);
  EXPECT_EQ(s.get("/customers/7").content(), customer(7));
}

TEST(site_customers, are_found) {
  site s;
  for (int id = 1; id <= 45; ++id)
    s.put("/customers/" + std::to_string(id), customer(id, "Name " + std::to_string(id), "Same Street"));
  s.put("/customers/100", customer(100, "David Smith", "123 Bank Street"));
  visitor ada(s);
  const auto rows = [&ada] {
    std::size_t n = 0;
    for (std::size_t at = 0; (at = ada.page.find("<tr><td", at)) != ada.page.npos; ++at) ++n;
    return n;
  };
  ada.get("/customers");
  EXPECT_EQ(rows(), 20U);
  EXPECT_TRUE(holds(ada.page, "/customers?after=20\""));
  ada.get("/customers?after=40");
  EXPECT_EQ(rows(), 6U);
  EXPECT_FALSE(holds(ada.page, "?after="));
  for (const char* query : {"david", "SMITH", "bank+s", "100", "%44avid"}) {
    ada.get("/customers?q=" + std::string(query));
    EXPECT_EQ(rows(), 1U) << query;
    EXPECT_TRUE(holds(ada.page, "David Smith")) << query;
  }
  ada.get("/customers?q=same");
  EXPECT_EQ(rows(), 20U);
  EXPECT_TRUE(holds(ada.page, "/customers?after=20&amp;q=same\""));
  ada.get("/customers?after=40&q=same");
  EXPECT_EQ(rows(), 5U);
  ada.get("/customers?q=%3Cscript%3E");
  EXPECT_EQ(rows(), 0U);
  EXPECT_TRUE(holds(ada.page, "No customer was found."));
  EXPECT_FALSE(holds(ada.page, "<script>"));
  EXPECT_EQ(ada.get("/customers?after=x").status(), 400);
  // Cut after 100 characters, none of them in two.
  std::string typed;
  std::string shown;
  for (int i = 0; i < 120; ++i) {
    typed += "%C3%A9";
    if (i < 100) shown += "\xc3\xa9";
  }
  ada.get("/customers?q=a" + typed);
  EXPECT_TRUE(holds(ada.page, "value=\"a" + shown.substr(2) + "\"")) << ada.page;
}

TEST(site, is_compressed_for_who_takes_it) {
  site s;
  parley::request req(parley::method::get, "http://localhost:8080/customers");
  req.header("Accept", "text/html").header("Accept-Encoding", "br");
  const parley::response answer = s.app.handle(std::move(req));
  EXPECT_EQ(answer.header("Content-Encoding"), "br");
  EXPECT_TRUE(holds(answer.header("Vary"), "Accept-Encoding"));
}

TEST(site_customers, programs_say_which_state_they_mean) {
  site s;
  s.put("/customers/7", customer(7));
  const std::string tag(s.get("/customers/7").header("ETag"));
  ASSERT_FALSE(tag.empty());
  const auto ask = [&s](const parley::method& m, std::string_view field, std::string_view value, std::string content,
                        std::string_view url = "/customers/7") {
    parley::request req(m, url);
    if (!content.empty()) req.content(std::move(content), "application/json");
    req.header(field, value);
    return s.app.handle(std::move(req)).status();
  };
  EXPECT_EQ(ask(method::get, "If-None-Match", tag, ""), 304);
  EXPECT_EQ(ask(method::put, "If-Match", "\"other\"", customer(7, "B")), 412);
  EXPECT_EQ(ask(method::patch, "If-Match", "\"other\"", "{}"), 412);
  EXPECT_EQ(ask(method::delete_, "If-Match", "\"other\"", ""), 412);
  EXPECT_EQ(ask(method::put, "If-None-Match", "*", customer(7, "B")), 412);
  EXPECT_EQ(s.get("/customers/7").content(), customer(7));
  EXPECT_EQ(ask(method::put, "If-Match", tag, customer(7, "B")), 200);
  EXPECT_EQ(ask(method::put, "If-Match", tag, customer(7, "C")), 412) << "it is another state now";
  EXPECT_EQ(ask(method::put, "If-None-Match", "*", customer(8), "/customers/8"), 201);
  EXPECT_EQ(ask(method::put, "If-Match", "*", customer(9), "/customers/9"), 412);
  EXPECT_EQ(ask(method::delete_, "If-Match", "*", ""), 204);
}

// --- files -------------------------------------------------------------------------------------------------------------------------

class site_files : public testing::Test {
 protected:
  site_files() : s_(std::make_shared<memory_store>(), folder_ / "files"), ada_(s_) {}

  parley::response send(std::string_view name, const std::string& content) {
    ada_.get("/files");
    std::string form = "--x\r\nContent-Disposition: form-data; name=\"csrf_token\"\r\n\r\n" + ada_.hidden()["csrf_token"] + "\r\n";
    form += "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + std::string(name) + "\"\r\n";
    form += "Content-Type: application/octet-stream\r\n\r\n" + content + "\r\n--x--\r\n";
    return ada_.post_raw("/files", std::move(form), "multipart/form-data; boundary=x");
  }

  parley::test::scratch_folder folder_;
  site s_;
  visitor ada_;
};

TEST_F(site_files, go_up_and_down) {
  ada_.get("/files");
  EXPECT_TRUE(holds(ada_.page, "No files yet"));
  EXPECT_EQ(send("a & b.txt", "content").header("Location"), "/files?done=sent");
  ada_.get("/files?done=sent");
  EXPECT_TRUE(holds(ada_.page, "a &amp; b.txt"));
  EXPECT_TRUE(holds(ada_.page, "7 bytes"));
  const auto got = ada_.get("/files/a%20%26%20b.txt");
  EXPECT_EQ(got.content(), "content");
  EXPECT_EQ(got.header("Content-Disposition"), "attachment");
  EXPECT_TRUE(holds(got.header("Content-Security-Policy"), "sandbox"));
  ada_.get("/files");
  EXPECT_EQ(ada_.post("/files/remove", {}).header("Location"), "/files?done=removed");
  ada_.get("/files");
  EXPECT_TRUE(holds(ada_.page, "No files yet"));
}

TEST_F(site_files, names_are_made_safe_or_refused) {
  for (const char* name : {"../../evil", "/etc/evil", "..\\..\\evil", ".evil"}) {
    EXPECT_EQ(send(name, "x").status(), 303) << name;
    EXPECT_EQ(ada_.get("/files/evil").content(), "x") << name;
  }
  EXPECT_EQ(send(std::string(121, 'n'), "x").status(), 422);
  EXPECT_EQ(send("", "").status(), 422);
  for (const char* name : {"../form.key", "/etc/passwd", ".", "..", "", "no such"}) {
    ada_.get("/visits");
    EXPECT_EQ(ada_.post("/files/remove", {{"name", name}}).status(), 404) << name;
  }
}

// --- live --------------------------------------------------------------------------------------------------------------------------

TEST(site_live, shows_its_numbers_without_scripts) {
  site s;
  visitor ada(s);
  const auto page = ada.get("/live");
  EXPECT_EQ(page.status(), 200);
  EXPECT_TRUE(holds(ada.page, "<noscript><meta http-equiv=\"refresh\""));
  EXPECT_TRUE(holds(page.header("Content-Security-Policy"), "script-src 'self'"));
  EXPECT_TRUE(holds(ada.page, "<dd id=\"rate\">0.0</dd>")) << ada.page;
  EXPECT_FALSE(holds(ada.get("/").header("Content-Security-Policy"), "script-src"));
}

}  // namespace
