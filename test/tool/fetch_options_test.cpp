#include "tool/fetch_options.hpp"

#include "tool/exit_code.hpp"
#include "tool/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace parley::tool {
namespace {

using namespace std::chrono_literals;

fetch_plan planned(const std::vector<std::string>& words, std::string method = "GET") {
  arguments args("get", "URL...", "");
  fetch_options options;
  declare_fetch_options(args, options);
  const auto urls = args.parse(words);
  return make_fetch_plan(std::move(method), urls, options);
}

std::string refused_plan(const std::vector<std::string>& words, std::string method = "GET", exit_code code = exit_usage) {
  try {
    static_cast<void>(planned(words, std::move(method)));
  } catch (const refusal& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  return "nothing was refused";
}

std::string field(const fetch_plan& plan, std::string_view name) {
  std::string values;
  for (const auto& [each, value] : plan.fields) {
    if (each == name) values += (values.empty() ? "" : " | ") + (value.empty() ? "(none)" : value);
  }
  return values;
}

TEST(FetchPlan, Defaults) {
  const fetch_plan plan = planned({"localhost"});
  EXPECT_EQ(plan.method, "GET");
  EXPECT_EQ(field(plan, "User-Agent"), "parley/" PARLEY_VERSION_STRING);
  EXPECT_EQ(field(plan, "Accept"), "*/*");
  EXPECT_FALSE(plan.content);
  EXPECT_FALSE(plan.version);
  EXPECT_FALSE(plan.timeout);
}

TEST(FetchPlan, HeadersReplaceDefaultsAndRepeat) {
  const fetch_plan plan = planned({"localhost", "-H", "accept: text/html", "-H", "Accept:text/plain", "-H", "User-Agent:", "-H",
                                   "X-Empty:", "-H", "Host: www.example.re", "-H", "Cookie: a=b; c=d:e"});
  EXPECT_EQ(field(plan, "Accept"), "text/plain");
  EXPECT_EQ(field(plan, "accept"), "text/html");
  EXPECT_EQ(field(plan, "User-Agent"), "(none)");
  EXPECT_EQ(field(plan, "X-Empty"), "");
  EXPECT_EQ(field(plan, "Host"), "www.example.re");
  EXPECT_EQ(field(plan, "Cookie"), "a=b; c=d:e");
}

TEST(FetchPlan, ContentAndItsType) {
  const fetch_plan form = planned({"localhost", "-d", "a=1", "-d", "b=2"}, "POST");
  EXPECT_EQ(form.content->text(), "a=1&b=2");
  EXPECT_EQ(field(form, "Content-Type"), "application/x-www-form-urlencoded");
  const fetch_plan typed = planned({"localhost", "-d", "x", "-H", "content-type: text/plain"}, "POST");
  EXPECT_EQ(field(typed, "Content-Type"), "");
  EXPECT_EQ(field(typed, "content-type"), "text/plain");
  const fetch_plan json = planned({"localhost", "--json", "{}"}, "PUT");
  EXPECT_EQ(json.content->text(), "{}");
  EXPECT_EQ(field(json, "Content-Type"), "application/json");
  EXPECT_EQ(field(json, "Accept"), "application/json");
  const fetch_plan no_type = planned({"localhost", "-d", "x", "-H", "Content-Type:"}, "POST");
  EXPECT_EQ(field(no_type, "Content-Type"), "");
}

TEST(FetchPlan, FilesAsContent) {
  const tool_test::temporary_folder folder;
  const std::string small = folder.write("small", "line\nline\n");
  EXPECT_EQ(planned({"localhost", "-d", "@" + small}, "POST").content->text(), "line\nline\n");
  EXPECT_EQ(planned({"localhost", "-d", "a=1", "-d", "@" + small}, "POST").content->text(), "a=1&line\nline\n");
  const std::string large = folder.write("large", std::string(200'000, 'x'));
  const auto streamed = planned({"localhost", "-d", "@" + large}, "POST").content;
  EXPECT_FALSE(streamed->in_memory());
  EXPECT_EQ(streamed->length(), 200'000u);
  EXPECT_EQ(streamed->collect().size(), 200'000u);
  // HTTP/1.0 and several URLs need it whole.
  EXPECT_TRUE(planned({"localhost", "--http1.0", "-d", "@" + large}, "POST").content->in_memory());
  EXPECT_TRUE(planned({"localhost", "localhost/2", "-d", "@" + large}, "POST").content->in_memory());
}

TEST(FetchPlan, Times) {
  EXPECT_EQ(planned({"localhost", "--timeout", "2"}).timeout, 2000ms);
  EXPECT_EQ(planned({"localhost", "--timeout", "0.25"}).timeout, 250ms);
  EXPECT_EQ(planned({"localhost", "--timeout", "0.0001"}).timeout, 1ms);
  EXPECT_EQ(planned({"localhost", "--connect-timeout", "1.5"}).connect_timeout, 1500ms);
  for (const std::string bad : {"", "0", "-1", "2s", "1e3", "inf", "nan", "0x2", "9999999"}) {
    EXPECT_EQ(refused_plan({"localhost", "--timeout", bad}), "--timeout takes seconds, such as 2 or 0.5; got \"" + bad + "\"");
  }
}

TEST(FetchPlan, RefusesWhatIsNotThereYet) {
  EXPECT_EQ(refused_plan({"localhost"}, "CONNECT"), "CONNECT asks a proxy for a tunnel; -x PROXY goes through one");
}

TEST(FetchPlan, Http3) {
  EXPECT_EQ(planned({"example.org", "--http3-only"}).version, parley::http3);
  EXPECT_FALSE(planned({"example.org", "--http3"}).version);
  EXPECT_TRUE(planned({"example.org", "--http3"}).http3_first);
  EXPECT_FALSE(planned({"example.org"}).http3_first);
}

TEST(FetchPlan, Https) {
  const fetch_plan plain = planned({"example.org"});
  EXPECT_EQ(plain.urls.front().to_string(), "https://example.org");
  EXPECT_FALSE(plain.insecure);
  EXPECT_FALSE(plain.cacert || plain.cert || plain.key);
  const fetch_plan all = planned({"example.org", "-k", "--cacert", "ca.pem", "--cert", "c.pem", "--key", "k.pem"});
  EXPECT_TRUE(all.insecure);
  EXPECT_EQ(all.cacert, "ca.pem");
  EXPECT_EQ(all.cert, "c.pem");
  EXPECT_EQ(all.key, "k.pem");
  EXPECT_EQ(planned({"example.org", "--cert", "both.pem"}).key, "both.pem");
  EXPECT_EQ(refused_plan({"example.org", "--key", "k.pem"}), "--key belongs to a certificate; give that with --cert FILE");
  EXPECT_EQ(refused_plan({"example.org", "--cacert", ""}), "--cacert needs a file's name");
}

TEST(FetchPlan, RefusesWhatMakesNoSense) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> rows{
      {{"localhost", "--http1.0", "--http1.1"},
       "choose one of --http0.9, --http1.0, --http1.1, --http2, --http2-prior-knowledge, --http3 and --http3-only"},
      {{"localhost", "--http3", "--http3-only"},
       "choose one of --http0.9, --http1.0, --http1.1, --http2, --http2-prior-knowledge, --http3 and --http3-only"},
      {{"localhost", "-X", "POST"},
       "get: there is no option -X; the method is the command: parley post URL, or parley request METHOD URL"},
      {{"localhost", "-d", "a", "--json", "1"}, "choose one of -d and --json"},
      {{"localhost", "--http0.9", "-d", "a"}, "HTTP/0.9 requests carry no content; leave out -d and --json"},
      {{"localhost", "--http0.9", "-H", "A: b"}, "HTTP/0.9 requests carry no fields; leave out -H"},
      {{"localhost", "localhost/2", "-o", "file"}, "-o takes the content of one URL; give one"},
      {{"localhost", "-o", ""}, "-o needs a file's name, or - for standard output"},
      {{"localhost", "-H", "no colon"}, "-H \"no colon\": write 'NAME: VALUE'"},
      {{"localhost", "-H", ": value"}, "-H \": value\": write 'NAME: VALUE'"},
      {{"localhost", "-H", "Host:"}, "-H \"Host:\": a request needs a Host"},
      {{"localhost", "-H", "content-length: 5"}, "-H Content-Length: parley makes this field by itself; leave it out"},
      {{"localhost", "-H", "Connection: close"}, "-H Connection: parley makes this field by itself; leave it out"},
      {{"localhost", "-H", "Expect: 100-continue"}, "-H Expect: use --expect"},
  };
  for (const auto& [words, sentence] : rows) EXPECT_EQ(refused_plan(words), sentence);
  EXPECT_EQ(refused_plan({"localhost", "--http0.9"}, "HEAD"), "HTTP/0.9 has no method but GET");
  EXPECT_EQ(refused_plan({"localhost", "-d", "x"}, "TRACE"),
            "a TRACE request carries no content (RFC 9110 §9.3.8); leave out -d and --json");
  EXPECT_NE(refused_plan({"localhost"}, "BAD METHOD").find("\"BAD METHOD\" is no method"), std::string::npos);
}

TEST(FetchPlan, RefusesFieldsThatWouldSplitTheRequest) {
  for (const std::string bad : {"A: b\r\nInjected: yes", "A b: c", "A: \x01", "A(: b"}) {
    const std::string sentence = refused_plan({"localhost", "-H", bad});
    EXPECT_TRUE(sentence.starts_with("-H \"")) << sentence;
    EXPECT_EQ(std::ranges::count_if(sentence, [](unsigned char c) { return c < 0x20; }), 0) << sentence;
  }
  const std::string secret = refused_plan({"localhost", "-H", "Authorization: s3cret\n"});
  EXPECT_TRUE(secret.starts_with("-H \"Authorization: [hidden]\": ")) << secret;
  EXPECT_EQ(secret.find("s3cret"), std::string::npos);
}

TEST(FetchPlan, NamesFilesThatCannotBeRead) {
  EXPECT_EQ(refused_plan({"localhost", "-d", "@/no/such/file"}, "POST", exit_local),
            "cannot read /no/such/file: No such file or directory");
  EXPECT_EQ(refused_plan({"localhost", "-d", "@/"}, "POST", exit_local), "cannot read /: Is a directory");
  EXPECT_EQ(refused_plan({"localhost", "-d", "@"}, "POST"), "-d and --json: a file's name must follow @, or - for standard input");
}

}  // namespace
}  // namespace parley::tool
