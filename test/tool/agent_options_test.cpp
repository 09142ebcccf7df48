// Words of the command line, taken apart.
#include "tool/agent_options.hpp"
#include "tool/exit_code.hpp"
#include "tool/form_option.hpp"
#include "tool/resume.hpp"

#include <gtest/gtest.h>

namespace parley::tool {
namespace {

TEST(AgentOptions, Forms) {
  using kind = form_option::kind;
  struct row {
    const char* written;
    kind what;
    const char *name, *value, *type, *filename;
  };
  const row rows[] = {
      {"a=b", kind::text, "a", "b", "", ""},
      {"a=", kind::text, "a", "", "", ""},
      {"a=b;c=d", kind::text, "a", "b;c=d", "", ""},
      {"a=b;type=text/x", kind::text, "a", "b", "text/x", ""},
      {"a=\"b;type=c\"", kind::text, "a", "b;type=c", "", ""},
      {"a=@f", kind::file, "a", "f", "", ""},
      {"a=@f;type=t/u;filename=n", kind::file, "a", "f", "t/u", "n"},
      {"a=@\"f;g\";filename=\"x\\\"y\"", kind::file, "a", "f;g", "", "x\"y"},
      {"a=<f;type=t/u", kind::content, "a", "f", "t/u", ""},
  };
  for (const row& x : rows) {
    const form_option got = parse_form_option(x.written);
    EXPECT_EQ(got.what, x.what) << x.written;
    EXPECT_EQ(got.name, x.name) << x.written;
    EXPECT_EQ(got.value, x.value) << x.written;
    EXPECT_EQ(got.type, x.type) << x.written;
    EXPECT_EQ(got.filename, x.filename) << x.written;
  }
  for (const char* bad : {"a", "=b", "a=@", "a=<", "a=@f;x=y", "a=@f;", "a=<f;filename=x", "a=\"b", "a=@\"b"}) {
    EXPECT_THROW(static_cast<void>(parse_form_option(bad)), refusal) << bad;
  }
}

TEST(AgentOptions, ContentRanges) {
  struct row {
    const char* value;
    bool valid;
  };
  const row rows[] = {
      {"bytes 0-0/1", true},
      {"bytes 3-9/10", true},
      {"bytes 3-9/*", true},
      {"bytes */10", true},
      {"bytes */*", false},
      {"bytes 9-3/10", false},
      {"bytes 3-10/10", false},
      {"bytes 3-9/10 ", false},
      {"bytes -9/10", false},
      {"items 3-9/10", false},
      {"bytes 3-/10", false},
      {"", false},
      {"bytes 3-99999999999999999999/*", false},
  };
  for (const row& x : rows) EXPECT_EQ(read_content_range(x.value).has_value(), x.valid) << x.value;
  EXPECT_EQ(read_content_range("bytes 3-9/10")->first, 3U);
  EXPECT_EQ(read_content_range("bytes */10")->complete, 10U);
}

TEST(AgentOptions, Urlencoded) {
  EXPECT_EQ(urlencoded_data("a b"), "a%20b");
  EXPECT_EQ(urlencoded_data("=a=b"), "a%3Db");
  EXPECT_EQ(urlencoded_data("n=a@b"), "n=a%40b");
  EXPECT_THROW(static_cast<void>(urlencoded_data("n@/nonexistent")), refusal);
}

}  // namespace
}  // namespace parley::tool
