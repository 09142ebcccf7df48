#include <gtest/gtest.h>
#include <parley/uri.hpp>

namespace parley {
namespace {

struct reference_row {
  std::string_view reference, target;
};

void expect_resolved(std::string_view base_text, std::initializer_list<reference_row> rows) {
  const auto base_uri = uri::parse_reference(base_text);
  ASSERT_TRUE(base_uri) << base_text;
  for (const auto& row : rows) {
    const auto target = base_uri->resolve(row.reference);
    ASSERT_TRUE(target) << row.reference;
    EXPECT_EQ(target->to_string(), row.target) << row.reference;
  }
}

TEST(uri_resolve, normal_examples_of_rfc3986_5_4_1) {
  expect_resolved("http://a/b/c/d;p?q", {{"g:h", "g:h"},
                                         {"g", "http://a/b/c/g"},
                                         {"./g", "http://a/b/c/g"},
                                         {"g/", "http://a/b/c/g/"},
                                         {"/g", "http://a/g"},
                                         {"//g", "http://g"},
                                         {"?y", "http://a/b/c/d;p?y"},
                                         {"g?y", "http://a/b/c/g?y"},
                                         {"#s", "http://a/b/c/d;p?q#s"},
                                         {"g#s", "http://a/b/c/g#s"},
                                         {"g?y#s", "http://a/b/c/g?y#s"},
                                         {";x", "http://a/b/c/;x"},
                                         {"g;x", "http://a/b/c/g;x"},
                                         {"g;x?y#s", "http://a/b/c/g;x?y#s"},
                                         {"", "http://a/b/c/d;p?q"},
                                         {".", "http://a/b/c/"},
                                         {"./", "http://a/b/c/"},
                                         {"..", "http://a/b/"},
                                         {"../", "http://a/b/"},
                                         {"../g", "http://a/b/g"},
                                         {"../..", "http://a/"},
                                         {"../../", "http://a/"},
                                         {"../../g", "http://a/g"}});
}

TEST(uri_resolve, abnormal_examples_of_rfc3986_5_4_2) {
  expect_resolved("http://a/b/c/d;p?q", {{"../../../g", "http://a/g"},
                                         {"../../../../g", "http://a/g"},
                                         {"/./g", "http://a/g"},
                                         {"/../g", "http://a/g"},
                                         {"g.", "http://a/b/c/g."},
                                         {".g", "http://a/b/c/.g"},
                                         {"g..", "http://a/b/c/g.."},
                                         {"..g", "http://a/b/c/..g"},
                                         {"./../g", "http://a/b/g"},
                                         {"./g/.", "http://a/b/c/g/"},
                                         {"g/./h", "http://a/b/c/g/h"},
                                         {"g/../h", "http://a/b/c/h"},
                                         {"g;x=1/./y", "http://a/b/c/g;x=1/y"},
                                         {"g;x=1/../y", "http://a/b/c/y"},
                                         {"g?y/./x", "http://a/b/c/g?y/./x"},
                                         {"g?y/../x", "http://a/b/c/g?y/../x"},
                                         {"g#s/./x", "http://a/b/c/g#s/./x"},
                                         {"g#s/../x", "http://a/b/c/g#s/../x"},
                                         {"http:g", "http:g"}});
}

TEST(uri_resolve, other_bases) {
  expect_resolved("http://a", {{"g", "http://a/g"}, {"?y", "http://a?y"}, {"", "http://a"}, {"..", "http://a/"}});
  expect_resolved("urn:a:b", {{"c", "urn:c"}, {"#f", "urn:a:b#f"}});
  expect_resolved("http://u@a:1/b?q#f", {{"//c", "http://c"}, {"", "http://u@a:1/b?q"}, {"?", "http://u@a:1/b?"}});
  EXPECT_FALSE(uri::parse("http://a")->resolve("a b"));
}

TEST(uri_resolve, a_path_never_becomes_an_authority) {
  expect_resolved("a:/b", {{"/..//c", "a:/.//c"}, {".//c", "a:/.//c"}});
  EXPECT_EQ(uri::parse("a:/..//evil/x")->normalized().to_string(), "a:/.//evil/x");
  EXPECT_FALSE(uri::parse("a:/..//evil/x")->normalized().has_authority());
}

TEST(uri_resolve, normalisation) {
  const reference_row rows[] = {
      {"HTTP://EXAMPLE.com/", "http://example.com/"},
      {"http://example.com", "http://example.com/"},
      {"http://example.com:80/", "http://example.com/"},
      {"http://example.com:443/", "http://example.com:443/"},
      {"https://example.com:443", "https://example.com/"},
      {"http://example.com:/", "http://example.com/"},
      {"http://example.com:0080?q", "http://example.com/?q"},
      {"http://h/%7euser/%7Euser/~user", "http://h/~user/~user/~user"},
      {"http://h/%3a%3A%c3%A4", "http://h/%3A%3A%C3%A4"},
      {"http://h/a/%2e%2E/b/./c", "http://h/b/c"},
      {"http://h/a%2fb", "http://h/a%2Fb"},
      {"http://h/?%41%3d#%42", "http://h/?A%3D#B"},
      {"http://EXAMPLE%2eCOM%C3%a4/", "http://example.com%C3%A4/"},
      {"http://U%41:%3a@H/", "http://UA:%3A@h/"},
      {"http://[2001:DB8:0:0:0:0:0:1]/", "http://[2001:db8::1]/"},
      {"http://[V1.X]/", "http://[v1.x]/"},
      {"http://h/?", "http://h/?"},
      {"foo://h", "foo://h"},
      {"urn:A/../b", "urn:/b"},
      {"../a/./b", "../a/./b"},
      {"/a/./b", "/a/b"},
      {"//H/a/..", "//h/"},
  };
  for (const auto& row : rows) {
    const auto u = uri::parse_reference(row.reference);
    ASSERT_TRUE(u) << row.reference;
    EXPECT_EQ(u->normalized().to_string(), row.target);
    EXPECT_EQ(u->normalized().normalized(), u->normalized());
  }
}

TEST(uri_resolve, dot_segments) {
  const reference_row rows[] = {
      {"/a/b/c/./../../g", "/a/g"},
      {"mid/content=5/../6", "mid/6"},
      {"", ""},
      {"/", "/"},
      {".", ""},
      {"..", ""},
      {"/.", "/"},
      {"/..", "/"},
      {"./a", "a"},
      {"../a", "a"},
      {"/a/..", "/"},
      {"/a/.", "/a/"},
      {"//..", "/"},
      {"/a//../b", "/a/b"},
      {"a/..", "/"},
      {"/...", "/..."},
      {"/..a", "/..a"},
  };
  for (const auto& row : rows) EXPECT_EQ(remove_dot_segments(row.reference), row.target) << row.reference;
}

}  // namespace
}  // namespace parley
