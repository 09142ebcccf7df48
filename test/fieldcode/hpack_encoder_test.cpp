#include "fieldcode/hpack_encoder.hpp"

#include <gtest/gtest.h>

#include <random>

#include "fieldcode/support.hpp"

namespace parley::fieldcode::test {
namespace {

std::string encoded(hpack_encoder& encoder, std::string_view name, std::string_view value, sensitivity s = sensitivity::by_name) {
  std::string block;
  encode(encoder, name, value, block, s);
  return hex(block);
}

TEST(hpack_encoder, static_fields_are_one_byte) {
  hpack_encoder encoder(1, 4096);
  for (std::size_t i = 1; i <= hpack_static_count; ++i) {
    const static_field& f = hpack_static_table[i];
    EXPECT_EQ(hpack_static_table[hpack_static_name(f.name)].name, f.name);
    const std::string block = encoded(encoder, f.name, f.value);
    if (f.name == "set-cookie" || f.name == "cookie" || f.name.ends_with("authorization")) continue;
    EXPECT_EQ(block, hex(std::string(1, static_cast<char>(0x80 | i)))) << f.name;
  }
  EXPECT_EQ(encoder.table().count(), 0u);
  for (const std::string_view name : {"", "a", ":", "content-typf", "Content-Type", "x-accept", "acceptt"}) {
    EXPECT_EQ(hpack_static_name(name), 0u) << name;
  }
}

TEST(hpack_encoder, secrets_are_never_indexed) {
  const struct {
    std::string_view name;
    std::string_view value;
    bool secret;
  } rows[] = {
      {"authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", true},
      {"proxy-authorization", "Bearer abcdefghijklmnopqrstuvwxyz", true},
      {"set-cookie", "id=abcdefghijklmnopqrstuvwxyz0123456789", true},
      {"cookie", "id=1234567890123456", true},    // 19 bytes
      {"cookie", "id=12345678901234567", false},  // 20
      {"accept", "*/*", false},
      {"x-own", "*/*", false},
  };
  for (const auto& row : rows) {
    hpack_encoder encoder(1, 4096);
    hpack_decoder decoder(length_tag);
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(decode(decoder, unhex(encoded(encoder, row.name, row.value))).fields,
                (field_list{{std::string(row.name), std::string(row.value), row.secret}}));
    }
    EXPECT_EQ(encoder.table().count(), row.secret ? 0u : 1u) << row.name;
  }
  // What is said to be secret is so, whatever its name and wherever its value is known from.
  hpack_encoder encoder(1, 4096);
  hpack_decoder decoder(length_tag);
  for (const std::string_view name : {"x-own", "accept", ":method"}) {
    for (const auto s : {sensitivity::by_name, sensitivity::secret}) {
      const bool secret = s == sensitivity::secret;
      EXPECT_EQ(decode(decoder, unhex(encoded(encoder, name, "GET", s))).fields, (field_list{{std::string(name), "GET", secret}}));
    }
  }
}

TEST(hpack_encoder, values_that_come_once_leave_the_table_alone) {
  hpack_encoder encoder(1, 4096);
  for (int i = 0; i < 1000; ++i) encoded(encoder, ":path", "/customers/" + std::to_string(i));
  EXPECT_EQ(encoder.table().count(), 0u);
  encoded(encoder, ":path", "/customers/999");
  EXPECT_EQ(encoder.table().count(), 1u) << "the second time it goes in";
  EXPECT_EQ(encoded(encoder, ":path", "/customers/999"), "be");
  encoded(encoder, "x-large", std::string(3100, 'x'));
  EXPECT_EQ(encoder.table().count(), 1u) << "more than three quarters of the table";
}

TEST(hpack_encoder, names_of_the_table_are_named_by_index) {
  hpack_encoder encoder(1, 4096);
  encoded(encoder, "x-first", "1");
  encoded(encoder, "x-second", "1");
  EXPECT_EQ(encoded(encoder, "x-first", "2").substr(0, 2), "7f") << "63 needs a second byte";
  EXPECT_EQ(encoded(encoder, "x-first", "2"), "be");
  EXPECT_EQ(encoded(encoder, "x-second", "1"), "bf");
}

TEST(hpack_encoder, a_text_is_coded_only_when_that_is_shorter) {
  hpack_encoder encoder(1, 0);
  EXPECT_EQ(encoded(encoder, "x", "1"),
            "20"
            "00"
            "0178"
            "0131");
  EXPECT_EQ(encoded(encoder, "x", ""),
            "00"
            "0178"
            "00");
  EXPECT_EQ(encoded(encoder, "x", "11111111"),
            "00"
            "0178"
            "85"
            "0842108421");
  EXPECT_EQ(encoded(encoder, "x", "\x01\x02"),
            "00"
            "0178"
            "02"
            "0102");
}

TEST(hpack_encoder, table_size_updates) {
  {
    hpack_encoder encoder(1, 4096);
    encoder.set_peer_limit(4096);
    EXPECT_EQ(encoded(encoder, ":method", "GET"), "82") << "nothing changed";
    encoder.set_peer_limit(65536);
    EXPECT_EQ(encoded(encoder, ":method", "GET"), "82") << "ours is the lower limit";
    encoded(encoder, "a", "b");
    encoder.set_peer_limit(100);
    EXPECT_EQ(encoded(encoder, "a", "b"), "3f45be");
    EXPECT_EQ(encoded(encoder, "a", "b"), "be");
    encoder.set_peer_limit(0);
    encoder.set_peer_limit(200);
    EXPECT_EQ(encoded(encoder, ":method", "GET"), "203fa90182") << "the smallest in between, then the last";
    encoder.set_peer_limit(300);
    encoder.set_peer_limit(50);
    EXPECT_EQ(encoded(encoder, ":method", "GET"), "3f1382") << "the last is the smallest";
    encoder.set_peer_limit(10);
    encoder.set_peer_limit(50);
    EXPECT_EQ(encoded(encoder, ":method", "GET"), "2a3f1382");
    encoder.forget();
    EXPECT_EQ(encoded(encoder, ":method", "GET"), "82") << "there was nothing to forget";
    encoded(encoder, "a", "b");
    ASSERT_EQ(encoder.table().count(), 1u);
    encoder.forget();
    EXPECT_EQ(encoder.memory(), 0u);
    EXPECT_EQ(encoded(encoder, ":method", "GET"), "203f1382") << "to nothing, and back";
    encoder.forget();
    encoder.set_peer_limit(100);
    EXPECT_EQ(encoded(encoder, ":method", "GET"), "3f4582");
  }
  hpack_encoder small(1, 100);
  EXPECT_EQ(encoded(small, ":method", "GET"), "3f4582") << "smaller than what HTTP/2 starts with";
  hpack_encoder large(1, 1 << 16);
  EXPECT_EQ(encoded(large, ":method", "GET"), "82") << "the peer has not allowed more yet";
  large.set_peer_limit(1 << 16);
  EXPECT_EQ(encoded(large, ":method", "GET"), "3fe1ff0382");
}

// The index is bounded: however many entries share a hash, all is encoded right. Tables of every size, names of every kind.
TEST(hpack_encoder, random_fields_come_back) {
  std::mt19937 random(11);
  const std::string_view names[] = {":path", "cookie", "etag", "accept", "x-a", "x-b", "date", "set-cookie", "content-length", ""};
  for (unsigned round = 0; round < 60; ++round) {
    hpack_encoder encoder(random(), random() % 20'000);
    hpack_decoder decoder(length_tag);
    std::string block;
    for (unsigned blocks = 0; blocks < 50; ++blocks) {
      if (random() % 8 == 0) {
        const std::size_t first = random() % 3 == 0 ? 0 : random() % 10'000;
        const std::size_t last = random() % 10'000;
        for (const std::size_t limit : {first, last}) {
          encoder.set_peer_limit(limit);
          decoder.set_limit(limit);
        }
      }
      if (random() % 8 == 0) encoder.forget();
      if (random() % 8 == 0) decoder.fit();
      field_list sent;
      block.clear();
      for (std::size_t i = 0, n = 1 + random() % 20; i < n; ++i) {
        field f;
        f.name = random() % 4 == 0 ? "x-" + std::to_string(random() % 300) : std::string(names[random() % std::size(names)]);
        const std::size_t size = random() % 30 == 0 ? random() % 3000 : random() % 40;
        if (random() % 2 == 0) {
          f.value = std::string(size % 25, static_cast<char>('a' + random() % 3));
        } else {
          for (std::size_t k = 0; k < size; ++k) f.value += static_cast<char>(random() % 256);
        }
        const bool secret = random() % 20 == 0;
        encode(encoder, f.name, f.value, block, secret ? sensitivity::secret : sensitivity::by_name);
        f.never_indexed = secret || f.name == "set-cookie" || (f.name == "cookie" && f.value.size() < 20);
        sent.push_back(std::move(f));
      }
      const outcome made = decode(decoder, block);
      ASSERT_EQ(made.error, "");
      ASSERT_EQ(made.fields, sent);
      ASSERT_EQ(describe(decoder.table()), describe(encoder.table()));
    }
  }
}

}  // namespace
}  // namespace parley::fieldcode::test
