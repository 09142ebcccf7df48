#include "semantics/cookie_match.hpp"

#include <gtest/gtest.h>

namespace parley::semantics {
namespace {

TEST(cookie_match, domains) {
  const struct {
    std::string_view host, domain;
    bool matches;
  } rows[] = {
      {"example.com", "example.com", true},
      {"www.example.com", "example.com", true},
      {"a.b.example.com", "example.com", true},
      {"example.com", "www.example.com", false},
      {"notexample.com", "example.com", false},
      {"example.com.evil", "example.com", false},
      {"example.com", "com", true},
      {"example.com", "", false},
      {"127.0.0.1", "127.0.0.1", true},
      {"127.0.0.1", "0.0.1", false},
      {"127.0.0.1", "1", false},
      {"::1", "::1", true},
      {"::ffff:1.2.3.4", "2.3.4", false},
      {".example.com", "example.com", true},
      {"com", "example.com", false},
  };
  for (const auto& row : rows) EXPECT_EQ(domain_matches(row.host, row.domain), row.matches) << row.host << " " << row.domain;
}

TEST(cookie_match, paths) {
  const struct {
    std::string_view path, cookie_path;
    bool matches;
  } rows[] = {
      {"/", "/", true},      {"/a", "/", true},      {"/a", "/a", true},       {"/a/", "/a", true},        {"/a/b", "/a", true},
      {"/a/b", "/a/", true}, {"/ab", "/a", false},   {"/", "/a", false},       {"/a", "/a/", false},       {"/A", "/a", false},
      {"/a/b", "/b", false}, {"/a//b", "/a/", true}, {"/foo", "/foo/", false}, {"/foo/bar", "/foo", true},
  };
  for (const auto& row : rows)
    EXPECT_EQ(path_matches(row.path, row.cookie_path), row.matches) << row.path << " " << row.cookie_path;
}

TEST(cookie_match, default_paths) {
  const struct {
    std::string_view path, result;
  } rows[] = {{"", "/"},      {"/", "/"},        {"/a", "/"},  {"/a/", "/a"},
              {"/a/b", "/a"}, {"/a/b/", "/a/b"}, {"a/b", "/"}, {"/a/b/c.html", "/a/b"},
              {"//", "/"},    {"/a//", "/a/"}};
  for (const auto& row : rows) EXPECT_EQ(default_path(row.path), row.result) << row.path;
}

TEST(cookie_match, urls) {
  const struct {
    std::string_view url, host, path;
    bool secure;
  } rows[] = {
      {"http://Example.COM:8080/A/b?c#d", "example.com", "/A/b", false},
      {"HTTPS://example.com", "example.com", "/", true},
      {"wss://[0:0::1]:1/x", "::1", "/x", true},
      {"http://127.0.0.1/", "127.0.0.1", "/", false},
  };
  for (const auto& row : rows) {
    const auto url = cookie_url::of(parley::uri::parse(row.url).value());
    EXPECT_EQ(url.host, row.host);
    EXPECT_EQ(url.path, row.path);
    EXPECT_EQ(url.secure, row.secure);
  }
}

}  // namespace
}  // namespace parley::semantics
