#include "semantics/form_data.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace parley::semantics {
namespace {

std::string shown_part(const std::vector<part_line>& head, const form_part_caps& caps = {}) {
  const auto part = read_form_part(head, caps);
  if (!part) return std::to_string(part.error().status);
  std::string text = part->name;
  if (part->file_name) text += " file " + *part->file_name;
  return text + " " + part->content_type;
}

// RFC 7578 §4.2 to §4.8
TEST(form_data, heads_of_parts) {
  const struct {
    std::string disposition, shown;
  } rows[] = {
      {"form-data; name=\"user\"", "user text/plain"},
      {"form-data; name=user", "user text/plain"},
      {"Form-Data; NAME=\"user\"", "user text/plain"},
      {"form-data; name=\"\"", " text/plain"},
      {"form-data; name=\"a\"; filename=\"b c.txt\"", "a file b c.txt text/plain"},
      {"form-data; filename=\"\"; name=\"a\"", "a file  text/plain"},
      {"form-data; name=\"na\xc3\xafve\"", "na\xc3\xafve text/plain"},
      {"form-data; name=\"a%22b%0D%0ac%41\"", "a\"b\r\nc%41 text/plain"},
      {"form-data; name=\"a\\\"b\\\\c\\d\"", "a\"b\\c\\d text/plain"},
      {"form-data; name=\"a\"; filename=\"C:\\dir\\x.txt\"", "a file C:\\dir\\x.txt text/plain"},
      {"form-data; name=\"a\"; filename*=UTF-8''b", "a text/plain"},
      {"form-data; name=\"a\"; filename*=UTF-8''b; filename=\"c\"", "a file c text/plain"},
      {"form-data; name=\"a;b\"; other=\"x\"", "a;b text/plain"},
      {"form-data", "400"},
      {"form-data; filename=\"a\"", "400"},
      {"attachment; name=\"a\"", "400"},
      {"", "400"},
      {"form-data; name=\"a\"; name=\"b\"", "400"},
      {"form-data; name=\"a\"; filename=\"b\"; filename=\"c\"", "400"},
      {"form-data; name=\"a", "400"},
      {"form-data; name = \"a\"", "400"},
      {"form-data; name=\"a\" x", "400"},
      {"form-data; name=\"\xff\"", "400"},
      {"form-data; name=\"" + std::string(257, 'x') + "\"", "413"},
      {"form-data; name=\"a\"; filename=\"" + std::string(1025, 'x') + "\"", "413"},
  };
  for (const auto& row : rows) EXPECT_EQ(shown_part({{"content-disposition", row.disposition}}), row.shown) << row.disposition;

  const part_line named{"Content-Disposition", "form-data; name=a"};
  EXPECT_EQ(shown_part({}), "400");
  EXPECT_EQ(shown_part({named, named}), "400");
  EXPECT_EQ(shown_part({{"Content-Type", "image/png"}, named}), "a image/png");
  EXPECT_EQ(shown_part({named, {"Content-Type", "text/plain; charset=utf-8"}}), "a text/plain; charset=utf-8");
  EXPECT_EQ(shown_part({named, {"Content-Transfer-Encoding", "Binary"}}), "a text/plain");
  EXPECT_EQ(shown_part({named, {"Content-Transfer-Encoding", "base64"}}), "400");
  EXPECT_EQ(shown_part({{"Content-Disposition", "form-data; name=\"" + std::string(256, 'x') + "\""}}).size(), 267U);
}

TEST(form_data, boundaries) {
  EXPECT_EQ(boundary_of("multipart/form-data; boundary=AaB03x", "multipart/form-data"), "AaB03x");
  EXPECT_EQ(boundary_of("Multipart/Form-Data; charset=utf-8; Boundary=\"a b:c\"", "multipart/form-data"), "a b:c");
  for (const char* bad : {"multipart/form-data", "multipart/form-data; boundary=\"\"", "multipart/form-data; boundary=\"a;b\"",
                          "multipart/mixed; boundary=a", "text/plain", "", "multipart/form-data; boundary=a; boundary=b"})
    EXPECT_FALSE(boundary_of(bad, "multipart/form-data")) << bad;
}

TEST(form_data, written_and_read) {
  form_data_writer writer("AaB03x");
  EXPECT_EQ(writer.content_type(), "multipart/form-data; boundary=AaB03x");
  std::string content = writer.field("submit-name", "Larry");
  EXPECT_EQ(content, "--AaB03x\r\nContent-Disposition: form-data; name=\"submit-name\"\r\n\r\nLarry");
  content += writer.file("fi\"les\r\n", "fi\\le\".txt", "text/plain") + "... contents ...";
  content += writer.file("x", std::string("\0\x1f", 2), "no\r\ntype") + "";
  content += writer.end();
  multipart_reader reader("AaB03x");
  std::string_view bytes(content);
  std::string text;
  for (auto what = reader.next(bytes); what != multipart_event::need_more; what = reader.next(bytes)) {
    ASSERT_NE(what, multipart_event::fault) << reader.fault().sentence;
    if (what == multipart_event::head) text += "{" + shown_part(reader.head()) + "|";
    if (what == multipart_event::data) text += reader.data();
    if (what == multipart_event::part_end) text += "}";
  }
  EXPECT_FALSE(reader.finish());
  EXPECT_EQ(text,
            "{submit-name text/plain|Larry}{fi\"les\r\n file fi\\le\".txt text/plain|... contents ...}"
            "{x file %00%1F application/octet-stream|}");
  EXPECT_EQ(form_data_writer("b").end(), "--b--\r\n");
}

}  // namespace
}  // namespace parley::semantics
