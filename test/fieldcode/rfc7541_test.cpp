// The examples of RFC 7541 Appendix C, word for word.
#include <gtest/gtest.h>

#include "fieldcode/prefix_integer.hpp"
#include "fieldcode/support.hpp"

namespace parley::fieldcode::test {
namespace {

struct example {
  std::string_view section;
  std::string_view wire;
  field_list fields;
  std::string_view table;
};

void check(std::size_t capacity, const std::vector<example>& examples) {
  hpack_decoder decoder(length_tag, 4096);
  decoder.set_limit(capacity);
  if (capacity != 4096) {
    // The examples take the capacity as given; on a connection it is announced.
    const std::string update = hex(std::string{static_cast<char>(0x3f), static_cast<char>(0xe1), 0x01});
    ASSERT_EQ(update, "3fe101");
    ASSERT_EQ(decode(decoder, unhex(update)).error, "");
  }
  for (const example& e : examples) {
    const outcome made = decode(decoder, unhex(e.wire));
    EXPECT_EQ(made.error, "") << e.section;
    EXPECT_EQ(made.fields, e.fields) << e.section;
    EXPECT_EQ(describe(decoder.table()), e.table) << e.section;
  }
}

const field method_get{":method", "GET"};
const field authority{":authority", "www.example.com"};

const field_list first_request = {method_get, {":scheme", "http"}, {":path", "/"}, authority};
const field_list second_request = {method_get, {":scheme", "http"}, {":path", "/"}, authority, {"cache-control", "no-cache"}};
const field_list third_request = {
    method_get, {":scheme", "https"}, {":path", "/index.html"}, authority, {"custom-key", "custom-value"}};
constexpr std::string_view after_first_request = ":authority: www.example.com\n57";
constexpr std::string_view after_second_request = "cache-control: no-cache\n:authority: www.example.com\n110";
constexpr std::string_view after_third_request =
    "custom-key: custom-value\ncache-control: no-cache\n:authority: www.example.com\n164";

const field date_21{"date", "Mon, 21 Oct 2013 20:13:21 GMT"};
const field location{"location", "https://www.example.com"};
const field_list first_response = {{":status", "302"}, {"cache-control", "private"}, date_21, location};
const field_list second_response = {{":status", "307"}, {"cache-control", "private"}, date_21, location};
const field_list third_response = {
    {":status", "200"}, {"cache-control", "private"}, {"date", "Mon, 21 Oct 2013 20:13:22 GMT"},
    location,           {"content-encoding", "gzip"}, {"set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"}};
constexpr std::string_view after_first_response =
    "location: https://www.example.com\ndate: Mon, 21 Oct 2013 20:13:21 GMT\ncache-control: private\n:status: 302\n222";
constexpr std::string_view after_second_response =
    ":status: 307\nlocation: https://www.example.com\ndate: Mon, 21 Oct 2013 20:13:21 GMT\ncache-control: private\n222";
constexpr std::string_view after_third_response =
    "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1\ncontent-encoding: gzip\n"
    "date: Mon, 21 Oct 2013 20:13:22 GMT\n215";

TEST(rfc7541, c1_integers) {
  char out[integer_bytes];
  const auto encoded = [&out](std::uint64_t value, unsigned prefix) {
    return hex({out, static_cast<std::size_t>(encode_integer(out, value, prefix, 0) - out)});
  };
  EXPECT_EQ(encoded(10, 5), "0a");
  EXPECT_EQ(encoded(1337, 5), "1f9a0a");
  EXPECT_EQ(encoded(42, 8), "2a");
  const std::string bytes = unhex("1f9a0a");
  EXPECT_EQ(decode_integer(bytes.data(), bytes.data() + 3, 5).value, 1337u);
}

TEST(rfc7541, c2_representations) {
  check(4096, {{"C.2.1",
                "400a637573746f6d2d6b65790d637573746f6d2d686561646572",
                {{"custom-key", "custom-header"}},
                "custom-key: custom-header\n55"}});
  check(4096, {{"C.2.2", "040c2f73616d706c652f70617468", {{":path", "/sample/path"}}, "0"}});
  check(4096, {{"C.2.3", "100870617373776f726406736563726574", {{"password", "secret", true}}, "0"}});
  check(4096, {{"C.2.4", "82", {method_get}, "0"}});
}

TEST(rfc7541, c3_requests) {
  check(4096, {{"C.3.1", "828684410f7777772e6578616d706c652e636f6d", first_request, after_first_request},
               {"C.3.2", "828684be58086e6f2d6361636865", second_request, after_second_request},
               {"C.3.3", "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565", third_request, after_third_request}});
}

TEST(rfc7541, c4_requests_with_huffman) {
  check(4096, {{"C.4.1", "828684418cf1e3c2e5f23a6ba0ab90f4ff", first_request, after_first_request},
               {"C.4.2", "828684be5886a8eb10649cbf", second_request, after_second_request},
               {"C.4.3", "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf", third_request, after_third_request}});
}

TEST(rfc7541, c5_responses) {
  check(256,
        {{"C.5.1",
          "4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f777777"
          "2e6578616d706c652e636f6d",
          first_response, after_first_response},
         {"C.5.2", "4803333037c1c0bf", second_response, after_second_response},
         {"C.5.3",
          "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b48514b425a584f"
          "5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31",
          third_response, after_third_response}});
}

TEST(rfc7541, c6_responses_with_huffman) {
  check(256,
        {{"C.6.1", "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3",
          first_response, after_first_response},
         {"C.6.2", "4883640effc1c0bf", second_response, after_second_response},
         {"C.6.3",
          "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1"
          "ab270fb5291f9587316065c003ed4ee5b1063d5007",
          third_response, after_third_response}});
}

// Our encoder makes the same choices for C.4's requests, to the byte.
TEST(rfc7541, c4_encoded) {
  hpack_encoder encoder(1, 4096);
  EXPECT_EQ(hex(encode(encoder, first_request)), "828684418cf1e3c2e5f23a6ba0ab90f4ff");
  EXPECT_EQ(hex(encode(encoder, second_request)), "828684be5886a8eb10649cbf");
  EXPECT_EQ(hex(encode(encoder, third_request)), "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf");
  EXPECT_EQ(describe(encoder.table()), after_third_request);
}

}  // namespace
}  // namespace parley::fieldcode::test
