// Words of the command line, taken apart.
#include "tool/agent_options.hpp"
#include "tool/exit_code.hpp"
#include "tool/form_option.hpp"
#include "tool/option_values.hpp"
#include "tool/request_conditions.hpp"
#include "tool/resume.hpp"
#include "tool/upload.hpp"

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
      {"Bytes 3-9/10", true},
      {"bytes", false},
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

TEST(AgentOptions, DataKeepsItsOrder) {
  const std::vector<std::string> wanted{"n=a%20b", "plain", "%40x", "@file"};
  EXPECT_EQ(data_of({{"--data-urlencode", "n=a b"}, {"--data", "plain"}, {"--data-urlencode", "=@x"}, {"--data", "@file"}}),
            wanted);
}

TEST(AgentOptions, Ranges) {
  const auto asked = [](const char* range) {
    agent_options o;
    o.range = range;
    agent_plan plan;
    plan_ranges(plan, o, "GET", std::nullopt);
    return plan.fields.empty() ? std::string() : plan.fields.front().second;
  };
  for (const char* good : {"0-0", "0-499", "500-", "-1", "0-1,5-,-3", "007-8", "0-9223372036854775807"})
    EXPECT_EQ(asked(good), "bytes=" + std::string(good));
  struct row {
    const char* written;
    const char* says;
  };
  const row rows[] = {
      {"5-2", "its last byte comes before its first; write 2-5"},
      {"0-1,5-2", "\"5-2\": its last byte comes before its first"},
      {"10-9", "its last byte comes before its first"},
      {"500", "from that byte on is 500-"},
      {"-0", "the last 0 bytes are nothing"},
      {"", "a range is bytes such as"},
      {"-", "a range is bytes such as"},
      {"--", "a range is bytes such as"},
      {"1-2-3", "a range is bytes such as"},
      {"0-1,", "a range is bytes such as"},
      {",0-1", "a range is bytes such as"},
      {"a-b", "a range is bytes such as"},
      {"+1-2", "a range is bytes such as"},
      {"bytes=0-1", "a range is bytes such as"},
      {"0-9223372036854775808", "a range is bytes such as"},
      {"0-99999999999999999999", "a range is bytes such as"},
  };
  for (const row& x : rows) {
    try {
      static_cast<void>(asked(x.written));
      ADD_FAILURE() << x.written;
    } catch (const refusal& why) {
      EXPECT_NE(std::string(why.what()).find(x.says), std::string::npos) << x.written << ": " << why.what();
    }
  }
}

TEST(AgentOptions, Sizes) {
  EXPECT_EQ(parse_size("--x", "1"), 1U);
  EXPECT_EQ(parse_size("--x", "64KiB"), 65536U);
  EXPECT_EQ(parse_size("--x", "64MiB"), 64U << 20);
  EXPECT_EQ(parse_size("--x", "4GiB"), std::uint64_t{4} << 30);
  for (const char* bad : {"", "0", "-1", "4 GiB", "4GB", "4gib", "1.5MiB", "9223372036854775808", "9007199254740993GiB", "GiB"})
    EXPECT_THROW(static_cast<void>(parse_size("--x", bad)), refusal) << bad;
}

}  // namespace
}  // namespace parley::tool
