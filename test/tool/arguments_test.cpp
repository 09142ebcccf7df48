#include "tool/arguments.hpp"

#include "tool/exit_code.hpp"
#include "trace/escape.hpp"

#include <gtest/gtest.h>

namespace parley::tool {
namespace {

struct parsed_options {
  std::vector<std::string> headers;
  std::optional<std::string> data, output;
  bool include = false, verbose = false, http10 = false;
  arguments args{"get", "URL...", "Gets things."};

  parsed_options() {
    args.group("Request")
        .values("-H,--header", "LINE", headers, "a field")
        .value("-d,--data", "DATA", data, "content")
        .value("-o,--output", "FILE", output, "where to")
        .flag("-i,--include", include, "the head too")
        .flag("-v,--verbose", verbose, "both heads")
        .flag("--http1.0", http10, "HTTP/1.0");
  }
  std::string refused(const std::vector<std::string>& words) {
    try {
      static_cast<void>(args.parse(words));
    } catch (const refusal& error) {
      EXPECT_EQ(error.code(), exit_usage);
      return error.what();
    }
    return "nothing was refused";
  }
};

using words = std::vector<std::string>;

TEST(Arguments, SetsWhatWasGiven) {
  parsed_options o;
  EXPECT_EQ(o.args.parse({"-H", "A: 1", "http://a/", "--header", "B: 2", "-iv", "--http1.0", "-o", "-", "b"}),
            (words{"http://a/", "b"}));
  EXPECT_EQ(o.headers, (words{"A: 1", "B: 2"}));
  EXPECT_TRUE(o.include && o.verbose && o.http10);
  EXPECT_EQ(o.output, "-");
  EXPECT_FALSE(o.data);
}

struct value_row {
  words given;
  std::string data;
};

TEST(Arguments, ValuesAreTakenAsTheyAre) {
  const std::vector<value_row> rows{
      {{"-d", "x"}, "x"},
      {{"-dx"}, "x"},
      {{"--data", "x"}, "x"},
      {{"--data=x"}, "x"},
      {{"--data=x=y"}, "x=y"},
      {{"--data="}, ""},
      {{"-d", ""}, ""},
      {{"-vd", "x"}, "x"},
      {{"-d", "[1,2]"}, "[1,2]"},
      {{"-d", "{}"}, "{}"},
      {{"-d", "[]"}, "[]"},
      {{"-d", "a,b"}, "a,b"},
      {{"-d", "-v"}, "-v"},
      {{"-d", "--verbose"}, "--verbose"},
      {{"-d", "--name=value"}, "--name=value"},
      {{"-d", "--"}, "--"},
      {{"-d", "-5"}, "-5"},
      {{"-d", "\"quoted\""}, "\"quoted\""},
      {{"-d", " space "}, " space "},
      {{"-d", "one", "-d", "two"}, "two"},
  };
  for (const auto& row : rows) {
    parsed_options o;
    words given = row.given;
    given.push_back("URL");
    EXPECT_EQ(o.args.parse(given), words{"URL"}) << row.given.front();
    EXPECT_EQ(o.data, row.data) << row.given.front();
  }
}

TEST(Arguments, TwoDashesEndTheOptions) {
  parsed_options o;
  EXPECT_EQ(o.args.parse({"-v", "--", "-i", "--data=x"}), (words{"-i", "--data=x"}));
  EXPECT_TRUE(o.verbose);
  EXPECT_FALSE(o.include);
}

TEST(Arguments, RepeatedFlagsDoNoHarm) {
  parsed_options o;
  EXPECT_EQ(o.args.parse({"-v", "-v", "--verbose"}), words{});
  EXPECT_TRUE(o.verbose);
}

TEST(Arguments, RefusesInOneSentence) {
  const std::vector<std::pair<words, std::string>> rows{
      {{"--verbos"}, "get: there is no option --verbos; did you mean --verbose? parley get --help lists them"},
      {{"--data-binary", "x"}, "get: there is no option --data-binary; did you mean --data? parley get --help lists them"},
      {{"--colour=red"}, "get: there is no option --colour; parley get --help lists them"},
      {{"-x"}, "get: there is no option -x; parley get --help lists them"},
      {{"--verbose=1"}, "get: --verbose takes no value"},
      {{"URL", "-o"}, "get: -o needs a value: -o FILE"},
      {{"URL", "--output"}, "get: --output needs a value: --output FILE"},
      {{"--\x1b[2J"}, "get: there is no option --\\x1b[2J; parley get --help lists them"},
  };
  for (const auto& [given, sentence] : rows) EXPECT_EQ(parsed_options().refused(given), sentence);
}

TEST(Arguments, HelpNamesEveryOptionWithinItsWidth) {
  parsed_options o;
  EXPECT_EQ(o.args.parse({"--help", "--no-such"}), words{});
  EXPECT_TRUE(o.args.help_wanted());
  o.args.note("A note that is long enough to be wrapped, since it goes on and on and on until it is wider than a terminal.");
  o.args.example_line("parley get a", "gets a");
  for (const std::size_t width : {60u, 80u}) {
    const std::string text = o.args.help(width);
    for (const std::string_view line : trace::head_lines(text)) EXPECT_LE(trace::columns(line), width) << line;
    for (const auto& option : o.args.options()) {
      for (const std::string& name : split_names(option.names)) EXPECT_NE(text.find(name), std::string::npos) << name;
    }
  }
  EXPECT_TRUE(
      o.args.help(80).starts_with("parley get URL... [OPTIONS]\n\nGets things.\n\nRequest\n  -H, --header LINE         a field\n"))
      << o.args.help(80);
}

}  // namespace
}  // namespace parley::tool
