// What a peer can send to a decoder, and what it gets.
#include "fieldcode/hpack_decoder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "fieldcode/prefix_integer.hpp"
#include "fieldcode/support.hpp"

namespace parley::fieldcode::test {
namespace {

std::string error_of(std::string_view block_hex) {
  hpack_decoder decoder(length_tag);
  return decode(decoder, unhex(block_hex)).error;
}

TEST(hpack_decoder, hostile_blocks) {
  const struct {
    std::string_view block;
    std::string_view error;
  } rows[] = {
      {"80", "an indexed field has the index 0, which is not used"},
      {"be", "an index is beyond the end of the dynamic table"},  // 62
      {"ff00", "an index is beyond the end of the dynamic table"},
      {"8280", "an indexed field has the index 0, which is not used"},
      {"4001610162bf", "an index is beyond the end of the dynamic table"},  // 63 with one entry
      {"7e0161", "an index is beyond the end of the dynamic table"},        // a literal's name
      {"0f2f0161", "an index is beyond the end of the dynamic table"},
      {"1f2f0161", "an index is beyond the end of the dynamic table"},
      {"ffffffffffffffffffff7f", "an integer is larger than any that makes sense"},
      {"ff80808080808080808080", "an integer is larger than any that makes sense"},
      {"7fffffffffffffffffff7f", "an integer is larger than any that makes sense"},
      {"0fffffffffffffffffff7f", "an integer is larger than any that makes sense"},
      {"00ffffffffffffffffffff7f", "an integer is larger than any that makes sense"},
      {"007fffffffffffffffff7f", "an integer is larger than any that makes sense"},
      {"3fffffffffffffffffff7f", "an integer is larger than any that makes sense"},
      {"00fffeffff3f", "the field block ends within a field"},  // a name of half a gigabyte
      {"3f", "the field block ends within a field"},
      {"ff", "the field block ends within a field"},
      {"0081000161", "a Huffman-coded string has wrong padding or contains the end-of-string symbol"},
      {"00016181ff", "a Huffman-coded string has wrong padding or contains the end-of-string symbol"},
      {"00016184fffffffc", "a Huffman-coded string has wrong padding or contains the end-of-string symbol"},
      {"00016184ffffffff", "a Huffman-coded string has wrong padding or contains the end-of-string symbol"},
      {"8220", "a dynamic table size update does not stand at the beginning of its field block"},
      {"40016101623f", "a dynamic table size update does not stand at the beginning of its field block"},
      {"202020", "more than two dynamic table size updates begin one field block"},
      {"3fe21f", "a dynamic table size update is above the SETTINGS_HEADER_TABLE_SIZE in force"},  // 4097
      {"203fe21f", "a dynamic table size update is above the SETTINGS_HEADER_TABLE_SIZE in force"},
      {"203fe11f82", ""},
      {"3fe11f", ""},
      {"", ""},
  };
  for (const auto& row : rows) EXPECT_EQ(error_of(row.block), row.error) << row.block;
}

TEST(hpack_decoder, errors_name_the_rule) {
  hpack_decoder decoder(length_tag);
  const auto done = decoder.decode("\x80", 100, [](const decoded_field&) {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().name, "hpack-index");
  EXPECT_EQ(done.error().section, "RFC 7541 §6.1");
}

// A block may be cut between fields, and nowhere else.
TEST(hpack_decoder, truncated_at_every_byte) {
  const std::string block = unhex(
      "828641"
      "8cf1e3c2e5f23a6ba0ab90f4ff"
      "408825a849e95ba97d7f8925a849e95bb8e8b4bf"
      "0f2f03616263"
      "100870617373776f726406736563726574"
      "5f8601"
      "62");
  const std::size_t whole[] = {0, 1, 2, 16, 36, 42, 59};
  for (std::size_t size = 0; size < block.size(); ++size) {
    hpack_decoder decoder(length_tag);
    const outcome made = decode(decoder, std::string_view(block).substr(0, size));
    if (std::ranges::find(whole, size) != std::end(whole)) {
      EXPECT_EQ(made.error, "") << size;
    } else {
      EXPECT_EQ(made.error, "the field block ends within a field") << size;
    }
  }
}

TEST(hpack_decoder, tags_come_with_the_table) {
  static int asked = 0;
  asked = 0;
  hpack_decoder decoder([](std::string_view name) noexcept {
    ++asked;
    return static_cast<name_tag>(name.size());
  });
  EXPECT_EQ(asked, 52) << "once for each name of the static table";
  asked = 0;
  std::vector<name_tag> tags;
  const auto decode_hex = [&](std::string_view text) {
    const auto done = decoder.decode(unhex(text), 100, [&](const decoded_field& f) { tags.push_back(f.tag); });
    EXPECT_TRUE(done);
  };
  decode_hex("400a637573746f6d2d6b65790d637573746f6d2d686561646572");
  EXPECT_EQ(asked, 1);
  for (int i = 0; i < 3; ++i) decode_hex("be84");
  decode_hex("7e0161");  // another value of that name
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(tags, (std::vector<name_tag>{10, 10, 5, 10, 5, 10, 5, 10}));
}

TEST(hpack_decoder, never_indexed_is_told) {
  hpack_decoder decoder(length_tag);
  EXPECT_EQ(decode(decoder, unhex("1f080161"
                                  "0f080161"
                                  "57"
                                  "0161"))
                .fields,
            (field_list{{"authorization", "a", true}, {"authorization", "a", false}, {"authorization", "a", false}}));
  EXPECT_EQ(decoder.table().count(), 1u);
}

TEST(hpack_decoder, a_table_that_shrinks_must_be_followed) {
  hpack_decoder decoder(length_tag);
  ASSERT_EQ(decode(decoder, unhex("4001610162")).error, "");
  decoder.set_limit(100);
  EXPECT_EQ(decode(decoder, unhex("be")).error,
            "SETTINGS_HEADER_TABLE_SIZE was lowered, and the next field block does not begin with the update");

  hpack_decoder larger(length_tag);
  larger.set_limit(100);
  EXPECT_EQ(decode(larger, unhex("3f46")).error, "a dynamic table size update is above the SETTINGS_HEADER_TABLE_SIZE in force");

  hpack_decoder obeyed(length_tag);
  ASSERT_EQ(decode(obeyed, unhex("4001610162")).error, "");
  obeyed.set_limit(100);
  EXPECT_EQ(decode(obeyed, unhex("3f45be")).fields, (field_list{{"a", "b"}}));  // 100
  EXPECT_EQ(obeyed.table().capacity(), 100u);
  EXPECT_EQ(decode(obeyed, unhex("be")).error, "");

  // Lowered and raised again before the next block: both values come (RFC 7541 §4.2).
  obeyed.set_limit(10);
  obeyed.set_limit(200);
  EXPECT_EQ(decode(obeyed, unhex("203fa901")).error, "");
  EXPECT_EQ(obeyed.table().capacity(), 200u);
  EXPECT_EQ(obeyed.table().count(), 0u);
  obeyed.set_limit(10);
  obeyed.set_limit(200);
  EXPECT_EQ(decode(obeyed, unhex("3fa901")).error, "a dynamic table size update is above the SETTINGS_HEADER_TABLE_SIZE in force");

  // Not below what is in use: nothing has to come.
  hpack_decoder unused(length_tag);
  ASSERT_EQ(decode(unused, unhex("3f45")).error, "");
  unused.set_limit(1000);
  unused.set_limit(5000);
  EXPECT_EQ(decode(unused, unhex("82")).error, "");
}

TEST(hpack_decoder, too_large_texts_leave_the_connection_alive) {
  hpack_decoder decoder(length_tag);
  ASSERT_EQ(decode(decoder, unhex("20")).error, "");
  ASSERT_EQ(decode(decoder, unhex("3f45")).error, "");  // a table of 100
  const auto literal = [](std::string_view name, std::string_view value, bool indexed) {
    std::string block(1, indexed ? '\x40' : '\0');
    for (const std::string_view text : {name, value}) {
      char length[integer_bytes];
      block.append(length, encode_integer(length, text.size(), 7, 0)).append(text);
    }
    return block;
  };
  const std::string long_text(101, 'x');
  const std::string fair_text(50, 'y');
  ASSERT_EQ(decode(decoder, literal("a", "b", true)).error, "");
  // Above what is wanted, but the table can hold it, so it is given and kept.
  EXPECT_EQ(decode(decoder, literal("n", fair_text, true), 40).fields, (field_list{{"n", fair_text}}));
  EXPECT_EQ(decode(decoder, unhex("be"), 40).fields, (field_list{{"n", fair_text}}));
  EXPECT_EQ(decode(decoder, literal("n", long_text, false) + "\xbe", 40).fields,
            (field_list{{"n", "", false, true}, {"n", fair_text}}));
  EXPECT_EQ(decode(decoder, literal("n", long_text, true), 40).fields, (field_list{{"n", "", false, true}}));
  EXPECT_EQ(decoder.table().count(), 0u) << "RFC 7541 §4.4: an entry larger than the table empties it";
  EXPECT_EQ(decode(decoder, literal(long_text, "v", true) + "\x82", 40).fields,
            (field_list{{"", "", false, true}, {":method", "GET"}}));
  EXPECT_EQ(decode(decoder, literal("n", long_text, true), 101).fields, (field_list{{"n", long_text}})) << "as long as wanted";
}

// One byte each names an entry of nearly the whole table: no copy is made, and the sink is the one that counts.
TEST(hpack_decoder, a_bomb_costs_nothing_that_grows) {
  hpack_decoder decoder(length_tag);
  std::string block =
      "\x40\x01"
      "a";
  char length[integer_bytes];
  block.append(length, encode_integer(length, 4000, 7, 0)).append(4000, 'v');
  ASSERT_EQ(decode(decoder, block).error, "");
  const std::size_t memory = decoder.table().memory();
  std::size_t sum = 0;
  const char* where = nullptr;
  const auto done = decoder.decode(std::string(16'000, '\xbe'), 1000, [&](const decoded_field& f) {
    sum += f.value.size();
    where = f.value.data();
  });
  EXPECT_TRUE(done);
  EXPECT_EQ(sum, 64'000'000u);
  EXPECT_EQ(decoder.table().memory(), memory);
  EXPECT_EQ(where, decoder.table().value(decoder.table().newest(0)).data());
}

}  // namespace
}  // namespace parley::fieldcode::test
