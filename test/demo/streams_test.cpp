#include "demo/support.hpp"

#include "demo/crc32.hpp"

#include <gtest/gtest.h>

namespace {

using demo_test::site;
using parley::method;

std::string crc_of(std::string_view text) {
  demo::crc32 sum;
  sum.add(text);
  return sum.text();
}

TEST(crc32, known_values_in_any_pieces) {
  EXPECT_EQ(crc_of(""), "00000000");
  EXPECT_EQ(crc_of("123456789"), "cbf43926");
  EXPECT_EQ(crc_of("The quick brown fox jumps over the lazy dog"), "414fa339");
  std::string text;
  for (int i = 0; i < 1000; ++i) text += static_cast<char>(i * 7);
  for (std::size_t piece = 1; piece < 20; ++piece) {
    demo::crc32 sum;
    for (std::size_t at = 0; at < text.size(); at += piece) sum.add(std::string_view(text).substr(at, piece));
    EXPECT_EQ(sum.text(), crc_of(text)) << piece;
  }
}

TEST(bytes, a_known_pattern_of_any_length) {
  site s;
  for (const std::size_t count : {0, 1, 250, 251, 252, 64'255, 64'256, 64'257, 1'000'000}) {
    const auto answer = s.get("/bytes/" + std::to_string(count));
    EXPECT_EQ(answer.status(), 200);
    EXPECT_EQ(answer.header("Content-Type"), "application/octet-stream");
    EXPECT_EQ(answer.header("Content-Length"), std::to_string(count));
    ASSERT_EQ(answer.content().size(), count);
    bool right = true;
    for (std::size_t n = 0; n < count; ++n) right = right && static_cast<unsigned char>(answer.content()[n]) == n % 251;
    EXPECT_TRUE(right) << count;
  }
}

TEST(bytes, with_trailers_when_the_length_is_not_told) {
  site s;
  const auto answer = s.get("/bytes/100000?chunked=1");
  EXPECT_EQ(answer.status(), 200);
  EXPECT_EQ(answer.header("Trailer"), "Crc32");
  EXPECT_EQ(answer.trailers().get("Crc32"), crc_of(answer.content()));
}

TEST(bytes, what_is_no_count) {
  site s;
  for (const char* count : {"-1", "+1", "x", "1x", "1.5", "17179869185", "99999999999999999999999", "%20"}) {
    EXPECT_EQ(s.get(std::string("/bytes/") + count).status(), 404) << count;
  }
}

TEST(bytes, head_of_the_longest_sends_nothing) {
  site s;
  const auto answer = s.ask(method::head, "/bytes/17179869184");
  EXPECT_EQ(answer.status(), 200);
  EXPECT_EQ(answer.header("Content-Length"), "17179869184");
  EXPECT_EQ(answer.content(), "");
}

TEST(echo, gives_back_content_and_type) {
  site s;
  for (const std::size_t size : {0, 1, 70'000, 5'000'000}) {
    const std::string sent(size, 'x');
    const auto answer = s.send(method::post, "/echo", sent, "text/x-some; a=b");
    EXPECT_EQ(answer.status(), 200);
    EXPECT_EQ(answer.header("Content-Type"), "text/x-some; a=b");
    EXPECT_TRUE(answer.content() == sent) << size;
    EXPECT_EQ(answer.header("X-Content-Type-Options"), "nosniff");
  }
  EXPECT_EQ(s.ask(method::post, "/echo").header("Content-Type"), "application/octet-stream");
}

TEST(upload, counts_without_a_limit) {
  site s;
  EXPECT_EQ(s.send(method::post, "/upload", "123456789", "text/plain").content(), R"({"bytes":9,"crc32":"cbf43926"})");
  const std::string large(8'000'000, 'y');  // far above limits::content
  const auto answer = s.send(method::post, "/upload", large, "application/octet-stream");
  EXPECT_EQ(answer.status(), 200);
  EXPECT_EQ(answer.header("Content-Type"), "application/json");
  EXPECT_EQ(answer.content(), R"({"bytes":8000000,"crc32":")" + crc_of(large) + "\"}");
  EXPECT_EQ(s.ask(method::post, "/upload").content(), R"({"bytes":0,"crc32":"00000000"})");
}

}  // namespace
