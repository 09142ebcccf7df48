// qpack-qifs: what other encoders wrote is decoded, what is wrong is refused; what we write is read back, and hardly longer than the best.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <map>

#include "fieldcode/qifs.hpp"
#include "fieldcode/qpack_support.hpp"

namespace parley::fieldcode::test {
namespace {

const qif* find_list(const qif_folder& folder, std::string_view name) {
  const auto at = std::ranges::find(folder.lists, name, &qif::name);
  return at == folder.lists.end() ? nullptr : &*at;
}

// What an encoded file gives, by stream; a section that is blocked waits as it would in a connection.
struct qif_reader {
  qpack_decoder decoder;
  std::map<std::uint64_t, std::string> waiting;
  std::map<std::uint64_t, field_list> lists;
  std::string error;
  std::size_t blocked = 0;

  explicit qif_reader(const encoded_file& file)
      : decoder(length_tag, {.table_capacity = file.table_capacity, .blocked_streams = file.blocked_streams}) {}

  bool read(const encoded_chunk& chunk, std::size_t piece) {
    if (chunk.stream != 0) return read_section(chunk.stream, chunk.bytes);
    error = receive(decoder, chunk.bytes, piece);
    if (!error.empty()) return false;
    for (auto next = decoder.next_unblocked(); next; next = decoder.next_unblocked()) {
      const std::string section = waiting[*next];
      waiting.erase(*next);
      if (!read_section(*next, section)) return false;
    }
    return true;
  }

 private:
  bool read_section(std::uint64_t stream, const std::string& section) {
    section_outcome made = decode(decoder, stream, section);
    take(decoder);
    if (!made.error.empty()) {
      error = made.error;
      return false;
    }
    if (made.state == section_state::blocked) {
      waiting[stream] = section;
      ++blocked;
      return true;
    }
    for (field& f : made.fields) f.never_indexed = false;  // the lists do not say it
    lists[stream] = std::move(made.fields);
    return true;
  }
};

// Some of these files were made before the first capacity had to be said: theirs is the largest one.
std::string first_capacity(const encoded_file& file) {
  for (const encoded_chunk& chunk : file.chunks) {
    if (chunk.stream != 0 || chunk.bytes.empty()) continue;
    if ((static_cast<unsigned char>(chunk.bytes[0]) & 0xe0) == 0x20) return {};
    break;
  }
  char bytes[integer_bytes];
  return {bytes, encode_integer(bytes, file.table_capacity, 5, 0x20)};
}

TEST(qifs, every_encoded_file_decodes_to_its_list) {
  std::string missing;
  const qif_folder folder = read_qifs(missing);
  if (!missing.empty()) GTEST_SKIP() << missing;
  std::size_t compared = 0;
  std::size_t blocked = 0;
  for (const encoded_file& file : folder.encoded) {
    at_fragment_sizes([&](std::size_t piece) {
      qif_reader reader(file);
      ASSERT_EQ(receive(reader.decoder, first_capacity(file)), "") << file.name;
      for (const encoded_chunk& chunk : file.chunks) ASSERT_TRUE(reader.read(chunk, piece)) << file.name << ": " << reader.error;
      ASSERT_TRUE(reader.waiting.empty()) << file.name;
      blocked += reader.blocked;
      const qif* const list = find_list(folder, file.list);
      if (list == nullptr) return;  // the examples of RFC 9204, see rfc9204_test
      std::vector<field_list> lists;
      for (const auto& [stream, fields] : reader.lists) lists.push_back(fields);
      ASSERT_EQ(lists, list->lists) << file.name;
      ++compared;
    });
  }
  std::cout << folder.encoded.size() << " files, " << blocked << " sections waited\n";
  EXPECT_GE(compared, 11u * 60);
}

TEST(qifs, errors_are_refused) {
  std::string missing;
  const qif_folder folder = read_qifs(missing);
  if (!missing.empty()) GTEST_SKIP() << missing;
  std::size_t refused = 0;
  for (const encoded_file& file : folder.errors) {
    qif_reader reader(file);
    // Set so that it is not the missing table that is refused.
    ASSERT_EQ(receive(reader.decoder, unhex("3fe11f")), "");
    bool good = true;
    for (const encoded_chunk& chunk : file.chunks) good = good && reader.read(chunk, SIZE_MAX);
    std::cout << file.name << ": " << (good ? "decodes" : reader.error) << "\n";
    // Made when the static table was that of HPACK: without 0, and with 61 at its end. RFC 9204 Appendix A has both.
    if (file.name == "errors/err9") {
      EXPECT_EQ(reader.lists[1], (field_list{{":authority", ""}}));
    } else if (file.name == "errors/err10") {
      EXPECT_EQ(reader.lists[1], (field_list{{"x-xss-protection", "1; mode=block"}}));
    } else {
      EXPECT_FALSE(good) << file.name;
      if (!good) ++refused;
    }
  }
  EXPECT_EQ(refused, 10u);
}

// All that goes over the encoder stream and the request streams.
std::size_t encoded_size(const qif& list, std::size_t capacity, std::size_t blocked) {
  qpack_pair pair(capacity, blocked);
  std::size_t size = 0;
  std::uint64_t stream = 0;
  for (const field_list& fields : list.lists) {
    const std::string section = encode(pair.encoder, stream, fields);
    const std::string instructions = take(pair.encoder);
    size += section.size() + instructions.size();
    EXPECT_EQ(receive(pair.decoder, instructions), "");
    section_outcome made = decode(pair.decoder, stream, section);
    EXPECT_EQ(made.error, "") << list.name;
    EXPECT_EQ(made.state, section_state::done) << list.name;
    for (field& f : made.fields) f.never_indexed = false;
    EXPECT_EQ(made.fields, fields) << list.name;
    EXPECT_EQ(describe(pair.decoder.table()), describe(pair.encoder.table())) << list.name;
    pair.carry_acknowledgements();
    stream += 4;
    if (testing::Test::HasFailure()) break;
  }
  return size;
}

TEST(qifs, our_sections_are_read_back) {
  std::string missing;
  const qif_folder folder = read_qifs(missing);
  if (!missing.empty()) GTEST_SKIP() << missing;
  for (const qif& list : folder.lists) {
    const std::size_t without = encoded_size(list, 0, 0);
    for (const std::size_t capacity : {31, 256, 512, 4096, 65536}) {
      for (const std::size_t blocked : {0, 1, 100}) {
        const std::size_t size = encoded_size(list, capacity, blocked);
        if (capacity == 4096)
          std::cout << list.name << ", " << blocked << " blocked: " << size << " bytes; " << without << " without\n";
        if (list.lists.size() < 10) continue;  // too short for a table to gain
        if (capacity == 31) {
          EXPECT_EQ(size, without) << list.name;
        } else {
          EXPECT_LT(size, without) << list.name << ", " << capacity << ", " << blocked;
        }
      }
    }
  }
}

TEST(qifs, as_short_as_the_best) {
  std::string missing;
  const qif_folder folder = read_qifs(missing);
  if (!missing.empty()) GTEST_SKIP() << missing;
  std::map<std::string, std::pair<std::size_t, std::string>> best;
  for (const encoded_file& file : folder.encoded) {
    if (file.table_capacity != 4096 || file.blocked_streams != 100 || !file.acknowledged) continue;
    if (!file.name.ends_with(".1")) continue;  // an example of a draft
    std::size_t size = 0;
    for (const encoded_chunk& chunk : file.chunks) size += chunk.bytes.size();
    auto& least = best[file.list];
    if (least.first == 0 || size < least.first) least = {size, file.name};
  }
  EXPECT_FALSE(best.empty());
  for (const auto& [name, least] : best) {
    const qif* const list = find_list(folder, name);
    ASSERT_NE(list, nullptr) << name;
    const std::size_t ours = encoded_size(*list, 4096, 100);
    std::cout << name << ": ours " << ours << ", the best " << least.first << " bytes (" << least.second << ")\n";
    EXPECT_LE(ours * 100, least.first * 102) << name;
  }
}

}  // namespace
}  // namespace parley::fieldcode::test
