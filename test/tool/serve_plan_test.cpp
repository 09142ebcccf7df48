#include "tool/serve_plan.hpp"

#include "tool/config_file.hpp"
#include "tool/data_folder.hpp"
#include "tool/exit_code.hpp"
#include "tool/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace parley::tool {
namespace {

serve_plan plan_of(const std::vector<std::string>& words) {
  arguments args("demo", "", "");
  serve_options options;
  declare_serve_options(args, options);
  EXPECT_TRUE(args.parse(words).empty());
  return make_serve_plan(options);
}

std::pair<int, std::string> refused_serve(const std::vector<std::string>& words) {
  try {
    static_cast<void>(plan_of(words));
  } catch (const refusal& error) {
    return {error.code(), error.what()};
  }
  return {0, "nothing was refused"};
}

TEST(ServePlan, Defaults) {
  ::setenv("XDG_DATA_HOME", "/somewhere", 1);
  const serve_plan plan = plan_of({});
  EXPECT_EQ(plan.http->at.to_string(), "127.0.0.1:8080");
  EXPECT_EQ(plan.https->at.to_string(), "127.0.0.1:8443");
  EXPECT_FALSE(plan.http->asked || plan.https->asked);
  EXPECT_TRUE(plan.certificates.empty());
  EXPECT_EQ(plan.client_ca, "");
  EXPECT_EQ(plan.threads, 0u);
  EXPECT_EQ(plan.data, "/somewhere/parley");
  EXPECT_EQ(plan.access_log, "");
  EXPECT_FALSE(plan.show);
  ::setenv("XDG_DATA_HOME", "relative/paths/are/invalid", 1);
  ::setenv("HOME", "/home/ada", 1);
  EXPECT_EQ(data_folder_of({}), "/home/ada/.local/share/parley");
  ::unsetenv("XDG_DATA_HOME");
  EXPECT_EQ(data_folder_of({}), "/home/ada/.local/share/parley");
}

TEST(ServePlan, WhatStandsBeforeHandlers) {
  const serve_plan plan = plan_of({"--trusted-proxy",
                                   "10.0.0.0/8",
                                   "--trusted-proxy",
                                   "unix",
                                   "--trusted-proxy-field",
                                   "forwarded",
                                   "--monitor",
                                   "127.0.0.1:9464",
                                   "--host",
                                   "example.org",
                                   "--hsts",
                                   "31536000,includeSubDomains,preload",
                                   "--cors",
                                   "https://a.example",
                                   "--rate-limit",
                                   "100/60",
                                   "--redirect-https",
                                   "--http",
                                   "0.0.0.0:80",
                                   "--https",
                                   "0.0.0.0:8443"});
  EXPECT_EQ(plan.edge.trusted_proxies.size(), 2u);
  EXPECT_EQ(plan.edge.proxies_say, forwarded_by::forwarded);
  EXPECT_EQ(plan.edge.monitor, "http://127.0.0.1:9464");
  EXPECT_EQ(plan.edge.hsts, 31'536'000u);
  EXPECT_TRUE(plan.edge.hsts_subdomains && plan.edge.hsts_preload);
  EXPECT_EQ(plan.edge.rate, 100u);
  EXPECT_EQ(plan.edge.rate_seconds, 60u);
  EXPECT_EQ(plan.edge.redirect_to, 8443);
  const std::vector<std::vector<std::string>> wrong{{"--trusted-proxy", "10.0.0.1/8"},
                                                    {"--trusted-proxy-field", "x"},
                                                    {"--monitor", "9464"},
                                                    {"--host", "a b"},
                                                    {"--hsts", "1y"},
                                                    {"--hsts", "60,preload"},
                                                    {"--hsts", "60,also"},
                                                    {"--hsts", ""},
                                                    {"--cors", "a.example"},
                                                    {"--rate-limit", "100"},
                                                    {"--rate-limit", "0/60"},
                                                    {"--rate-limit", "1/2/3"},
                                                    {"--redirect-https", "--https", "off", "--http", "127.0.0.1:1"},
                                                    {"--redirect-https", "--https", "127.0.0.1:0"}};
  for (const auto& words : wrong) EXPECT_EQ(refused_serve(words).first, int{exit_usage}) << words[0] << " " << words.back();
}

TEST(ServePlan, TheCommandLine) {
  const serve_plan plan =
      plan_of({"--http", "[::1]:0", "--https", "off", "--threads", "3", "--data", "d", "--access-log", "-", "--show"});
  EXPECT_EQ(plan.http->at.to_string(), "[::1]:0");
  EXPECT_FALSE(plan.https);
  EXPECT_EQ(plan.threads, 3u);
  EXPECT_EQ(plan.data, "d");
  EXPECT_EQ(plan.access_log, "-");
  EXPECT_TRUE(plan.show);
}

TEST(ServePlan, LogFormatsAndUnixSockets) {
  EXPECT_EQ(plan_of({}).access_log_format, log_format::combined);
  EXPECT_EQ(plan_of({"--access-log-format", "json"}).access_log_format, log_format::json);
  EXPECT_EQ(refused_serve({"--access-log-format", "JSON"}).second, "--access-log-format takes combined or json; got \"JSON\"");
  const serve_plan plan = plan_of({"--http", "unix:/run/x?mode=0660"});
  EXPECT_TRUE(plan.http->asked);
  EXPECT_EQ(plan.http->at.url("http"), "unix:/run/x?mode=0660");
  EXPECT_EQ(plan_of({"--http", "[::1]:80"}).http->at.url("http"), "http://[::1]:80");
}

// Who asks for one address gets no other; who leaves one out gets the other's default.
TEST(ServePlan, WhereItListens) {
  struct row {
    std::vector<std::string> words;
    std::string http, https;
  };
  const row table[] = {
      {{}, "127.0.0.1:8080", "127.0.0.1:8443"},
      {{"--http", "[::1]:0"}, "[::1]:0", "off"},
      {{"--https", "0.0.0.0:443"}, "off", "0.0.0.0:443"},
      {{"--http", "off"}, "off", "127.0.0.1:8443"},
      {{"--https", "off"}, "127.0.0.1:8080", "off"},
      {{"--http", "127.0.0.1:1", "--https", "127.0.0.1:2"}, "127.0.0.1:1", "127.0.0.1:2"},
  };
  const auto text = [](const std::optional<serve_plan::place>& p) { return p ? p->at.to_string() : "off"; };
  for (const row& each : table) {
    const serve_plan plan = plan_of(each.words);
    EXPECT_EQ(text(plan.http), each.http);
    EXPECT_EQ(text(plan.https), each.https);
  }
}

TEST(ServePlan, Certificates) {
  using one = serve_plan::certificate;
  EXPECT_EQ(plan_of({"--cert", "both.pem"}).certificates, (std::vector<one>{{"both.pem", "both.pem"}}));
  EXPECT_EQ(plan_of({"--cert", "a.pem", "--cert", "b.pem", "--key", "a.key", "--key", "b.key"}).certificates,
            (std::vector<one>{{"a.pem", "a.key"}, {"b.pem", "b.key"}}));
  EXPECT_EQ(plan_of({"--client-ca", "staff.pem"}).client_ca, "staff.pem");
}

// Else everybody would be let in beside those who show a certificate.
TEST(ServePlan, ClientCertificatesClosePlainHttp) {
  EXPECT_FALSE(plan_of({"--client-ca", "staff.pem"}).http);
  EXPECT_FALSE(plan_of({"--client-ca", "staff.pem", "--http", "off"}).http);
  EXPECT_TRUE(plan_of({"--client-ca", "staff.pem"}).https);
  const serve_plan both = plan_of({"--client-ca", "staff.pem", "--http", "127.0.0.1:1", "--https", "127.0.0.1:2"});
  EXPECT_TRUE(both.http && both.https);
}

TEST(ServePlan, WhatIsForHttpsNeedsIt) {
  const auto refused = [](const std::vector<std::string>& words, bool https) -> std::pair<int, std::string> {
    try {
      check_https_options(plan_of(words), https);
    } catch (const refusal& error) {
      return {error.code(), error.what()};
    }
    return {0, ""};
  };
  const std::string rest = " for https, and nothing is served by https; give it an address with --https ADDR:PORT";
  EXPECT_EQ(refused({"--http", "127.0.0.1:1", "--cert", "c"}, false), std::pair(int{exit_usage}, "--cert and --key are" + rest));
  EXPECT_EQ(refused({"--https", "off", "--client-ca", "a"}, false), std::pair(int{exit_usage}, "--client-ca is" + rest));
  EXPECT_EQ(refused({"--http", "127.0.0.1:1", "--cert", "c"}, true).first, 0) << "systemd's socket is https, say";
  EXPECT_EQ(refused({}, false).first, 0);
}

TEST(ServePlan, SystemdNamesTheDataFolder) {
  ::setenv("STATE_DIRECTORY", "/var/lib/parley:/var/lib/other", 1);
  EXPECT_EQ(plan_of({}).data, "/var/lib/parley");
  EXPECT_EQ(plan_of({"--data", "d"}).data, "d");
  ::unsetenv("STATE_DIRECTORY");
}

TEST(ServePlan, SaysWhatNeedsARestart) {
  const serve_plan plan = plan_of({"--data", "d", "--threads", "2"});
  EXPECT_TRUE(need_restart(plan, plan_of({"--data", "d", "--threads", "2", "--access-log", "-"})).empty());
  EXPECT_EQ(need_restart(plan, plan_of({"--data", "e", "--show", "--http", "127.0.0.1:81", "--cert", "c", "--client-ca", "a"})),
            (std::vector<std::string>{"http", "https", "cert", "client-ca", "threads", "data", "show"}));
}

TEST(ServePlan, RefusesInOneSentence) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> rows{
      {{"--http", "off", "--https", "off"}, "http and https are both off, so there is nothing to serve"},
      {{"--https", "unix:/run/x"}, "--https unix:/run/x: a Unix socket is served by http; use --http"},
      {{"--https", "8443"}, "--https 8443: give an address and a port, such as 127.0.0.1:8080 or [::1]:8080, or off"},
      {{"--key", "k.pem"}, "each --key belongs to a certificate; give that with --cert FILE"},
      {{"--cert", "a", "--cert", "b", "--key", "k"},
       "there are 2 of --cert and 1 of --key; give one --key for each --cert, in the same order"},
      {{"--cert", ""}, "--cert and --key need a file's name"},
      {{"--client-ca", ""}, "--client-ca needs a file's name"},
      {{"--threads", "0"}, "--threads takes a number from 1 to 1024; got \"0\""},
      {{"--threads", "many"}, "--threads takes a number from 1 to 1024; got \"many\""},
      {{"--threads", "1025"}, "--threads takes a number from 1 to 1024; got \"1025\""},
      {{"--data", ""}, "--data needs a folder's name"},
      {{"--access-log", ""}, "--access-log takes a file's name, - or off"},
  };
  for (const auto& [words, sentence] : rows) EXPECT_EQ(refused_serve(words), std::pair(int{exit_usage}, sentence));
  EXPECT_EQ(refused_serve({"--config", "/no/such.toml"}),
            std::pair(int{exit_local}, std::string("cannot read the configuration /no/such.toml: No such file or directory")));
  EXPECT_EQ(refused_serve({"--config", "/"}),
            std::pair(int{exit_local}, std::string("cannot read the configuration /: Is a directory")));
}

TEST(Config, KeysAreTheLongOptions) {
  serve_options options;
  apply_config(options,
               "# a comment\nhttp = \"127.0.0.1:9000\"\nhttps = \"off\"\nthreads = 2\ndata = \"state\"\naccess-log = "
               "\"/var/log/parley.log\"\nshow = true\n",
               "/etc/parley/parley.toml");
  EXPECT_EQ(options.http, "127.0.0.1:9000");
  EXPECT_EQ(options.https, "off");
  EXPECT_EQ(options.threads, "2");
  EXPECT_EQ(options.data, "/etc/parley/state");  // relative to the file, wherever the command is run
  EXPECT_EQ(options.access_log, "/var/log/parley.log");
  EXPECT_TRUE(options.show);
}

TEST(Config, WordsForTheAccessLogAreNoPaths) {
  for (const std::string word : {"-", "off"}) {
    serve_options options;
    apply_config(options, "access-log = \"" + word + "\"", "conf/parley.toml");
    EXPECT_EQ(options.access_log, word);
  }
}

TEST(Config, CertificatesAreOneOrSeveral) {
  serve_options one;
  apply_config(one, "cert = \"a.pem\"\nkey = \"/k/a.key\"\nclient-ca = \"staff.pem\"\n", "/etc/parley/parley.toml");
  EXPECT_EQ(one.certs, std::vector<std::string>{"/etc/parley/a.pem"});
  EXPECT_EQ(one.keys, std::vector<std::string>{"/k/a.key"});
  EXPECT_EQ(one.client_ca, "/etc/parley/staff.pem");
  serve_options several;
  several.keys = {"mine"};
  apply_config(several, "cert = [\"a.pem\", \"b.pem\"]\nkey = [\"x\"]", "parley.toml");
  EXPECT_EQ(several.certs, (std::vector<std::string>{"a.pem", "b.pem"}));
  EXPECT_EQ(several.keys, std::vector<std::string>{"mine"}) << "the command line's";
}

TEST(Config, TheCommandLineWins) {
  const tool_test::temporary_folder folder;
  const std::string file = folder.write("parley.toml", "http = \"127.0.0.1:9000\"\nthreads = 2\n");
  const serve_plan plan = plan_of({"--threads", "5", "--config", file});
  EXPECT_EQ(plan.http->at.port, 9000);
  EXPECT_EQ(plan.threads, 5u);
}

TEST(Config, RefusalsNameTheLine) {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"http3 = false\n", "parley.toml line 1: there is no key http3; write no-http3 = true"},
      {"http2 = true\n",
       "parley.toml line 1: there is no key http2, which is on by itself; what switches it off is no-http2 = true"},
      {"http = \"127.0.0.1:1\"\n\nthread = 2\n", "parley.toml line 3: there is no key thread; did you mean threads?"},
      {"xyzzy = 1",
       "parley.toml line 1: there is no key xyzzy; there are http, https, cert, key, client-ca, threads, data, access-log, "
       "access-log-format, "
       "list, compress, no-http2, no-http3, http3-bbr, no-early-data, trusted-proxy, trusted-proxy-field, host, redirect-https, "
       "hsts, cors, users, rate-limit, request-ids, tracing, healthz, "
       "metrics, monitor, allow-trace, show, frames, limits"},
      {"threads = \"2\"", "parley.toml line 1: threads must be a whole number, such as threads = 4"},
      {"threads = 2.5", "parley.toml line 1: threads must be a whole number, such as threads = 4"},
      {"\nhttp = 8080", "parley.toml line 2: http must be a string, such as http = \"127.0.0.1:8080\""},
      {"\ncert = [\"a\", 2]",
       "parley.toml line 2: cert must be a string, or an array of strings, such as cert = \"/etc/parley/cert.pem\""},
      {"show = \"yes\"", "parley.toml line 1: show must be true or false"},
      {"\nhsts = 31536000", "parley.toml line 2: hsts must be a string, such as hsts = \"31536000\""},
      {"\ncors = true",
       "parley.toml line 2: cors must be a string, or an array of strings, such as cors = \"https://app.example\""},
      {"[http]\nport = 1", "parley.toml line 1: http must be a string, such as http = \"127.0.0.1:8080\""},
  };
  for (const auto& [text, sentence] : rows) {
    serve_options options;
    try {
      apply_config(options, text, "parley.toml");
      ADD_FAILURE() << text;
    } catch (const refusal& error) {
      EXPECT_EQ(error.code(), exit_usage);
      EXPECT_EQ(error.what(), sentence);
    }
  }
}

TEST(Config, AWrongValueIsNamedByLineAndKey) {
  const tool_test::temporary_folder folder;
  const std::vector<std::pair<std::string, std::string>> rows{
      {"threads = 2\nhttp = \"nonsense\"",
       " line 2: http nonsense: give an address and a port, such as 127.0.0.1:8080 or [::1]:8080, or off"},
      {"https = \"localhost:x\"", " line 1: https localhost:x: the port must be a number from 0 to 65535 (0 takes a free one)"},
      {"threads = 0", " line 1: threads takes a number from 1 to 1024; got \"0\""},
      {"\n\nrate-limit = \"many\"", " line 3: rate-limit takes N/SECONDS, such as 100/60; got \"many\""},
      {"access-log-format = \"xml\"", " line 1: access-log-format takes combined or json; got \"xml\""},
      {"trusted-proxy-field = \"via\"", " line 1: trusted-proxy-field takes x-forwarded-for or forwarded; got \"via\""},
      {"trusted-proxy = [\n  \"10.0.0.0/8\",\n  \"10.0.0.1/8\",\n]",
       " line 3: trusted-proxy takes a network such as 10.0.0.0/8, an address, or unix; got \"10.0.0.1/8\" (no bits behind the "
       "prefix)"},
      {"redirect-https = true\nhttps = \"off\"",
       " line 1: redirect-https needs to know the port of https; give it with --https ADDR:PORT"},
      {"[limits]\nhead_time = \"soon\"", " line 2: "},
      {"[limits]\n\nhead = 1.5", " line 3: the limit head takes a size, such as 65536 or 64KiB; got \"1.5\""},
      {"threads = 1\nkey = \"k.pem\"", " line 2: each --key belongs to a certificate; give that with --cert FILE"},
      {"cert = [\"a\", \"b\"]\nkey = \"k\"", " line 2: there are 2 of --cert and 1 of --key; "},
      {"http = \"off\"\nhttps = \"off\"", " line 1: http and https are both off, so there is nothing to serve"},
      {"users = \"\"", " line 1: users needs a file's name"},
  };
  for (const auto& [text, sentence] : rows) {
    const std::string file = folder.write("parley.toml", text);
    const auto [code, said] = refused_serve({"--config", file});
    EXPECT_EQ(code, exit_usage);
    EXPECT_TRUE(said.starts_with(file + sentence)) << said;
  }
  // What the command line says is not the file's.
  const std::string file = folder.write("parley.toml", "threads = 3\n");
  EXPECT_EQ(refused_serve({"--config", file, "--threads", "0"}).second, "--threads takes a number from 1 to 1024; got \"0\"");
}

TEST(Config, WhereAValueStandsBySentence) {
  const std::vector<config_value> from_file{{"cert", "a", "f line 1"},   {"cert", "/etc/b.pem", "f line 2"},
                                            {"key", "k", "f line 3"},    {"data", "/var/d", "f line 4"},
                                            {"http", "off", "f line 5"}, {"list", "", "f line 6"}};
  const auto said = [&](const std::string& sentence, const std::vector<std::string>& about) {
    return std::string(where_it_stands(from_file, refusal(exit_local, sentence, about)).what());
  };
  const std::vector<std::string> several{"cert", "key", "data"};
  EXPECT_EQ(said("--cert is what?", {}), "f line 1: cert is what?");
  EXPECT_EQ(said("--cert got \"/etc/b.pem\"", {}), "f line 2: cert got \"/etc/b.pem\"");
  EXPECT_EQ(said("--list is what?", {}), "f line 6: list is what?");
  EXPECT_EQ(said("--host is what?", {}), "--host is what?");
  EXPECT_EQ(said("cannot read /etc/b.pem: gone", several), "f line 2: cannot read /etc/b.pem: gone");
  EXPECT_EQ(said("cannot read k: gone", several), "f line 3: cannot read k: gone") << "no letter of a word is a file";
  EXPECT_EQ(said("cannot read /var/d/ca.pem: gone", several), "f line 4: cannot read /var/d/ca.pem: gone");
  EXPECT_EQ(said("cannot read /var/data: gone", several), "cannot read /var/data: gone");
  EXPECT_EQ(said("something else", several), "something else");
  EXPECT_EQ(said("something else", {"data"}), "f line 4: something else");
  EXPECT_EQ(said("something else", {}), "something else");
  EXPECT_EQ(where_it_stands(from_file, refusal(exit_usage, "x", {"data"})).code(), exit_usage);
}

TEST(Config, ATextThatIsNoToml) {
  serve_options options;
  try {
    apply_config(options, "http = \"a\"\nthreads = = 2\n", "parley.toml");
    FAIL();
  } catch (const refusal& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with("parley.toml line 2: ")) << error.what();
  }
}

}  // namespace
}  // namespace parley::tool
