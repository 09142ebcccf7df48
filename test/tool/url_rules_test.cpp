#include "tool/url_rules.hpp"

#include "tool/exit_code.hpp"

#include <gtest/gtest.h>

namespace parley::tool {
namespace {

TEST(CompleteUrl, AddsTheSchemeThatIsMeant) {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"http://example.org/a", "http://example.org/a"},
      {"HTTP://example.org", "HTTP://example.org"},
      {"https://localhost/", "https://localhost/"},
      {"localhost", "http://localhost"},
      {"localhost:8080", "http://localhost:8080"},
      {"localhost:8080/a?b=c", "http://localhost:8080/a?b=c"},
      {"LOCALHOST/x", "http://LOCALHOST/x"},
      {"localhost./x", "http://localhost./x"},
      {"localhost:8443/a", "https://localhost:8443/a"},
      {"127.0.0.1:443", "https://127.0.0.1:443"},
      {"http://localhost:8443/", "http://localhost:8443/"},
      {"app.localhost:3000", "http://app.localhost:3000"},
      {"127.0.0.1", "http://127.0.0.1"},
      {"127.8.9.10:81/", "http://127.8.9.10:81/"},
      {"[::1]", "http://[::1]"},
      {"[::1]:8080/x", "http://[::1]:8080/x"},
      {"[0:0:0:0:0:0:0:1]:80", "http://[0:0:0:0:0:0:0:1]:80"},
      {"example.org", "https://example.org"},
      {"example.org:8443/x", "https://example.org:8443/x"},
      {"notlocalhost", "https://notlocalhost"},
      {"localhost.example.org", "https://localhost.example.org"},
      {"128.0.0.1", "https://128.0.0.1"},
      {"10.0.0.1:8080", "https://10.0.0.1:8080"},
      {"[2001:db8::1]", "https://[2001:db8::1]"},
      {"[::ffff:127.0.0.1]", "https://[::ffff:127.0.0.1]"},
      {"http://localhost/a#part", "http://localhost/a"},
      {"bücher.example:8443/x", "https://xn--bcher-kva.example:8443/x"},
      {"http://Bücher.example", "http://xn--bcher-kva.example"},
      {"localhost/?u=http://x/", "http://localhost/?u=http://x/"},
  };
  for (const auto& [written, url] : rows) EXPECT_EQ(complete_url(written).to_string(), url) << written;
}

// RFC 3986 §5.2.4
TEST(CompleteUrl, ResolvesDotSegmentsUnlessToldOtherwise) {
  EXPECT_EQ(complete_url("http://localhost/../../a/./b/../c?x=/../y").to_string(), "http://localhost/a/c?x=/../y");
  EXPECT_EQ(complete_url("localhost/a/..").to_string(), "http://localhost/");
  EXPECT_EQ(complete_url("http://localhost/../../a/./b/../c", true).to_string(), "http://localhost/../../a/./b/../c");
  EXPECT_EQ(complete_url("http://localhost/a/..;/b").to_string(), "http://localhost/a/..;/b");
}

TEST(CompleteUrl, DefaultPorts) {
  EXPECT_EQ(complete_url("localhost").effective_port(), 80);
  EXPECT_EQ(complete_url("example.org").effective_port(), 443);
  EXPECT_EQ(complete_url("[::1]:8080").effective_port(), 8080);
}

std::string refused_url(std::string_view written) {
  try {
    static_cast<void>(complete_url(written));
  } catch (const refusal& error) {
    EXPECT_EQ(error.code(), exit_usage);
    return error.what();
  }
  return "nothing was refused";
}

TEST(CompleteUrl, RefusesInOneSentenceThatNamesTheUrl) {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"", "the URL is empty"},
      {"::1", "\"::1\" is no URL: an IPv6 address stands in brackets, as in [::1]:8080"},
      {"2001:db8::1/x", "\"2001:db8::1/x\" is no URL: an IPv6 address stands in brackets, as in [::1]:8080"},
      {"http:///path", "\"http:///path\" is no URL: an http or https URI needs a host after `//` (character 8)"},
      {"http://localhost:0/", "\"http://localhost:0/\" is no URL: port 0 cannot be connected to"},
      {"http://ada:secret@localhost/",
       "\"http://ada:[hidden]@localhost/\" is no URL: user and password do not belong in a URL; log in with -u USER"},
      {"ada:secret@localhost",
       "\"ada:[hidden]@localhost\" is no URL: user and password do not belong in a URL; log in with -u USER"},
      {"ada@localhost:80/", "\"ada@localhost:80/\" is no URL: user and password do not belong in a URL; log in with -u USER"},
      {"http://[fe80::1%25eth0]/",
       "\"http://[fe80::1%25eth0]/\" is no URL: an IPv6 address has no zone in a URL (RFC 3986 §3.2.2); leave out what stands "
       "behind %"},
      {"http:/localhost/",
       "\"http:/localhost/\" is no URL: behind the colon stands a port, as in localhost:8080, or //, as in http://localhost/"},
      {"file:/etc/passwd",
       "\"file:/etc/passwd\" is no URL: behind the colon stands a port, as in localhost:8080, or //, as in http://localhost/"},
      {"http://ü:80ä/", "\"http://xn--tda:80ä/\" is no URL: the port is no number from 0 to 65535 (character 16)"},
      {"file:///etc/passwd", "file:///etc/passwd: the scheme is file, but parley speaks http and https"},
      {"http://localhost/%zz",
       "\"http://localhost/%zz\" is no URL: a percent sign is not followed by two hexadecimal digits (character 18)"},
      {"ftp://example.org/", "ftp://example.org/: the scheme is ftp, but parley speaks http and https"},
  };
  for (const auto& [written, sentence] : rows) EXPECT_EQ(refused_url(written), sentence);
  for (const std::string bad :
       {"http://local host/", "http://localhost:99999/", "localhost:port", "http://[::1", "http://a/%zz", "a\x1b[2Jb"}) {
    const std::string sentence = refused_url(bad);
    EXPECT_NE(sentence.find(" is no URL: "), std::string::npos) << sentence;
    EXPECT_EQ(sentence.find('\x1b'), std::string::npos);
  }
}

TEST(CompleteUrl, SaysWhichCharacterIsWrong) {
  EXPECT_NE(refused_url("localhost/a b").find("(character 12)"), std::string::npos) << refused_url("localhost/a b");
  EXPECT_NE(refused_url("http://localhost/a b").find("(character 19)"), std::string::npos) << refused_url("http://localhost/a b");
}

}  // namespace
}  // namespace parley::tool
