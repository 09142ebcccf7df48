#include "semantics/target.hpp"

#include <gtest/gtest.h>

#include "base/ascii.hpp"

namespace parley::semantics {
namespace {

std::string_view target_piece(std::string_view target, parley::detail::text_ref piece) {
  return target.substr(piece.offset, piece.length);
}

// form|scheme|authority|path|query, or `refused`.
std::string dissected_target(const char* name, std::string_view target) {
  const auto parts = parse_target(*parley::method::parse(name), target);
  if (!parts) return "refused";
  std::string text = std::string(1, "oauA"[static_cast<int>(parts->form)]);
  if (parts->form == target_form::asterisk) text = "*";
  for (const auto piece : {parts->scheme, parts->authority, parts->path, parts->query})
    text.append("|").append(target_piece(target, piece));
  return text;
}

TEST(target, the_four_forms) {
  const struct {
    const char* method;
    std::string_view target, parts;
  } rows[] = {
      {"GET", "/", "o|||/|"},
      {"GET", "/where?q=now", "o|||/where|q=now"},
      {"GET", "/a?", "o|||/a|"},
      {"GET", "/?a?b", "o|||/|a?b"},
      {"GET", "//a//b", "o|||//a//b|"},
      {"OPTIONS", "/a", "o|||/a|"},
      {"PURGE", "/a", "o|||/a|"},
      {"GET", "/a|b\"<>\\^`{}?[x]|", "o|||/a|b\"<>\\^`{}|[x]|"},
      {"GET", "/%zz", "o|||/%zz|"},
      {"GET", "http://www.example.org/pub/WWW/TheProject.html", "a|http|www.example.org|/pub/WWW/TheProject.html|"},
      {"GET", "http://h", "a|http|h||"},
      {"GET", "HTTPS://h:8443?q", "a|HTTPS|h:8443||q"},
      {"OPTIONS", "http://h", "a|http|h||"},
      {"GET", "http://[::1]:80/a", "a|http|[::1]:80|/a|"},
      {"GET", "ftp://h/a", "a|ftp|h|/a|"},
      {"GET", "http://h:/", "a|http|h:|/|"},
      {"CONNECT", "www.example.com:80", "u||www.example.com:80||"},
      {"CONNECT", "[::1]:443", "u||[::1]:443||"},
      {"CONNECT", "h:65535", "u||h:65535||"},
      {"OPTIONS", "*", "*|||*|"},
      // Refused, one rule each.
      {"GET", "", "refused"},
      {"GET", "*", "refused"},
      {"CONNECT", "*", "refused"},
      {"OPTIONS", "**", "refused"},
      {"GET", "*/a", "refused"},
      {"GET", "a", "refused"},
      {"GET", "?a", "refused"},
      {"GET", "www.example.com:80", "refused"},
      {"GET", "www.example.com/a", "refused"},
      {"GET", "/a#b", "refused"},
      {"GET", "http://h/#b", "refused"},
      {"GET", "/a b", "refused"},
      {"GET", "/a\tb", "refused"},
      {"GET", "/\xc3\xa4", "refused"},
      {"GET", "http://u@h/", "refused"},
      {"GET", "http://@h/", "refused"},
      {"GET", "http://u:p@h/", "refused"},
      {"GET", "http:///a", "refused"},
      {"GET", "http://:80/a", "refused"},
      {"GET", "http://h:99999/", "refused"},
      {"GET", "http://h:x/", "refused"},
      {"GET", "http://a\\b/", "refused"},
      {"GET", "http:/a", "refused"},
      {"GET", "http:a", "refused"},
      {"GET", "urn:a", "refused"},
      {"GET", "://h/", "refused"},
      {"GET", "1http://h/", "refused"},
      {"GET", "ht_tp://h/", "refused"},
      {"CONNECT", "/a", "refused"},
      {"CONNECT", "http://h:80/", "refused"},
      {"CONNECT", "h", "refused"},
      {"CONNECT", "h:", "refused"},
      {"CONNECT", "h:0", "refused"},
      {"CONNECT", "h:65536", "refused"},
      {"CONNECT", "h:80/", "refused"},
      {"CONNECT", ":80", "refused"},
      {"CONNECT", "u@h:80", "refused"},
      {"CONNECT", "::1:80", "refused"},
      {"CONNECT", "h:80?x", "refused"},
      {"CONNECT", "", "refused"},
  };
  for (const auto& row : rows) EXPECT_EQ(dissected_target(row.method, row.target), row.parts) << row.method << ' ' << row.target;
}

TEST(target, every_byte_at_every_place) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool good = c > 0x20 && c < 0x7f && c != '#';
    for (std::size_t size : {2u, 15u, 16u, 17u, 40u}) {
      for (std::size_t place = 1; place < size; ++place) {
        std::string text(size, 'a');
        text[0] = '/';
        text[place] = c;
        ASSERT_EQ(parse_target(parley::method::get, text).has_value(), good) << byte << ' ' << place << ' ' << size;
      }
    }
  }
}

std::string dissected_host(std::string_view value) {
  const auto host = parse_host(value);
  if (!host) return "refused";
  static constexpr std::string_view kinds[] = {"empty", "name", "ipv4", "ipv6", "future"};
  return std::string(kinds[static_cast<std::size_t>(host->kind)]) + "|" + std::string(host->host) + "|" +
         (host->port ? std::to_string(*host->port) : "-");
}

TEST(target, host_values) {
  const struct {
    std::string_view value, parts;
  } rows[] = {
      {"", "empty||-"},
      {"example.com", "name|example.com|-"},
      {"example.com:80", "name|example.com|80"},
      {"example.com:", "name|example.com|-"},
      {"EXAMPLE.com.", "name|EXAMPLE.com.|-"},
      {"a_b", "name|a_b|-"},
      {"a%20b:1", "name|a%20b|1"},
      {"127.0.0.1:65535", "ipv4|127.0.0.1|65535"},
      {"127.0.0.256", "name|127.0.0.256|-"},
      {"0x7f.1", "name|0x7f.1|-"},
      {"[::1]:0", "ipv6|[::1]|0"},
      {"[v1.a]", "future|[v1.a]|-"},
      {":80", "refused"},
      {":", "refused"},
      {"a:b", "refused"},
      {"a:80:80", "refused"},
      {"a:65536", "refused"},
      {"a:+80", "refused"},
      {"a: 80", "refused"},
      {" a", "refused"},
      {"a b", "refused"},
      {"a/b", "refused"},
      {"a?b", "refused"},
      {"a#b", "refused"},
      {"a\\b", "refused"},
      {"u@a", "refused"},
      {"@a", "refused"},
      {"http://a", "refused"},
      {"::1", "refused"},
      {"[::1", "refused"},
      {"[::1]]", "refused"},
      {"[::1]a", "refused"},
      {"[]", "refused"},
      {"a%zz", "refused"},
      {"a%4", "refused"},
      {"\xc3\xa4", "refused"},
  };
  for (const auto& row : rows) EXPECT_EQ(dissected_host(row.value), row.parts) << row.value;
  for (int byte = 0; byte < 256; ++byte) {
    const char text[] = {'a', static_cast<char>(byte), 'b'};
    const bool good = base::is_class(text[1], base::class_unreserved | base::class_sub_delim);
    EXPECT_EQ(parse_host({text, 3}).has_value(), good) << byte;
  }
}

TEST(target, equal_authorities_are_spelled_alike) {
  const struct {
    std::string_view authority, scheme, normal;
  } rows[] = {
      {"Example.COM", "http", "example.com"},
      {"example.com:80", "http", "example.com"},
      {"example.com:80", "https", "example.com:80"},
      {"example.com:0443", "HTTPS", "example.com"},
      {"example.com:", "http", "example.com"},
      {"[2001:DB8::0]:80", "http", "[2001:db8::]"},
      {"%45x%c3", "http", "ex%C3"},
      {"a:8080", "", "a:8080"},
      {"not valid", "http", "not valid"},
      {"", "http", ""},
  };
  for (const auto& row : rows) EXPECT_EQ(normalized_authority(row.authority, row.scheme), row.normal) << row.authority;
}

}  // namespace
}  // namespace parley::semantics
