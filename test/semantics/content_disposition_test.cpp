#include "semantics/content_disposition.hpp"

#include <string>

#include <gtest/gtest.h>

namespace parley::semantics {
namespace {

std::string shown_disposition(std::string_view value) {
  const auto found = parse_content_disposition(value);
  if (!found) return "none";
  return found->type + (found->file_name ? "|" + *found->file_name : "");
}

// RFC 6266 §5 and some of its appendices
TEST(content_disposition, rows) {
  const struct {
    std::string_view value, shown;
  } rows[] = {
      {"Attachment; filename=example.html", "attachment|example.html"},
      {"INLINE; FILENAME= \"an example.html\"", "none"},  // no blanks around the equals sign (RFC 9110 §5.6.6)
      {"INLINE; FILENAME=\"an example.html\"", "inline|an example.html"},
      {"attachment; filename*= UTF-8''%e2%82%ac%20rates", "none"},
      {"attachment; filename*=UTF-8''%e2%82%ac%20rates", "attachment|\xe2\x82\xac rates"},
      {"attachment; filename=\"EURO rates\"; filename*=utf-8''%e2%82%ac%20rates", "attachment|\xe2\x82\xac rates"},
      {"attachment; filename*=utf-8''%e2%82%ac; filename=\"EURO rates\"", "attachment|\xe2\x82\xac"},
      {"attachment; filename=\"EURO rates\"; filename*=utf-8''%e2%82", "attachment|EURO rates"},
      {"attachment; filename*=iso-8859-1'en'%A3%20rates", "attachment|\xc2\xa3 rates"},
      {"attachment; filename*=koi8-r''%A3", "attachment"},
      {"attachment", "attachment"},
      {"attachment; filename=\"a\\\"b\"", "attachment|a\"b"},
      {"attachment; filename=\"../../etc/passwd\"", "attachment|../../etc/passwd"},
      {"attachment; filename=a; filename=b", "none"},
      {"attachment; filename=\"a", "none"},
      {"filename=a", "none"},
      {"\"attachment\"", "none"},
      {"", "none"},
  };
  for (const auto& row : rows) EXPECT_EQ(shown_disposition(row.value), row.shown) << row.value;
}

// RFC 8187 §3.2.3
TEST(content_disposition, extended_values) {
  EXPECT_EQ(decode_extended("UTF-8''%c2%a3%20and%20%e2%82%ac%20rates"), "\xc2\xa3 and \xe2\x82\xac rates");
  EXPECT_EQ(decode_extended("iso-8859-1'en'%A3%20rates"), "\xc2\xa3 rates");
  for (const char* bad : {"", "UTF-8", "UTF-8'", "UTF-8''%c2", "UTF-8''%", "UTF-8''%zz", "UTF-8''a b", "UTF-8''\"a\"", "UTF-8''a'b",
                          "''a", "UTF-8''%ff", "UTF-8''a*"})
    EXPECT_FALSE(decode_extended(bad)) << bad;
  EXPECT_EQ(encode_extended("\xc2\xa3 and \xe2\x82\xac rates"), "UTF-8''%C2%A3%20and%20%E2%82%AC%20rates");
  for (const char* text : {"", "plain", "\xc2\xa3'*%()", "a\r\nb"}) EXPECT_EQ(decode_extended(encode_extended(text)), text);
}

TEST(content_disposition, attachments) {
  EXPECT_EQ(attachment("report 1.pdf"), "attachment; filename=\"report 1.pdf\"");
  EXPECT_EQ(attachment("\xe2\x82\xac.txt"), "attachment; filename=\"_.txt\"; filename*=UTF-8''%E2%82%AC.txt");
  EXPECT_EQ(attachment("a\"b\\c%41\r\n"), "attachment; filename=\"a_b_c_41__\"; filename*=UTF-8''a%22b%5Cc%2541%0D%0A");
  for (const char* name : {"a b", "\xe2\x82\xac", "a\"b", "a;b"})
    EXPECT_EQ(parse_content_disposition(attachment(name))->file_name, name);
}

TEST(content_disposition, names_that_are_safe) {
  const struct {
    std::string name, safe;
  } rows[] = {
      {"a.txt", "a.txt"},
      {"../../etc/passwd", "passwd"},
      {"/etc/passwd", "passwd"},
      {"C:\\dir\\a.txt", "a.txt"},
      {"..", "file"},
      {"", "file"},
      {"/", "file"},
      {"a/", "file"},
      {".htaccess", "htaccess"},
      {" .. a ..", "a"},
      {"a\r\nb\x7f\xc2\x85", "ab"},
      {std::string("a\0b", 3), "ab"},
      {"\xff\xe2\x82\xac", "\xe2\x82\xac"},
      {std::string(300, 'x'), std::string(255, 'x')},
      {std::string(254, 'x') + "\xe2\x82\xac", std::string(254, 'x')},
  };
  for (const auto& row : rows) EXPECT_EQ(safe_file_name(row.name), row.safe) << row.name;
}

}  // namespace
}  // namespace parley::semantics
