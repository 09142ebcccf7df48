#include <gtest/gtest.h>
#include <parley/problem.hpp>

#include <stdexcept>

namespace parley {
namespace {

problem taken_name() {
  return problem(409)
      .detail("The name \"ada\" is taken.")
      .type("https://example.com/taken")
      .instance("/customers/7")
      .extension("ids", "[1,2]");
}

TEST(problem, is_one_json_object) {
  EXPECT_EQ(problem(404).to_json(), R"({"title":"Not Found","status":404})");
  EXPECT_EQ(taken_name().to_json(), R"({"type":"https://example.com/taken","title":"Conflict","status":409,)"
                                    R"("detail":"The name \"ada\" is taken.","instance":"/customers/7","ids":[1,2]})");
  EXPECT_EQ(problem(299).to_json(), R"({"status":299})");
  EXPECT_EQ(problem::content_type, "application/problem+json");
  EXPECT_EQ(problem().status(), 500);
}

TEST(problem, carries_any_text_as_valid_json) {
  EXPECT_EQ(problem(400).title("").detail("a\n\xff\xc3\xa4\x01").to_json(),
            "{\"status\":400,\"detail\":\"a\\n\xef\xbf\xbd\xc3\xa4\\u0001\"}");
  EXPECT_EQ(problem(400).title("").extension_text("na\"me", "<b>").to_json(), R"({"status":400,"na\"me":"\u003cb\u003e"})");
}

TEST(problem, setters_chain_on_objects_too_and_are_read_back) {
  problem p(400);
  p.status(422).detail("d").extension("n", "1").extension("n", "2");
  EXPECT_EQ(p.status(), 422);
  EXPECT_EQ(p.title(), "Unprocessable Content");
  EXPECT_EQ(p.detail(), "d");
  EXPECT_EQ(p.type(), "");
  EXPECT_EQ(p.instance(), "");
  ASSERT_EQ(p.extensions().size(), 1u);
  EXPECT_EQ(p.extensions()[0].second, "2");
  p.title("Mine").status(400);
  EXPECT_EQ(p.title(), "Mine");
}

TEST(problem, standard_members_are_no_extensions) {
  problem p;
  for (const char* name : {"", "type", "title", "status", "detail", "instance"})
    EXPECT_THROW(p.extension(name, "1"), std::invalid_argument) << name;
}

}  // namespace
}  // namespace parley
