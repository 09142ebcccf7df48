// The examples of RFC 9204 Appendix B, at both ends, and some rows of Appendix A.
#include <gtest/gtest.h>

#include "fieldcode/qpack_support.hpp"

namespace parley::fieldcode::test {
namespace {

struct appendix_b {
  qpack_decoder decoder{length_tag, {.table_capacity = 220, .blocked_streams = 1}};
  std::size_t piece;

  explicit appendix_b(std::size_t fragment) : piece(fragment) {}
  void instructions(std::string_view text) { EXPECT_EQ(receive(decoder, unhex(text), piece), ""); }
};

TEST(rfc9204, appendix_b_decodes) {
  at_fragment_sizes([](std::size_t piece) {
    appendix_b b(piece);
    qpack_decoder& decoder = b.decoder;
    // B.1
    EXPECT_EQ(decode(decoder, 0, unhex("0000510b2f696e6465782e68746d6c")).fields, (field_list{{":path", "/index.html"}}));
    EXPECT_EQ(take(decoder), "") << "without references there is nothing to acknowledge";
    // B.2
    b.instructions("3fbd01c00f7777772e6578616d706c652e636f6dc10c2f73616d706c652f70617468");
    EXPECT_EQ(describe(decoder.table()), ":path: /sample/path\n:authority: www.example.com\n106");
    const section_outcome second = decode(decoder, 4, unhex("03811011"));
    EXPECT_EQ(second.fields, (field_list{{":authority", "www.example.com"}, {":path", "/sample/path"}}));
    EXPECT_EQ(second.required, 2u);
    EXPECT_EQ(hex(take(decoder)), "84");
    // B.3
    b.instructions("4a637573746f6d2d6b65790c637573746f6d2d76616c7565");
    EXPECT_EQ(hex(take(decoder)), "01");
    // B.4, with the instruction late, and the stream cancelled or not
    const section_outcome late = decode(decoder, 8, unhex("050080c181"));
    EXPECT_EQ(late.state, section_state::blocked);
    EXPECT_EQ(late.required, 4u);
    EXPECT_EQ(late.fields, field_list{});
    EXPECT_EQ(decoder.next_unblocked(), std::nullopt);
    b.instructions("02");
    EXPECT_EQ(decoder.next_unblocked(), 8u);
    EXPECT_EQ(decoder.next_unblocked(), std::nullopt);
    EXPECT_EQ(describe(decoder.table()),
              ":authority: www.example.com\ncustom-key: custom-value\n:path: /sample/path\n:authority: www.example.com\n217");
    decoder.cancel(8);
    EXPECT_EQ(hex(take(decoder)), "4801");
    EXPECT_EQ(decode(decoder, 12, unhex("050080c181")).fields,
              (field_list{{":authority", "www.example.com"}, {":path", "/"}, {"custom-key", "custom-value"}}));
    EXPECT_EQ(hex(take(decoder)), "8c");
    // B.5
    b.instructions("810d637573746f6d2d76616c756532");
    EXPECT_EQ(describe(decoder.table()),
              "custom-key: custom-value2\n:authority: www.example.com\ncustom-key: custom-value\n:path: /sample/path\n215");
    EXPECT_EQ(decoder.inserted(), 5u);
  });
}

// What our encoder makes of the same fields is shorter, since it codes with Huffman; the instructions are those of the example.
TEST(rfc9204, appendix_b_encodes) {
  qpack_encoder encoder(1, {.table_capacity = 220});
  ASSERT_TRUE(encoder.set_peer_limits(220, 1));
  const std::string first = encode(encoder, 4, {{":authority", "www.example.com"}, {"custom-key", "custom-value"}});
  EXPECT_EQ(hex(first), "03811011");
  EXPECT_EQ(hex(take(encoder)),
            "3fbd01"
            "c08cf1e3c2e5f23a6ba0ab90f4ff"
            "6825a849e95ba97d7f8925a849e95bb8e8b4bf");
  EXPECT_EQ(encoder.streams_at_risk(), 1u);
  EXPECT_EQ(receive(encoder, unhex("84")), "");
  EXPECT_EQ(encoder.known_received(), 2u);
  EXPECT_EQ(encoder.streams_at_risk(), 0u);
  EXPECT_EQ(hex(encode(encoder, 8, {{":authority", "www.example.com"}, {":path", "/"}, {"custom-key", "custom-value"}})),
            "030081c180");
  EXPECT_EQ(hex(encode(encoder, 8, {{"custom-key", "custom-value"}})), "030080");
  EXPECT_EQ(take(encoder), "");
}

TEST(rfc9204, static_table) {
  const struct {
    std::size_t index;
    std::string_view name;
    std::string_view value;
  } rows[] = {
      {0, ":authority", ""},
      {1, ":path", "/"},
      {15, ":method", "CONNECT"},
      {17, ":method", "GET"},
      {25, ":status", "200"},
      {30, "accept", "application/dns-message"},
      {41, "cache-control", "public, max-age=31536000"},
      {45, "content-type", "application/javascript"},
      {47, "content-type", "application/x-www-form-urlencoded"},
      {54, "content-type", "text/plain;charset=utf-8"},
      {58, "strict-transport-security", "max-age=31536000; includesubdomains; preload"},
      {63, ":status", "100"},
      {71, ":status", "500"},
      {73, "access-control-allow-credentials", "FALSE"},
      {83, "alt-svc", "clear"},
      {85, "content-security-policy", "script-src 'none'; object-src 'none'; base-uri 'none'"},
      {98, "x-frame-options", "sameorigin"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(qpack_static_table[row.index].name, row.name) << row.index;
    EXPECT_EQ(qpack_static_table[row.index].value, row.value) << row.index;
  }
  // The sums of all texts, against a slip in any of the other rows.
  std::size_t names = 0;
  std::size_t values = 0;
  for (const static_field& f : qpack_static_table) {
    names += f.name.size();
    values += f.value.size();
  }
  EXPECT_EQ(names, 1294u);
  EXPECT_EQ(values, 732u);
}

}  // namespace
}  // namespace parley::fieldcode::test
