#include <parley/json.hpp>
#include <parley/request_decoding.hpp>
#include <parley/server.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace {

using parley::parse_json;

// What a call that must throw a problem has thrown.
template <class F>
parley::problem problem_of(F call) {
  try {
    call();
  } catch (const parley::problem_error& e) {
    return e.what_problem();
  }
  ADD_FAILURE() << "nothing was thrown";
  return parley::problem(599);
}

std::string extension(const parley::problem& what, std::string_view name) {
  for (const auto& [key, value] : what.extensions()) {
    if (key == name) return value;
  }
  return {};
}

std::string nested(std::size_t depth, char open = '[', char close = ']') {
  return std::string(depth, open) + std::string(depth, close);
}

// --- parse_json --------------------------------------------------------------------------------------------------------------

TEST(parse_json, builds_what_nlohmann_builds) {
  const std::string texts[] = {
      "null",
      "true",
      " false\r\n",
      "0",
      "-17",
      "18446744073709551615",
      "1.5e3",
      "\"\"",
      "\"a\\u00e9\\ud83d\\ude00\\n\"",
      "[]",
      "{}",
      "[1,[2,[3]],{\"a\":[]}]",
      R"({"a":{"b":{"c":[1,2,{"d":null}]}},"e":"f","g":{},"h":[[],[{}]]})",
      "\xef\xbb\xbf[1]",
  };
  for (const std::string& text : texts) EXPECT_EQ(parse_json(text), nlohmann::json::parse(text)) << text;
}

TEST(parse_json, says_where_and_why) {
  struct row {
    std::string text;
    int line;
    int column;
    const char* reason;
  };
  const row rows[] = {
      {"", 1, 1, "unexpected end of input"},
      {"  \n ", 2, 2, "unexpected end of input"},
      {"{", 1, 2, "unexpected end of input"},
      {"{\"a\": 1,}", 1, 9, "unexpected '}'"},
      {"{\n  \"a\": tru\n}", 2, 11, "invalid literal"},
      {"[1 2]", 1, 4, "unexpected number literal"},
      {"{a: 1}", 1, 2, "invalid literal"},
      {"{'a': 1}", 1, 2, "invalid literal"},
      {"[01]", 1, 3, "unexpected number literal"},
      {"[.5]", 1, 2, "invalid literal"},
      {"[1e999]", 1, 6, "number overflow"},
      {"nan", 1, 2, "invalid literal"},
      {"// x\n1", 1, 1, "invalid literal"},
      // Behind the value.
      {"{} {}", 1, 4, "unexpected '{'; expected end of input"},
      {"1,", 1, 2, "unexpected ','"},
      {std::string("{}\0{}", 5), 1, 3, "a NUL byte"},
      // Strings.
      {"\"a\nb\"", 1, 3, "control character U+000A"},
      {"\"abc", 1, 5, "missing closing quote"},
      {"\"\\x\"", 1, 3, "forbidden character after backslash"},
      {"\"\\ud800\"", 1, 8, "surrogate"},
      {"\"\xff\"", 1, 2, "ill-formed UTF-8"},
      {"\"\xc0\xaf\"", 1, 2, "ill-formed UTF-8"},
      {"\"\xed\xa0\x80\"", 1, 3, "ill-formed UTF-8"},
      {"[\"\xc3\xa9\", x]", 1, 7, "invalid literal"},  // a column is a character
      // A member twice, at any depth, also when it is written in another way.
      {R"({"a": 1, "a": 2})", 1, 12, "a member name that this object has already"},
      {"{\"a\": 1,\n \"\\u0061\": 1}", 2, 9, "a member name that this object has already"},
      {R"([{"b": {"a": 1, "c": {}, "a": 2}}])", 1, 28, "a member name that this object has already"},
  };
  for (const row& x : rows) {
    const parley::problem what = problem_of([&] { (void)parse_json(x.text); });
    EXPECT_EQ(what.status(), 400) << x.text;
    const std::string where = "line " + std::to_string(x.line) + ", column " + std::to_string(x.column) + ":";
    EXPECT_NE(what.detail().find(where), std::string::npos) << x.text << " → " << what.detail();
    EXPECT_NE(what.detail().find(x.reason), std::string::npos) << x.text << " → " << what.detail();
    EXPECT_EQ(extension(what, "line"), std::to_string(x.line)) << x.text;
    EXPECT_EQ(extension(what, "column"), std::to_string(x.column)) << x.text;
  }
}

TEST(parse_json, caps_the_depth) {
  EXPECT_NO_THROW((void)parse_json(nested(64)));
  EXPECT_NO_THROW((void)parse_json("[" + nested(1, '{', '}') + nested(63).insert(0, ",") + "]"));
  for (const std::string& text : {nested(65), nested(100'000), std::string(100'000, '[')}) {
    const parley::problem what = problem_of([&] { (void)parse_json(text); });
    EXPECT_NE(what.detail().find("line 1, column 65: nested deeper than 64 levels"), std::string::npos) << what.detail();
  }
  EXPECT_NO_THROW((void)parse_json("{\"a\": 1}", 1));
  EXPECT_EQ(problem_of([] { (void)parse_json("{\"a\": {}}", 1); }).status(), 400);
  EXPECT_EQ(problem_of([] { (void)parse_json("[]", 0); }).status(), 400);
  EXPECT_EQ(parse_json("7", 0), 7);
}

TEST(parse_json, does_not_quote_the_content) {
  const std::string secret(5000, 's');
  const parley::problem what = problem_of([&] { (void)parse_json("[\"" + secret); });
  EXPECT_EQ(what.detail().find("sss"), std::string::npos) << what.detail();
  EXPECT_LT(problem_of([] { (void)parse_json(std::string(5000, '9') + "e99999"); }).detail().size(), 300u);
}

// --- responses ---------------------------------------------------------------------------------------------------------------

struct point {
  int x = 0;
  int y = 0;
};
void from_json(const nlohmann::json& value, point& p) { parley::json_members(value).get("x", p.x).get("y", p.y).done(); }
void to_json(nlohmann::json& value, const point& p) { value = {{"x", p.x}, {"y", p.y}}; }

TEST(json_response, takes_whatever_converts) {
  EXPECT_EQ(parley::json(nlohmann::json{{"a", 1}}).content(), R"({"a":1})");
  EXPECT_EQ(parley::json({{"b", true}, {"a", nullptr}}).content(), R"({"a":null,"b":true})");
  EXPECT_EQ(parley::json(nlohmann::ordered_json{{"b", 1}, {"a", 2}}).content(), R"({"b":1,"a":2})");
  EXPECT_EQ(parley::json(point{1, 2}).content(), R"({"x":1,"y":2})");
  EXPECT_EQ(parley::json(std::vector<int>{1, 2}).content(), "[1,2]");
  EXPECT_EQ(parley::json("a\xff\"").content(), "\"a\xef\xbf\xbd\\\"\"");
}

TEST(json_response, chains) {
  const parley::response made = parley::json(point{}).status(201).header("Location", "/points/1");
  EXPECT_EQ(made.status(), 201);
  EXPECT_EQ(made.header("Content-Type"), "application/json");
  EXPECT_EQ(made.header("Location"), "/points/1");
}

// --- requests ----------------------------------------------------------------------------------------------------------------

parley::request posted(std::string content, std::string_view type) {
  parley::request req(parley::method::post, "/");
  req.content(std::move(content), type);
  return req;
}

TEST(json_content, looks_at_the_type) {
  for (const char* type :
       {"application/json", "Application/JSON", "application/json; charset=utf-8", "application/json;charset=\"UTF-8\"",
        "application/problem+json", "text/vnd.x+json", "application/json; q=1"}) {
    EXPECT_EQ(parley::json_content<int>(posted("7", type)), 7) << type;
  }
  for (const char* type :
       {"text/plain", "application/jsonp", "text/json5", "application/json, text/plain", "nonsense",
        "application/json; charset=utf-16", "application/json; charset=latin1", "application/x-www-form-urlencoded",
        "application/merge-patch+json", "application/json-patch+json", "application/json+xml"}) {
    try {
      (void)parley::json_content<int>(posted("7", type));
      ADD_FAILURE() << type;
    } catch (const parley::problem_error& e) {
      EXPECT_EQ(e.what_problem().status(), 415) << type;
      EXPECT_EQ(e.fields().get("Accept"), "application/json") << type;
    }
  }
  EXPECT_EQ(problem_of([] { (void)parley::json_content<int>(parley::request(parley::method::post, "/")); }).status(), 415);
}

TEST(json_content, in_a_coding_is_refused) {
  for (const char* coding : {"gzip", "br, identity", "x"}) {
    auto coded = posted("7", "application/json");
    coded.header("Content-Encoding", coding);
    try {
      (void)parley::json_content<int>(coded);
      ADD_FAILURE() << coding;
    } catch (const parley::problem_error& e) {
      EXPECT_EQ(e.what_problem().status(), 415) << coding;
      EXPECT_EQ(e.fields().get("Accept-Encoding"), "identity") << coding;
    }
  }
  auto plain = posted("7", "application/json");
  plain.header("Content-Encoding", "Identity");
  EXPECT_EQ(parley::json_content<int>(plain), 7);
}

TEST(json_content, in_a_coding_is_read_where_requests_are_decoded) {
  parley::server app;
  app.on_message([](std::string_view) {});
  app.route("POST /plain", [](const parley::request& req) { return parley::text(std::to_string(parley::json_content<int>(req))); });
  app.route("POST /task", [](parley::request& req) -> parley::task<parley::response> {
    auto reading = req.json<int>();
    const int n = co_await reading;
    co_return parley::text(std::to_string(n));
  });
  parley::request_decoding().add_to(app);
  for (const char* path : {"/plain", "/task"}) {
    parley::request req(parley::method::post, path);
    req.content(std::string("\x0f\x00\x80\x37\x03", 5), "application/json").header("Content-Encoding", "br");  // a stored 7
    EXPECT_EQ(app.handle(std::move(req)).content(), "7") << path;
  }
}

TEST(json_content, refuses_with_400_and_422) {
  EXPECT_EQ(problem_of([] { (void)parley::json_content<int>(posted("{", "application/json")); }).status(), 400);
  EXPECT_EQ(problem_of([] { (void)parley::json_content<int>(posted("", "application/json")); }).status(), 400);
  const parley::problem what = problem_of([] { (void)parley::json_content<int>(posted("\"7\"", "application/json")); });
  EXPECT_EQ(what.status(), 422);
  EXPECT_EQ(what.detail(), "The content does not fit: type must be number, but is string.");
  EXPECT_EQ(parley::json_content<nlohmann::json>(posted("[{}]", "application/json")), nlohmann::json::parse("[{}]"));
}

parley::task<int> sum_of(parley::request& req) {
  auto reading = req.json<point>();
  const point p = co_await reading;
  co_return p.x + p.y;
}

TEST(json_task, reads_converts_and_refuses) {
  auto good = posted(R"({"x": 3, "y": 4})", "application/json");
  EXPECT_EQ(parley::run(sum_of(good)), 7);
  auto bad = posted(R"({"x": 3, "y": "4"})", "application/json");
  EXPECT_EQ(problem_of([&] { parley::run(sum_of(bad)); }).detail(), "y must be an integer.");
  auto text = posted("7", "text/plain");
  EXPECT_EQ(problem_of([&] { parley::run(sum_of(text)); }).status(), 415);
  auto broken = posted("{\"x\": 3", "application/json");
  EXPECT_EQ(problem_of([&] { parley::run(sum_of(broken)); }).status(), 400);
}

// --- json_members --------------------------------------------------------------------------------------------------------------

std::vector<std::string> errors_of(const parley::problem& what) {
  std::vector<std::string> lines;
  for (const auto& e : nlohmann::json::parse(extension(what, "errors"))) {
    lines.push_back(e.at("member").get<std::string>() + ": " + e.at("problem").get<std::string>());
  }
  return lines;
}

struct everything {
  bool flag = false;
  std::uint8_t small = 0;
  std::int64_t large = 0;
  double real = 0;
  std::string text;
  std::optional<int> maybe;
  std::vector<int> list;
  point place;
};
void from_json(const nlohmann::json& value, everything& to) {
  parley::json_members in(value);
  in.get("flag", to.flag).get("small", to.small).get("large", to.large).get("real", to.real).get("text", to.text);
  in.get("maybe", to.maybe).get("list", to.list).get("place", to.place);
  in.check("small", to.small != 13, "must not be 13");
  in.done();
}

TEST(json_members, reads_every_kind) {
  const auto read = parse_json(R"({"flag": true, "small": 255, "large": -9223372036854775808, "real": 2, "text": "t", "maybe": null,
                                   "list": [1, 2], "place": {"x": 1, "y": 2}})")
                        .get<everything>();
  EXPECT_TRUE(read.flag);
  EXPECT_EQ(read.small, 255);
  EXPECT_EQ(read.large, std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(read.real, 2.0);
  EXPECT_EQ(read.text, "t");
  EXPECT_EQ(read.maybe, std::nullopt);
  EXPECT_EQ(read.list, (std::vector{1, 2}));
  EXPECT_EQ(read.place.y, 2);
  EXPECT_EQ(parse_json(R"({"flag": true, "small": 1, "large": 1, "real": 1e2, "text": "", "maybe": 3, "list": [],
                           "place": {"x": 1, "y": 2}})")
                .get<everything>()
                .maybe,
            3);
}

TEST(json_members, tells_everything_that_is_wrong_at_once) {
  const parley::problem what = problem_of([] {
    (void)parse_json(R"({"flag": 1, "small": 256, "large": 1.0, "real": "1", "maybe": "x", "list": [1, "2"],
                         "place": {"x": "1", "z": 0}, "more": 1})")
        .get<everything>();
  });
  EXPECT_EQ(what.status(), 422);
  EXPECT_EQ(errors_of(what), (std::vector<std::string>{
                                 "flag: must be true or false",
                                 "small: must be an integer from 0 to 255",
                                 "large: must be an integer",
                                 "real: must be a number",
                                 "text: is missing",
                                 "maybe: must be an integer",
                                 "list: does not fit: type must be number, but is string",
                                 "place.x: must be an integer",
                                 "place.y: is missing",
                                 "place.z: is not known here",
                                 "more: is not known here",
                             }));
  EXPECT_TRUE(what.detail().starts_with("flag must be true or false; small must be an integer from 0 to 255; ")) << what.detail();
  EXPECT_TRUE(what.detail().ends_with("; more is not known here.")) << what.detail();
}

TEST(json_members, checks_only_what_could_be_read) {
  const auto errors = [](std::string_view text) {
    return errors_of(problem_of([&] {
      const auto value = parse_json(text);
      int n = 0;
      parley::json_members in(value);
      in.get("n", n).check("n", n > 0, "must be positive").check("n", n > 1, "must be above 1").done();
    }));
  };
  EXPECT_EQ(errors(R"({"n": 0})"), std::vector<std::string>{"n: must be positive"});
  EXPECT_EQ(errors(R"({"n": 1})"), std::vector<std::string>{"n: must be above 1"});
  EXPECT_EQ(errors(R"({"n": "1"})"), std::vector<std::string>{"n: must be an integer"});
  EXPECT_EQ(errors("{}"), std::vector<std::string>{"n: is missing"});
  EXPECT_EQ(errors("[1]"), std::vector<std::string>{": must be a JSON object"});
  EXPECT_EQ(problem_of([] { (void)parse_json("3").get<point>(); }).detail(), "The content must be a JSON object.");
}

TEST(json_members, an_unknown_member_with_an_error_is_told_once) {
  const parley::problem what = problem_of([] {
    const auto value = parse_json(R"({"id": 1})");
    parley::json_members(value).check("id", false, "must be left out").done();
  });
  EXPECT_EQ(errors_of(what), std::vector<std::string>{"id: must be left out"});
}

TEST(json_members, may_let_unknown_members_pass) {
  const auto value = parse_json(R"({"x": 1, "more": 2})");
  int x = 0;
  EXPECT_NO_THROW(parley::json_members(value).get("x", x).allow_unknown().done());
  EXPECT_EQ(x, 1);
}

TEST(json_members, answers_nonsense_shortly) {
  nlohmann::json value = nlohmann::json::object();
  for (int i = 0; i < 1000; ++i) value[std::string(1000, 'x') + std::to_string(i)] = i;
  const parley::problem what = problem_of([&] { parley::json_members(value).done(); });
  EXPECT_EQ(errors_of(what).size(), 20u);
  EXPECT_LT(what.to_json().size(), 5000u);
}

}  // namespace
