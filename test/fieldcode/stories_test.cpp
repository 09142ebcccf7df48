// hpack-test-case: what other encoders wrote is decoded; what we write is read back, and is not longer than nghttp2's.
#include <gtest/gtest.h>

#include <iostream>

#include "fieldcode/stories.hpp"

namespace parley::fieldcode::test {
namespace {

field_list without_marks(field_list fields) {
  for (field& f : fields) f.never_indexed = false;  // the stories do not say it
  return fields;
}

TEST(stories, every_one_decodes) {
  std::string missing;
  const auto stories = read_stories(missing);
  if (stories.empty()) GTEST_SKIP() << missing;
  std::size_t blocks = 0;
  for (const story& s : stories) {
    hpack_decoder decoder(length_tag);
    for (std::size_t i = 0; i < s.cases.size() && s.folder != "raw-data"; ++i) {
      if (s.cases[i].table_size) decoder.set_limit(*s.cases[i].table_size);
      outcome made = decode(decoder, s.cases[i].wire);
      ASSERT_EQ(made.error, "") << s.name << " case " << i;
      ASSERT_EQ(without_marks(std::move(made.fields)), s.cases[i].fields) << s.name << " case " << i;
      ++blocks;
    }
  }
  EXPECT_GT(blocks, 4000u);
}

/// Encodes all cases, reads them back, and returns how many bytes they took.
std::size_t encode_story(const story& s, bool change_table) {
  hpack_encoder encoder(42, 16384);
  hpack_decoder decoder(length_tag);
  std::size_t total = 0;
  for (const story_case& one : s.cases) {
    if (change_table && one.table_size) {
      encoder.set_peer_limit(*one.table_size);
      decoder.set_limit(*one.table_size);
    }
    const std::string block = encode(encoder, one.fields);
    total += block.size();
    outcome made = decode(decoder, block);
    EXPECT_EQ(made.error, "") << s.name;
    EXPECT_EQ(without_marks(std::move(made.fields)), one.fields) << s.name;
    EXPECT_EQ(describe(decoder.table()), describe(encoder.table())) << s.name;
    if (testing::Test::HasFailure()) break;
  }
  return total;
}

TEST(stories, our_blocks_are_read_back) {
  std::string missing;
  const auto stories = read_stories(missing);
  if (stories.empty()) GTEST_SKIP() << missing;
  for (const story& s : stories) encode_story(s, true);
}

// Both never index authorization, proxy-authorization, set-cookie and cookies of fewer than 20 bytes.
TEST(stories, no_longer_than_nghttp2) {
  std::string missing;
  const auto stories = read_stories(missing);
  if (stories.empty()) GTEST_SKIP() << missing;
  std::size_t ours = 0;
  std::size_t theirs = 0;
  for (const story& s : stories) {
    if (s.folder != "nghttp2") continue;
    std::size_t size = 0;
    for (const story_case& one : s.cases) size += one.wire.size();
    const std::size_t own = encode_story(s, false);
    std::cout << s.name << ": ours " << own << ", nghttp2's " << size << " bytes\n";
    ours += own;
    theirs += size;
  }
  std::cout << "all stories: ours " << ours << ", nghttp2's " << theirs << " bytes\n";
  EXPECT_GT(ours, 0u);
  EXPECT_LE(ours, theirs);
}

}  // namespace
}  // namespace parley::fieldcode::test
