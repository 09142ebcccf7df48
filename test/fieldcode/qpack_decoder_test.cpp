// What a peer's encoder can send, and what it gets.
#include "fieldcode/qpack_decoder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <random>

#include "fieldcode/qpack_support.hpp"

namespace parley::fieldcode::test {
namespace {

// Two entries: "a: b", and then "c: d".
constexpr std::string_view two_entries = "3fe11f4161016241630164";

TEST(qpack_decoder, hostile_sections) {
  const std::string_view truncated = "the field section ends within a field";
  const std::string_view integer = "an integer is larger than any that makes sense";
  const std::string_view huffman_code = "a Huffman-coded string has wrong padding or contains the end-of-string symbol";
  const std::string_view beyond = "a reference is to an entry that the Required Insert Count does not cover";
  const std::string_view gone = "a reference is to an entry that is not in the dynamic table";
  const std::string_view static_end = "an index is beyond the end of the static table";
  const std::string_view count = "the Required Insert Count is none that the encoder could have sent";
  const std::string_view base = "the Base of a field section is negative";
  const struct {
    std::string_view section;
    std::string_view error;
  } rows[] = {
      {"0000", ""},
      {"0005", ""},  // a Base without references may be any
      {"", truncated},
      {"00", truncated},
      {"ff", truncated},
      {"00ff", truncated},
      {"ffffffffffffffffffff7f", integer},
      {"00ffffffffffffffffffff7f", integer},
      {"0080", base},
      {"0381", ""},
      {"0382", base},
      {"03ff00", base},
      {"ff0200", count},  // 257, twice as many as there can be are 256
      {"ff0100", count},  // 256: 255 entries at least
      {"ff2700", count},
      {"030080", ""},
      {"030081", ""},
      {"030082", gone},  // of a Base of 2
      {"0300bf00", gone},
      {"020080", ""},
      {"020180", beyond},  // the second, where the first is all it needs
      {"028010", ""},
      {"028011", beyond},
      {"03811011", ""},
      {"038112", beyond},
      {"00801f00", base},
      {"000010", beyond},
      {"000080", gone},
      {"0000bf", truncated},
      {"0000ff23", ""},  // 98, the last one
      {"0000ff24", static_end},
      {"0000ffffffffffffffffffff7f", integer},
      {"0000bfffffffffffffffffff7f", integer},
      {"00001fffffffffffffffffff7f", integer},
      {"00005f530161", ""},  // a literal of static name 98
      {"00005f540161", static_end},
      {"00005f", truncated},
      {"000050", truncated},
      {"00005002", truncated},
      {"0000500261", truncated},
      {"0000400161", gone},
      {"0300400161", ""},
      {"0300420161", gone},
      {"0000000161", beyond},
      {"0280000161", ""},
      {"0280010161", beyond},
      {"038107ffffffffffffffffff7f", integer},
      {"00002161", truncated},
      {"0000216100", ""},
      {"00002000", ""},  // an empty name: of no concern to QPACK
      {"000027", truncated},
      {"000027ffffffffffffffffff7f", integer},
      {"0000290000", huffman_code},
      {"0000216181ff", huffman_code},
      {"0000216184fffffffc", huffman_code},
      {"00002161ff", truncated},
      {"0000216185ffffffff", truncated},
      {"000021617fffffffffffffffffff7f", integer},
  };
  for (const auto& row : rows) {
    qpack_decoder decoder(length_tag, {.table_capacity = 4096, .blocked_streams = 1});
    ASSERT_EQ(receive(decoder, unhex(two_entries)), "");
    const section_outcome made = decode(decoder, 0, unhex(row.section));
    EXPECT_EQ(made.error, row.error) << row.section;
    EXPECT_EQ(made.state, section_state::done) << row.section;
    EXPECT_EQ(made.code.has_value(), !row.error.empty()) << row.section;
    EXPECT_EQ(made.code.value_or(qpack_code::decompression_failed), qpack_code::decompression_failed) << row.section;
  }
}

TEST(qpack_decoder, hostile_instructions) {
  const std::string_view integer = "an integer is larger than any that makes sense";
  const std::string_view huffman_code = "a Huffman-coded string has wrong padding or contains the end-of-string symbol";
  const std::string_view absent = "an instruction refers to an entry that is not in the dynamic table";
  const std::string_view static_end = "an index is beyond the end of the static table";
  const std::string_view capacity = "the table's capacity is set above SETTINGS_QPACK_MAX_TABLE_CAPACITY";
  const std::string_view large = "an entry is larger than the table's capacity";
  const struct {
    std::string_view instructions;
    std::string_view error;
  } rows[] = {
      {"3f45", ""},  // 100
      {"3f46", capacity},
      {"3fe11f", capacity},
      {"3fffffffffffffffffff7f", integer},
      {"4161", large},   // no capacity was set
      {"3f454161", ""},  // not whole
      {"3f4541610162", ""},
      {"3f4520416101", large},
      {"3f4500", absent},
      {"3f454161016200", ""},
      {"3f454161016201", absent},
      {"3f4541610162201f00", absent},
      {"3f451fffffffffffffffff7f", integer},
      {"3f4580", absent},
      {"3f45416101628001", ""},
      {"3f4541610162800163", ""},
      {"3f4541610162810163", absent},
      {"3f45bfffffffffffffffffff7f", integer},
      {"3f45c00162", ""},
      {"3f45ff230162", ""},
      {"3f45ff240162", static_end},
      {"3f45ffffffffffffffffffff7f", integer},
      {"3f455f25", ""},     // a name of 68 bytes is begun
      {"3f455f26", large},  // of 69: at its length, before it has come
      {"3f455fffffffffffffffffff7f", integer},
      {"3f45416144", large},  // one of 1 and 68: as soon as it is told
      {"3f454161437878", ""},
      {"3f4541617fffffffffffffffffff7f", integer},
      {"3f45c03a", ""},  // 58 with ":authority"
      {"3f45416182ffff", huffman_code},
      {"3f4561ff0162", huffman_code},
      {"3f45610000", huffman_code},
  };
  for (const auto& row : rows) {
    at_fragment_sizes([&](std::size_t piece) {
      qpack_decoder decoder(length_tag, {.table_capacity = 100, .blocked_streams = 1});
      EXPECT_EQ(receive(decoder, unhex(row.instructions), piece), row.error) << row.instructions;
    });
  }
  qpack_decoder decoder(length_tag, {.table_capacity = 100});
  const auto done = decoder.receive("\x3f\x46");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, qpack_code::encoder_stream_error);
  EXPECT_EQ(done.error().section, "RFC 9204 §4.3.1");
}

// A section may be cut between lines behind its prefix, and nowhere else.
TEST(qpack_decoder, truncated_at_every_byte) {
  // The newest entry; :method GET; x-frame-options sameorigin; literals by a static and a dynamic name, and with their names.
  const std::string_view whole_lines[] = {
      "80", "d1", "ff23", "5f3d8cf1e3c2e5f23a6ba0ab90f4ff", "4103616263", "23616263037a7a7a", "316181ff"};
  std::string all = unhex("0300");
  std::vector<std::size_t> ends = {all.size()};
  for (const std::string_view line : whole_lines) {
    all += unhex(line);
    ends.push_back(all.size());
  }
  for (std::size_t size = 2; size < all.size(); ++size) {
    qpack_decoder decoder(length_tag, {.table_capacity = 4096});
    ASSERT_EQ(receive(decoder, unhex(two_entries)), "");
    const section_outcome made = decode(decoder, 0, std::string_view(all).substr(0, size));
    const bool between = std::ranges::find(ends, size) != ends.end();
    EXPECT_EQ(made.error, between ? "" : "the field section ends within a field") << size;
  }
}

TEST(qpack_decoder, tags_come_with_the_table) {
  static int asked = 0;
  asked = 0;
  qpack_decoder decoder(
      [](std::string_view name) noexcept {
        ++asked;
        return static_cast<name_tag>(name.size());
      },
      {.table_capacity = 4096});
  EXPECT_EQ(asked, 52) << "once for each name of the static table";
  asked = 0;
  ASSERT_EQ(receive(decoder, unhex("3fe11f44616263640162")), "");
  EXPECT_EQ(asked, 1);
  ASSERT_EQ(receive(decoder, unhex("00800163ff230161")), "");  // a duplicate, by its name, by a static one
  std::vector<name_tag> tags;
  const std::string section = unhex("0500808182834001612161015aff23c1");
  ASSERT_TRUE(decoder.decode(0, section, {}, [&](const decoded_field& f) { tags.push_back(f.tag); }));
  EXPECT_EQ(tags, (std::vector<name_tag>{15, 4, 4, 4, 15, 1, 15, 5}));
  EXPECT_EQ(asked, 2) << "of the literal name";
}

TEST(qpack_decoder, never_indexed_is_told) {
  qpack_decoder decoder(length_tag, {.table_capacity = 4096});
  ASSERT_EQ(receive(decoder, unhex(two_entries)), "");
  EXPECT_EQ(decode(decoder, 0,
                   unhex("0381"
                         "700161"  // by static name
                         "500161"
                         "080161"  // by the name behind the Base
                         "000161"
                         "31610162"  // with its name
                         "21610162"))
                .fields,
            (field_list{{":authority", "a", true},
                        {":authority", "a", false},
                        {"a", "a", true},
                        {"a", "a", false},
                        {"a", "b", true},
                        {"a", "b", false}}));
  EXPECT_EQ(decode(decoder, 0, unhex("0300600161400161")).fields, (field_list{{"c", "a", true}, {"c", "a", false}}));
}

TEST(qpack_decoder, what_is_too_long_is_left_out) {
  qpack_decoder decoder(length_tag, {.table_capacity = 4096});
  ASSERT_EQ(receive(decoder, unhex("3fe11f4161"
                                   "0a30313233343536373839")),
            "");
  const std::string section = unhex(
      "0200"
      "80"
      "2161"
      "0a30313233343536373839"
      "2161"
      "0178"
      "2701"
      "6162636465666768"
      "0178");
  EXPECT_EQ(decode(decoder, 0, section, {.longest = 7}).fields,
            (field_list{{"a", "0123456789"}, {"a", "", false, true}, {"a", "x"}, {"", "", false, true}}))
      << "what is in the table is given as it lies there";
  EXPECT_EQ(decode(decoder, 0, section, {.longest = 8}).fields.back(), (field{"abcdefgh", "x"}));
}

// The limits on a whole section, which counts as read: its references end, and later sections are decoded.
TEST(qpack_decoder, sections_that_become_too_large) {
  qpack_decoder decoder(length_tag, {.table_capacity = 4096});
  ASSERT_EQ(receive(decoder, unhex(two_entries)), "");
  const std::string section = unhex(
      "0300"
      "80818081");  // four fields of 34 bytes each
  const struct {
    section_limits limits;
    std::size_t fields;
    section_state state;
  } rows[] = {
      {{.size = 136}, 4, section_state::done},
      {{.size = 135}, 3, section_state::too_large},
      {{.size = 34}, 1, section_state::too_large},
      {{.size = 33}, 0, section_state::too_large},
      {{.count = 4}, 4, section_state::done},
      {{.count = 3}, 3, section_state::too_large},
      {{.size = 68, .count = 3}, 2, section_state::too_large},
  };
  take(decoder);
  for (const auto& row : rows) {
    const section_outcome made = decode(decoder, 4, section, row.limits);
    EXPECT_EQ(made.fields.size(), row.fields);
    EXPECT_EQ(made.state, row.state);
    EXPECT_EQ(hex(take(decoder)), "84");
  }
  // A line that is too long counts as much as may be.
  EXPECT_EQ(decode(decoder, 4,
                   unhex("00002161"
                         "0a30313233343536373839"
                         "d1"),
                   {.longest = 5, .size = 46})
                .fields.size(),
            1u);
}

// A byte of a reference can stand for the whole table: nothing is copied, and the limit holds.
TEST(qpack_decoder, a_bomb_stops_at_the_limit) {
  qpack_decoder decoder(length_tag, {.table_capacity = 4096});
  std::string bytes = unhex("3fe11f4161");
  char length[integer_bytes];
  bytes.append(length, encode_integer(length, 4000, 7, 0)).append(4000, 'x');
  ASSERT_EQ(receive(decoder, bytes), "");
  std::string section = unhex("0200");
  section.append(60'000, '\x80');
  const section_outcome made = decode(decoder, 0, section, {.size = 65'536});
  EXPECT_EQ(made.state, section_state::too_large);
  EXPECT_EQ(made.fields.size(), 16u);
}

TEST(qpack_decoder, blocked_streams) {
  qpack_decoder decoder(length_tag, {.table_capacity = 4096, .blocked_streams = 2});
  ASSERT_EQ(receive(decoder, unhex("3fe11f")), "");
  const std::string needs_one = unhex("028010");
  const std::string needs_two = unhex("03811011");
  EXPECT_EQ(decode(decoder, 8, needs_two).state, section_state::blocked);
  EXPECT_EQ(decode(decoder, 4, needs_one).state, section_state::blocked);
  EXPECT_EQ(decode(decoder, 4, needs_one).required, 1u) << "again: it counts once";
  EXPECT_EQ(decoder.blocked_streams(), 2u);
  EXPECT_EQ(take(decoder), "");
  ASSERT_EQ(receive(decoder, unhex("41610162")), "");
  EXPECT_EQ(decoder.next_unblocked(), 4u);
  EXPECT_EQ(decoder.next_unblocked(), std::nullopt);
  EXPECT_EQ(decode(decoder, 4, needs_one).fields, (field_list{{"a", "b"}}));
  EXPECT_EQ(decode(decoder, 12, needs_two).state, section_state::blocked) << "there is room again";
  ASSERT_EQ(receive(decoder, unhex("41630164")), "");
  EXPECT_EQ(hex(take(decoder)), "8401") << "the stream's acknowledgement has told of the first";
  EXPECT_EQ(decoder.next_unblocked(), 8u) << "the one that waits longest first";
  decoder.cancel(12);
  EXPECT_EQ(decoder.next_unblocked(), std::nullopt);
  EXPECT_EQ(decode(decoder, 8, needs_two).fields, (field_list{{"a", "b"}, {"c", "d"}}));
  EXPECT_EQ(hex(take(decoder)), "4c88");
  EXPECT_EQ(decoder.blocked_streams(), 0u);

  for (const std::uint64_t stream : {16, 20}) EXPECT_EQ(decode(decoder, stream, unhex("048010")).state, section_state::blocked);
  const section_outcome third = decode(decoder, 24, unhex("048010"));
  EXPECT_EQ(third.error, "more streams are blocked than SETTINGS_QPACK_BLOCKED_STREAMS allows");
  EXPECT_EQ(third.code, qpack_code::decompression_failed);
}

TEST(qpack_decoder, none_may_block_when_none_is_allowed) {
  qpack_decoder decoder(length_tag, {.table_capacity = 4096, .blocked_streams = 0});
  EXPECT_EQ(decode(decoder, 0, unhex("028010")).code, qpack_code::decompression_failed);
}

// RFC 9204 §4.5.1.1: counted modulo twice the entries that there can be, however many have come.
TEST(qpack_decoder, required_insert_counts_wrap) {
  qpack_decoder decoder(length_tag, {.table_capacity = 100, .blocked_streams = 1});  // three entries, modulo 6
  ASSERT_EQ(receive(decoder, unhex("3f45")), "");
  for (std::uint64_t n = 1; n <= 100; ++n) {
    ASSERT_EQ(receive(decoder, unhex("40"
                                     "00")),
              "")
        << "an empty entry";
    for (std::uint64_t required = n > 3 ? n - 2 : 1; required <= n + 3; ++required) {
      std::string section(1, static_cast<char>(required % 6 + 1));
      section += unhex("0080");
      const section_outcome made = decode(decoder, 0, section);
      ASSERT_EQ(made.error, "") << n << ", " << required;
      ASSERT_EQ(made.required, required) << n;
      ASSERT_EQ(made.state, required <= n ? section_state::done : section_state::blocked);
      decoder.cancel(0);
      take(decoder);
    }
    ASSERT_EQ(decode(decoder, 0, std::string("\x07\0", 2)).error,
              "the Required Insert Count is none that the encoder could have sent");
  }
}

TEST(qpack_decoder, without_a_table) {
  qpack_decoder decoder(length_tag, {.table_capacity = 0});
  EXPECT_EQ(decode(decoder, 0, unhex("0000d1")).fields, (field_list{{":method", "GET"}}));
  EXPECT_EQ(decode(decoder, 0, unhex("0100")).code, qpack_code::decompression_failed);
  EXPECT_EQ(receive(decoder, unhex("20")), "") << "a capacity of 0 is allowed";
  EXPECT_EQ(receive(decoder, unhex("4000")), "an entry is larger than the table's capacity");
  decoder.cancel(4);
  EXPECT_EQ(take(decoder), "") << "RFC 9204 §2.2.2.2: no cancellations";
  EXPECT_EQ(decoder.memory(), 0u);
}

TEST(qpack_decoder, the_capacity_changes) {
  qpack_decoder decoder(length_tag, {.table_capacity = 4096});
  ASSERT_EQ(receive(decoder, unhex(two_entries)), "");
  ASSERT_EQ(receive(decoder, unhex("3f04")), "");  // 35: one stays
  EXPECT_EQ(describe(decoder.table()), "c: d\n34");
  EXPECT_EQ(decode(decoder, 0,
                   unhex("0300"
                         "81"))
                .error,
            "a reference is to an entry that is not in the dynamic table");
  ASSERT_EQ(receive(decoder, unhex("20")), "");
  EXPECT_EQ(describe(decoder.table()), "0");
  ASSERT_EQ(receive(decoder, unhex("3fe11f"
                                   "41650166")),
            "");
  EXPECT_EQ(describe(decoder.table()), "e: f\n34");
  EXPECT_EQ(decode(decoder, 0,
                   unhex("0400"
                         "80"))
                .fields,
            (field_list{{"e", "f"}}))
      << "entries go on being counted";
}

// An entry may take its name from one that goes for it (RFC 9204 §3.2.2).
TEST(qpack_decoder, a_name_of_an_entry_that_goes) {
  qpack_decoder decoder(length_tag, {.table_capacity = 100});
  ASSERT_EQ(receive(decoder, unhex("3f45"
                                   "46"
                                   "616263646566"
                                   "10"
                                   "30313233343536373839303132333435")),
            "");
  ASSERT_EQ(receive(decoder, unhex("80"
                                   "20"
                                   "3031323334353637383930313233343530313233343536373839303132333435")),
            "");
  EXPECT_EQ(describe(decoder.table()), "abcdef: 01234567890123450123456789012345\n70");
  ASSERT_EQ(receive(decoder, unhex("0000")), "");
  EXPECT_EQ(describe(decoder.table()), "abcdef: 01234567890123450123456789012345\n70");
  EXPECT_EQ(decoder.inserted(), 4u);
}

// What is held of an instruction that does not end: as much as the longest code of an entry that fits.
TEST(qpack_decoder, partial_instructions_are_bounded) {
  qpack_decoder decoder(length_tag, {.table_capacity = 4096});
  ASSERT_EQ(receive(decoder, unhex("3fe11f")), "");
  char length[integer_bytes];
  std::string bytes = unhex("6161");  // a name, Huffman coded, hardly begun
  bytes[0] = 0x7f;
  bytes.assign(length, encode_integer(length, 15'240, 5, 0x60));
  ASSERT_EQ(receive(decoder, bytes), "");
  ASSERT_EQ(receive(decoder, std::string(15'239, '\xff'), 100), "");
  EXPECT_LE(decoder.memory(), 4 * 4096u + 512);
  EXPECT_EQ(receive(decoder, "\xff"), "") << "behind the name a value is expected";
  qpack_decoder other(length_tag, {.table_capacity = 4096});
  ASSERT_EQ(receive(other, unhex("3fe11f")), "");
  bytes.assign(length, encode_integer(length, 15'300, 5, 0x60));
  EXPECT_EQ(receive(other, bytes), "an entry is larger than the table's capacity");
  // It is given back.
  qpack_decoder third(length_tag, {.table_capacity = 4096});
  ASSERT_EQ(receive(third, unhex("3fe11f")), "");
  bytes.assign(length, encode_integer(length, 3000, 5, 0x40)).append(3000, 'n').append(1, '\0');
  ASSERT_EQ(receive(third, bytes, 7), "");
  EXPECT_EQ(third.memory(), third.table().memory());
}

// Who opens streams and takes no acknowledgements makes us hold bytes: to a limit.
TEST(qpack_decoder, acknowledgements_that_nobody_takes) {
  for (const bool cancels : {false, true}) {
    qpack_decoder decoder(length_tag, {.table_capacity = 4096, .unsent = 100});
    ASSERT_EQ(receive(decoder, unhex(two_entries)), "");
    std::uint64_t stream = 0;
    std::string error;
    for (; error.empty() && stream < 4000; stream += 4) {
      if (cancels) decoder.cancel(stream);
      error = cancels ? receive(decoder, unhex("20")) : decode(decoder, stream, unhex("030080")).error;
    }
    EXPECT_EQ(error, "the decoder stream cannot send what the field sections ask it to say");
    EXPECT_LT(stream, 400u);
    EXPECT_EQ(decode(decoder, 0, unhex("0000")).code, qpack_code::excessive_load);
    EXPECT_LE(decoder.output().size(), 110u);
  }
}

TEST(qpack_decoder, output_is_taken_in_parts) {
  qpack_decoder decoder(length_tag, {.table_capacity = 4096});
  ASSERT_EQ(receive(decoder, unhex(two_entries)), "");
  for (const std::uint64_t stream : {0, 200, 4})
    EXPECT_EQ(decode(decoder, stream, unhex("028080")).error, "a reference is to an entry that is not in the dynamic table");
  for (const std::uint64_t stream : {0, 200, 4}) EXPECT_EQ(decode(decoder, stream, unhex("020080")).error, "");
  std::string all;
  while (!decoder.output().empty()) {
    all += decoder.output()[0];
    decoder.written(1);
  }
  EXPECT_EQ(hex(all), "80ff498401") << "and the second entry, of which no section told";
}

// Any bytes do no harm, in whatever pieces they come: the outcome is the same.
TEST(qpack_decoder, random_instructions) {
  std::mt19937 random(3);
  for (unsigned round = 0; round < 2000; ++round) {
    std::string bytes = unhex("3fe107");  // 1,024
    for (std::size_t i = 0, n = random() % 200; i < n; ++i)
      bytes += static_cast<char>(random() % 4 == 0 ? random() : random() % 8 + 0x40 * (random() % 4));
    std::string first;
    at_fragment_sizes([&](std::size_t piece) {
      qpack_decoder decoder(length_tag, {.table_capacity = 1024});
      const std::string outcome = receive(decoder, bytes, piece) + describe(decoder.table()) + take(decoder);
      if (first.empty()) first = outcome;
      ASSERT_EQ(outcome, first);
    });
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace parley::fieldcode::test
