// Whatever is wrong with a request to the customers service is refused with the right status and named.
#include "demo/support.hpp"

#include <gtest/gtest.h>

namespace {

using demo_test::customer;
using demo_test::david;
using demo_test::holds;
using demo_test::json;
using demo_test::site;
using parley::method;

TEST(customers_input, records_are_refused_with_every_member_at_fault) {
  struct row {
    std::string content;
    int status;
    const char* part;
  };
  const std::string long_name(201, 'n');
  std::string umlauts;
  for (int i = 0; i < 201; ++i) umlauts += "ü";
  const row rows[] = {
      // no JSON
      {"", 400, "line 1, column 1"},
      {"{", 400, "line 1, column 2"},
      {R"({"CustID": 100,})", 400, "line 1, column 16"},
      {R"({"CustID": 1, "CustID": 100, "Name": "a", "Address": "b"})", 400, "a member name that this object has already"},
      {customer(100) + "x", 400, "line 1, column 52"},
      {"{\"CustID\":100,\"Name\":\"\xff\",\"Address\":\"b\"}", 400, "UTF-8"},
      {std::string(10'000, '['), 400, "nested deeper than 64 levels"},
      // no record
      {"[]", 422, "The content must be a JSON object"},
      {"100", 422, "The content must be a JSON object"},
      {"{}", 422, R"([{"member":"CustID","problem":"is missing"},{"member":"Name","problem":"is missing"},{"member":"Address",)"},
      {R"({"CustID":100,"Name":"a"})", 422, R"([{"member":"Address","problem":"is missing"}])"},
      {R"({"CustID":"100","Name":"a","Address":"b"})", 422, R"([{"member":"CustID","problem":"must be an integer"}])"},
      {R"({"CustID":100.5,"Name":"a","Address":"b"})", 422, R"([{"member":"CustID","problem":"must be an integer"}])"},
      {R"({"CustID":true,"Name":"a","Address":"b"})", 422, R"([{"member":"CustID","problem":"must be an integer"}])"},
      {R"({"CustID":null,"Name":"a","Address":"b"})", 422, R"([{"member":"CustID","problem":"must be an integer"}])"},
      {customer(0), 422, R"([{"member":"CustID","problem":"must be from 1 to 9007199254740991"}])"},
      {customer(-100), 422, R"([{"member":"CustID","problem":"must be from 1 to 9007199254740991"}])"},
      {customer(9007199254740992), 422, R"([{"member":"CustID","problem":"must be from 1 to 9007199254740991"}])"},
      {R"({"CustID":18446744073709551615,"Name":"a","Address":"b"})", 422,
       R"([{"member":"CustID","problem":"must be an integer from)"},
      {R"({"CustID":100,"Name":["a"],"Address":{}})", 422,
       R"([{"member":"Name","problem":"must be a string"},{"member":"Address","problem":"must be a string"}])"},
      {customer(100, ""), 422, R"([{"member":"Name","problem":"must not be empty"}])"},
      {customer(100, "   "), 422, R"([{"member":"Name","problem":"must not be empty"}])"},
      {customer(100, "a", ""), 422, R"([{"member":"Address","problem":"must not be empty"}])"},
      {customer(100, long_name), 422, R"([{"member":"Name","problem":"must have at most 200 characters"}])"},
      {customer(100, umlauts), 422, R"([{"member":"Name","problem":"must have at most 200 characters"}])"},
      {customer(100, "a", std::string(501, 'a')), 422, R"([{"member":"Address","problem":"must have at most 500 characters"}])"},
      {customer(100, "a\\u0000b"), 422, R"([{"member":"Name","problem":"must not have control characters"}])"},
      {customer(100, "a\\nb"), 422, R"([{"member":"Name","problem":"must not have control characters"}])"},
      {customer(100, "a\\u0085b"), 422, R"([{"member":"Name","problem":"must not have control characters"}])"},
      {customer(100, "a\\u007f"), 422, R"([{"member":"Name","problem":"must not have control characters"}])"},
      {R"({"custid":100,"Name":"a","Address":"b"})", 422,
       R"([{"member":"CustID","problem":"is missing"},{"member":"custid","problem":"is not known here"}])"},
      {R"({"CustID":100,"Name":"a","Address":"b","<i>":1})", 422, R"("problem":"is not known here"}])"},
  };
  site s;
  for (const row& x : rows) {
    for (const char* url : {"/customers/requests", "/customers/100"}) {
      const auto answer = s.put(url, x.content);
      EXPECT_EQ(answer.status(), x.status) << x.content << " → " << answer.content();
      EXPECT_EQ(answer.header("Content-Type"), "application/problem+json") << x.content;
      EXPECT_TRUE(holds(answer.content(), x.part)) << x.content << " → " << answer.content();
    }
  }
  EXPECT_EQ(s.get("/customers").content(), R"({"customers":[],"next":null})");
  EXPECT_EQ(s.messages, "");
}

TEST(customers_input, the_longest_values_pass) {
  site s;
  std::string name;
  for (int i = 0; i < 200; ++i) name += "ü";
  EXPECT_EQ(s.put("/customers/1", customer(1, name, std::string(500, 'a'))).status(), 201);
  EXPECT_EQ(s.get("/customers/1").content(), customer(1, name, std::string(500, 'a')));
  EXPECT_EQ(s.put("/customers/2", customer(2, R"(\u00e9 \ud83d\ude00 \"q\" \\ \/ <b>&)")).content(),
            customer(2, "é 😀 \\\"q\\\" \\\\ / <b>&"));
}

TEST(customers_input, an_id_that_differs_from_the_path) {
  site s;
  const auto answer = s.put("/customers/7", david);
  EXPECT_EQ(answer.status(), 422);
  EXPECT_TRUE(holds(answer.content(), R"([{"member":"CustID","problem":"must be 7, as in the path"}])")) << answer.content();
  EXPECT_EQ(s.get("/customers/7").status(), 404);
  const auto chosen = s.send(method::post, "/customers", david);
  EXPECT_EQ(chosen.status(), 422);
  EXPECT_TRUE(holds(chosen.content(), R"([{"member":"CustID","problem":"must be left out: the server gives the number"}])"));
}

TEST(customers_input, wrong_media_types) {
  site s;
  for (const char* type : {"text/plain", "application/x-www-form-urlencoded", "application/xml", "application/merge-patch+json",
                           "application/json; charset=iso-8859-1", "json"}) {
    const auto answer = s.send(method::put, "/customers/requests", david, type);
    EXPECT_EQ(answer.status(), 415) << type;
    EXPECT_EQ(answer.header("Accept"), "application/json") << type;
    EXPECT_EQ(s.send(method::put, "/customers/100", david, type).status(), 415) << type;
    EXPECT_EQ(s.send(method::post, "/customers", "{}", type).status(), 415) << type;
  }
  EXPECT_EQ(s.ask(method::put, "/customers/requests").status(), 415);
  EXPECT_EQ(s.send(method::put, "/customers/100", david, "application/json; charset=UTF-8").status(), 201);
}

TEST(customers_input, ids_that_are_none_are_not_found) {
  site s;
  for (const char* id :
       {"0", "-1", "01", "+1", "1.0", "1e3", "abc", "9007199254740992", "99999999999999999999", "%31x", "1%00", "%20"}) {
    const std::string url = std::string("/customers/") + id;
    for (const method& m : {method::get, method::delete_}) EXPECT_EQ(s.ask(m, url).status(), 404) << url;
    EXPECT_EQ(s.put(url, david).status(), 404) << url;
    EXPECT_EQ(s.send(method::patch, url, "{}").status(), 404) << url;
    EXPECT_EQ(s.get(url, json).header("Content-Type"), "application/problem+json") << url;
  }
  s.put("/customers/17", customer(17));
  EXPECT_EQ(s.get("/customers/%31%37").status(), 200);
  EXPECT_TRUE(holds(s.get("/customers/18").content(), "There is no customer 18."));
}

TEST(customers_input, content_above_the_limit) {
  site s;
  const auto answer = s.put("/customers/requests", std::string(2 * 1024 * 1024, ' '));
  EXPECT_EQ(answer.status(), 413);
}

TEST(customers_input, bad_parameters_are_named) {
  site s;
  for (const char* query : {"limit=0", "limit=501", "limit=-1", "limit=+5", "limit=", "limit=x", "limit=5x", "limit=1e2",
                            "limit=%35%20", "limit=99999999999999999999", "after=1&limit=a&limit=5"}) {
    const auto answer = s.get(std::string("/customers?") + query, json);
    EXPECT_EQ(answer.status(), 400) << query;
    EXPECT_EQ(answer.header("Content-Type"), "application/problem+json") << query;
    EXPECT_TRUE(holds(answer.content(), R"("parameter":"limit")")) << answer.content();
  }
  for (const char* query : {"after=-1", "after=", "after=1.5", "after=9007199254740992", "after=a", "after= 1"}) {
    std::string url = std::string("/customers?") + query;
    if (const auto space = url.find(' '); space != url.npos) url.replace(space, 1, "%20");
    EXPECT_TRUE(holds(s.get(url, json).content(), R"("parameter":"after")")) << query;
  }
  EXPECT_EQ(s.get("/customers?after=0&limit=500&other=1").status(), 200);
}

}  // namespace
