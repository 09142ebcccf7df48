#include "semantics/cookie_jar.hpp"

#include <gtest/gtest.h>

#include <string>

namespace parley::semantics {
namespace {

using std::chrono::seconds;

constexpr std::chrono::sys_seconds start = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23);

cookie_url at(std::string_view url) { return cookie_url::of(parley::uri::parse(url).value()); }

bool two_suffixes(std::string_view domain) {
  return domain == "com" || domain == "co.uk" || domain == "uk" || domain == "github.io" || domain == "example";
}

std::string sent(cookie_jar& jar, std::string_view url, std::chrono::sys_seconds now = start) {
  return jar.field_for(at(url), now);
}

// What one Set-Cookie from a URL comes to at another.
TEST(cookie_jar, who_sees_what) {
  const struct {
    std::string_view from, field, to, cookies;
  } rows[] = {
      {"https://example.com/", "a=1", "https://example.com/x", "a=1"},
      {"https://example.com/", "a=1", "https://www.example.com/", ""},  // for the host alone
      {"https://example.com/", "a=1; Domain=example.com", "https://www.example.com/", "a=1"},
      {"https://www.example.com/", "a=1; Domain=.example.com", "https://example.com/", "a=1"},
      {"https://www.example.com/", "a=1; Domain=example.com", "https://other.example.com/", "a=1"},
      {"https://example.com/", "a=1; Domain=www.example.com", "https://www.example.com/", ""},
      {"https://example.com/", "a=1; Domain=other.com", "https://other.com/", ""},
      {"https://example.com/", "a=1; Domain=ample.com", "https://ample.com/", ""},
      {"https://example.com/", "a=1; Domain=", "https://www.example.com/", ""},
      {"https://example.com/", "a=1; Domain=EXAMPLE.com", "https://example.com/", "a=1"},
      // Public suffixes: nobody's, but a host that is one may keep cookies for itself.
      {"https://example.com/", "a=1; Domain=com", "https://example.com/", ""},
      {"https://a.co.uk/", "a=1; Domain=co.uk", "https://b.co.uk/", ""},
      {"https://me.github.io/", "a=1; Domain=github.io", "https://me.github.io/", ""},
      {"https://github.io/", "a=1; Domain=github.io", "https://github.io/", "a=1"},
      {"https://github.io/", "a=1; Domain=github.io", "https://me.github.io/", ""},
      {"https://example.com/", "a=1; Domain=example.com.", "https://example.com/", ""},
      // Addresses and local names.
      {"http://127.0.0.1/", "a=1; Domain=127.0.0.1", "http://127.0.0.1:8080/", "a=1"},
      {"http://127.0.0.1/", "a=1; Domain=0.0.1", "http://127.0.0.1/", ""},
      {"http://[::1]/", "a=1", "http://[0:0::1]/", "a=1"},
      {"http://localhost/", "a=1; Domain=localhost", "http://localhost/", "a=1"},
      // Paths.
      {"https://example.com/a/b", "a=1", "https://example.com/a/c", "a=1"},
      {"https://example.com/a/b", "a=1", "https://example.com/", ""},
      {"https://example.com/a/b", "a=1; Path=/", "https://example.com/", "a=1"},
      {"https://example.com/a/b", "a=1; Path=c", "https://example.com/a", "a=1"},
      {"https://example.com/", "a=1; Path=/a", "https://example.com/ab", ""},
      {"https://example.com/", "a=1; Path=/a", "https://example.com/a?b", "a=1"},
      {"https://example.com", "a=1", "https://example.com", "a=1"},
      // Secure.
      {"https://example.com/", "a=1; Secure", "https://example.com/", "a=1"},
      {"https://example.com/", "a=1; Secure", "http://example.com/", ""},
      {"https://example.com/", "a=1", "http://example.com/", "a=1"},
      {"http://example.com/", "a=1; Secure", "https://example.com/", ""},
      {"https://example.com/", "a=1; SameSite=None", "https://example.com/", ""},
      {"https://example.com/", "a=1; SameSite=None; Secure", "https://example.com/", "a=1"},
      {"https://example.com/", "a=1; Partitioned", "https://example.com/", ""},
      // Prefixes.
      {"https://example.com/", "__Secure-a=1", "https://example.com/", ""},
      {"https://example.com/", "__Secure-a=1; Secure", "https://example.com/", "__Secure-a=1"},
      {"https://example.com/", "__Host-a=1; Secure; Path=/", "https://example.com/", "__Host-a=1"},
      {"https://example.com/", "__Host-a=1; Secure", "https://example.com/", ""},
      {"https://example.com/", "__host-a=1; Secure; Path=/x", "https://example.com/x", ""},
      {"https://example.com/", "__Host-a=1; Secure; Path=/; Domain=example.com", "https://example.com/", ""},
      {"https://example.com/", "__Host-a=1; Path=/", "https://example.com/", ""},
      {"https://example.com/", "=__Host-a=1; Secure; Path=/x", "https://example.com/x", ""},
      {"https://example.com/", "=__secure-a", "https://example.com/", ""},
      // Names and values.
      {"https://example.com/", "a", "https://example.com/", "a"},
      {"https://example.com/", "a=", "https://example.com/", "a="},
      {"https://example.com/", "a=\"b c\"", "https://example.com/", "a=\"b c\""},
      {"https://example.com/", "a\tb=c", "https://example.com/", "a\tb=c"},
      {"https://example.com/", "a=1; Max-Age=0", "https://example.com/", ""},
  };
  for (const auto& row : rows) {
    cookie_jar jar(two_suffixes);
    const auto stored = jar.store(row.field, at(row.from), start);
    EXPECT_EQ(sent(jar, row.to), row.cookies) << row.from << " " << row.field << " -> " << row.to;
    if (!stored) {
      EXPECT_EQ(jar.size(), 0U);
    }
  }
}

TEST(cookie_jar, without_a_list_top_level_domains_are_closed) {
  cookie_jar jar;
  EXPECT_FALSE(jar.store("a=1; Domain=com", at("https://example.com/"), start));
  EXPECT_TRUE(jar.store("a=1; Domain=example.com", at("https://example.com/"), start));
}

// RFC 6265 §5.4: longer paths first, then the earlier; one that is replaced keeps its place.
TEST(cookie_jar, order) {
  cookie_jar jar(two_suffixes);
  const auto from = at("https://www.example.com/a/b/c");
  for (const char* field : {"one=1; Path=/", "two=2; Path=/a/b", "three=3; Domain=example.com; Path=/", "four=4; Path=/a"})
    ASSERT_TRUE(jar.store(field, from, start));
  EXPECT_EQ(sent(jar, "https://www.example.com/a/b/d"), "two=2; four=4; one=1; three=3");
  ASSERT_TRUE(jar.store("one=new; Path=/", from, start));
  EXPECT_EQ(sent(jar, "https://www.example.com/a/b/d"), "two=2; four=4; one=new; three=3");
  ASSERT_TRUE(jar.store("one=gone; Path=/; Max-Age=0", from, start));
  EXPECT_EQ(sent(jar, "https://www.example.com/a/b/d"), "two=2; four=4; three=3");
  ASSERT_TRUE(jar.store("three=host; Path=/", from, start));  // another cookie: for the host alone
  EXPECT_EQ(sent(jar, "https://www.example.com/a/b/d"), "two=2; four=4; three=3; three=host");
  EXPECT_EQ(jar.size(), 4U);
  jar.clear();
  EXPECT_EQ(jar.size() + jar.bytes(), 0U);
}

TEST(cookie_jar, time) {
  cookie_jar jar;
  const auto from = at("https://example.com/");
  ASSERT_TRUE(jar.store("a=1; Max-Age=10", from, start));
  ASSERT_TRUE(jar.store("b=2", from, start));
  EXPECT_EQ(sent(jar, "https://example.com/", start + seconds{9}), "a=1; b=2");
  EXPECT_EQ(sent(jar, "https://example.com/", start + seconds{10}), "b=2");
  EXPECT_EQ(jar.size(), 2U);
  jar.remove_expired(start + seconds{10});
  EXPECT_EQ(jar.size(), 1U);
  jar.remove_session_cookies();
  EXPECT_EQ(jar.size() + jar.bytes(), 0U);
}

// RFC 6265bis §5.7: over cleartext nobody touches what is Secure.
TEST(cookie_jar, secure_cookies_are_left_alone) {
  const struct {
    std::string_view field;
    bool stored;
  } rows[] = {
      {"sid=evil; Path=/", false},
      {"sid=evil; Path=/account/x", false},
      {"sid=evil; Path=/account; Domain=example.com", false},
      {"other=1", true},
      {"sid=evil; Max-Age=0; Path=/account", false},
  };
  for (const auto& row : rows) {
    cookie_jar jar(two_suffixes);
    ASSERT_TRUE(jar.store("sid=good; Secure; Path=/", at("https://www.example.com/"), start));
    EXPECT_EQ(jar.store(row.field, at("http://www.example.com/account/"), start).has_value(), row.stored) << row.field;
    EXPECT_TRUE(jar.store(row.field, at("https://www.example.com/account/"), start).has_value()) << row.field;
  }
  // A path above is not covered.
  cookie_jar jar(two_suffixes);
  ASSERT_TRUE(jar.store("sid=good; Secure; Path=/account", at("https://www.example.com/"), start));
  EXPECT_TRUE(jar.store("sid=other; Path=/", at("http://www.example.com/"), start));
}

TEST(cookie_jar, caps) {
  cookie_jar jar({}, {.cookies = 10, .cookies_of_domain = 4, .bytes = 1000, .sent = 16});
  const auto one = at("https://one.example/");
  ASSERT_TRUE(jar.store("s=0; Secure", one, start));
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(jar.store("c" + std::to_string(i) + "=" + std::to_string(i), one, start));
  // Those that are not Secure went first, the longest unused before the others.
  EXPECT_EQ(jar.size(), 4U);
  EXPECT_EQ(jar.find(one, start).front()->name, "s");
  EXPECT_EQ(sent(jar, "https://one.example/"), "s=0; c2=2; c3=3");  // c4 does not fit into 16 bytes
  for (int i = 0; i < 20; ++i) {
    const auto url = at("https://h" + std::to_string(i) + ".example/");
    ASSERT_TRUE(jar.store("a=1", url, start));
    EXPECT_LE(jar.size(), 10U);
    EXPECT_EQ(sent(jar, "https://h" + std::to_string(i) + ".example/"), "a=1");
  }
  EXPECT_EQ(sent(jar, "https://one.example/"), "");
  // Bytes: one large one drives out what it needs, one that can never fit none.
  ASSERT_TRUE(jar.store("a=" + std::string(900, 'x'), one, start));
  EXPECT_LE(jar.bytes(), 1000U);
  EXPECT_NE(jar.find(one, start).size(), 0U);
  ASSERT_TRUE(jar.store("b=" + std::string(2000, 'x'), one, start));
  EXPECT_EQ(jar.find(one, start).size(), 1U);
  // What has expired goes before what has not.
  cookie_jar timed({}, {.cookies = 2});
  ASSERT_TRUE(timed.store("old=1", one, start));
  ASSERT_TRUE(timed.store("short=1; Max-Age=1", one, start));
  ASSERT_TRUE(timed.store("new=1", one, start + seconds{5}));
  EXPECT_EQ(sent(timed, "https://one.example/", start + seconds{5}), "old=1; new=1");
}

TEST(cookie_jar, an_expired_secure_cookie_is_in_nobodys_way) {
  cookie_jar jar(two_suffixes);
  ASSERT_TRUE(jar.store("a=1; Secure; Max-Age=10", at("https://example.com/"), start));
  EXPECT_FALSE(jar.store("a=2", at("http://example.com/"), start + seconds{9}));
  EXPECT_TRUE(jar.store("a=2", at("http://example.com/"), start + seconds{10}));
}

// RFC 6265bis §5.6: of the control characters HTAB is none. In a file columns are tabs apart, and curl and Python refuse a line, or all of the
// file, over a tab too many: what has one stands in a line that they take for a comment.
TEST(cookie_jar, tabs_stay_and_come_back_from_a_file) {
  cookie_jar jar(two_suffixes);
  ASSERT_TRUE(jar.store("a\tb=1\t2%09; HttpOnly", at("https://example.com/"), start));
  ASSERT_TRUE(jar.store("c=3; Path=/x\ty%2", at("https://example.com/"), start));
  ASSERT_TRUE(jar.store("d=tab\there; Domain=example.com; Secure", at("https://www.example.com/"), start));
  ASSERT_TRUE(jar.store("e=100%09", at("https://example.com/"), start));
  EXPECT_EQ(jar.size(), 4U);
  const std::string text = jar.to_netscape();
  EXPECT_NE(text.find("\n#Parley_#HttpOnly_example.com\tFALSE\t/\tFALSE\t0\ta%09b\t1%092%2509\n"), text.npos) << text;
  EXPECT_NE(text.find("\n#Parley_example.com\tFALSE\t/x%09y%252\tFALSE\t0\tc\t3\n"), text.npos) << text;
  EXPECT_NE(text.find("\n#Parley_.example.com\tTRUE\t/\tTRUE\t0\td\ttab%09here\n"), text.npos) << text;
  EXPECT_NE(text.find("\nexample.com\tFALSE\t/\tFALSE\t0\te\t100%09\n"), text.npos) << "as it is where nothing needs it: " << text;
  EXPECT_NE(text.find("\n# 3 cookies with a tab"), text.npos) << "other programs' users are told: " << text;

  cookie_jar again(two_suffixes);
  EXPECT_EQ(again.read_netscape(text, start), 0U);
  EXPECT_EQ(again.size(), 4U);
  EXPECT_EQ(again.to_netscape(), text);
  EXPECT_EQ(sent(again, "https://example.com/"), sent(jar, "https://example.com/"));
  EXPECT_EQ(sent(again, "https://example.com/"), "a\tb=1\t2%09; d=tab\there; e=100%09");
}

TEST(cookie_jar, the_largest_with_a_tab_comes_back_too) {
  cookie_jar jar(two_suffixes);
  const std::string value = "\t." + std::string(max_cookie_pair - 4, '%');
  ASSERT_TRUE(jar.store("a=." + value, at("https://example.com/"), start));
  cookie_jar again(two_suffixes);
  EXPECT_EQ(again.read_netscape(jar.to_netscape(), start), 0U);
  EXPECT_EQ(sent(again, "https://example.com/"), "a=." + value);
}

// Nothing gets in by the other form that its own line would keep out.
TEST(cookie_jar, escaped_lines_that_are_no_cookies) {
  const struct {
    std::string line;
    bool good;
  } rows[] = {
      {"#Parley_example.com\tFALSE\t/\tFALSE\t0\ta%09\t1", true},
      {"#Parley_example.com\tFALSE\t/\tFALSE\t0\ta%0a\t1", false},
      {"#Parley_example.com\tFALSE\t/\tFALSE\t0\ta\t1%3Bb", false},
      {"#Parley_example.com\tFALSE\t/\tFALSE\t0\ta%3Db\t1", false},
      {"#Parley_example.com\tFALSE\t/\tFALSE\t0\ta\t1%", false},
      {"#Parley_example.com\tFALSE\t/\tFALSE\t0\ta\t1%0", false},
      {"#Parley_example.com\tFALSE\t/\tFALSE\t0\ta\t1\t2", false},
      {"#Parley_.com\tTRUE\t/\tFALSE\t0\ta%09\t1", false},
      {"#Parley_#Parley_example.com\tFALSE\t/\tFALSE\t0\ta\t1", false},
      {"#Parley_ is a comment?", false},
  };
  for (const auto& row : rows) {
    cookie_jar jar(two_suffixes);
    EXPECT_EQ(jar.read_netscape(row.line, start), row.good ? 0U : 1U) << row.line;
    EXPECT_EQ(jar.size(), row.good ? 1U : 0U) << row.line;
  }
}

TEST(cookie_jar, a_file_cannot_have_what_no_server_could_set) {
  const struct {
    std::string line;
    bool good;
  } rows[] = {
      {"example.com\tFALSE\t/\tTRUE\t0\t__Secure-a\t1", true},   {".example.com\tTRUE\t/x\tTRUE\t0\t__secure-a\t1", true},
      {"example.com\tFALSE\t/\tFALSE\t0\t__Secure-a\t1", false}, {"example.com\tFALSE\t/\tFALSE\t0\t__sECURE-a\t1", false},
      {"example.com\tFALSE\t/\tTRUE\t0\t__Host-a\t1", true},     {"example.com\tFALSE\t/\tFALSE\t0\t__Host-a\t1", false},
      {"example.com\tFALSE\t/x\tTRUE\t0\t__host-a\t1", false},   {".example.com\tTRUE\t/\tTRUE\t0\t__Host-a\t1", false},
  };
  for (const auto& row : rows) {
    cookie_jar jar(two_suffixes);
    EXPECT_EQ(jar.read_netscape(row.line, start), row.good ? 0U : 1U) << row.line;
    EXPECT_EQ(jar.size(), row.good ? 1U : 0U) << row.line;
  }
}

TEST(cookie_jar, netscape_both_ways) {
  cookie_jar jar(two_suffixes);
  ASSERT_TRUE(jar.store("a=1; Max-Age=100; Secure; HttpOnly; Path=/x", at("https://example.com/"), start));
  ASSERT_TRUE(jar.store("b=not here; Domain=example.com", at("https://www.example.com/"), start));
  ASSERT_TRUE(jar.store("c=", at("http://[::1]/"), start));
  const std::string text = jar.to_netscape();
  const std::string time = std::to_string(start.time_since_epoch().count() + 100);
  EXPECT_NE(text.find("# Netscape HTTP Cookie File\n"), text.npos);
  EXPECT_NE(text.find("\n#HttpOnly_example.com\tFALSE\t/x\tTRUE\t" + time + "\ta\t1\n"), text.npos) << text;
  EXPECT_NE(text.find("\n.example.com\tTRUE\t/\tFALSE\t0\tb\tnot here\n"), text.npos) << text;
  EXPECT_EQ(text.find("#Parley_"), text.npos);
  EXPECT_NE(text.find("\n::1\tFALSE\t/\tFALSE\t0\tc\t\n"), text.npos) << text;

  cookie_jar again(two_suffixes);
  EXPECT_EQ(again.read_netscape(text, start), 0U);
  EXPECT_EQ(again.to_netscape(), text);
  EXPECT_EQ(sent(again, "https://www.example.com/x"), "b=not here");
  EXPECT_EQ(sent(again, "https://example.com/x"), "a=1; b=not here");
  // A day later one of them is past.
  cookie_jar later(two_suffixes);
  EXPECT_EQ(later.read_netscape(text, start + std::chrono::days{1}), 0U);
  EXPECT_EQ(later.size(), 2U);
}

TEST(cookie_jar, lines_that_are_no_cookies) {
  const struct {
    std::string line;
    bool good;
  } rows[] = {
      {"example.com\tFALSE\t/\tFALSE\t0\ta\t1", true},
      {"example.com\tFALSE\t/\tFALSE\t0\ta\t1\r", true},
      {"example.com\tfalse\t/\tfalse\t\ta\t1", true},
      {"example.com\tFALSE\t/\tFALSE\t0\ta", true},        // without value
      {"example.com\tFALSE\t/\tFALSE\t0\ta\t1\t2", true},  // with a tab, as it once was written
      {"example.com\tFALSE\t/\tFALSE\t99999999999999999\ta\t1", true},
      {"# a comment", true},
      {"example.com\tFALSE\t/\tFALSE\t0", false},
      {"example.com FALSE / FALSE 0 a 1", false},
      {"\tFALSE\t/\tFALSE\t0\ta\t1", false},
      {".\tTRUE\t/\tFALSE\t0\ta\t1", false},
      {".com\tTRUE\t/\tFALSE\t0\ta\t1", false},
      {"example.com\tMAYBE\t/\tFALSE\t0\ta\t1", false},
      {"example.com\tFALSE\tx\tFALSE\t0\ta\t1", false},
      {"example.com\tFALSE\t/\tFALSE\t-1\ta\t1", false},
      {"example.com\tFALSE\t/\tFALSE\tsoon\ta\t1", false},
      {"example.com\tFALSE\t/\tFALSE\t99999999999999999999999\ta\t1", false},
      {"example.com\tFALSE\t/\tFALSE\t0\t\t", false},
      {"example.com\tFALSE\t/\tFALSE\t0\ta\t1; b=2", false},
      {"example.com\tFALSE\t/\tFALSE\t0\ta=b\t1", false},
      {"example.com\tFALSE\t/\tFALSE\t0\ta\t1\x01", false},
      {"example.com\tFALSE\t/\tFALSE\t0\ta\t" + std::string(max_cookie_pair, 'x'), false},
      {"b\xc3\xa4r.example\tFALSE\t/\tFALSE\t0\ta\t1", false},
  };
  for (const auto& row : rows) {
    cookie_jar jar(two_suffixes);
    EXPECT_EQ(jar.read_netscape(row.line, start), row.good ? 0U : 1U) << row.line.substr(0, 80);
  }
}

}  // namespace
}  // namespace parley::semantics
