#include "fieldcode/qpack_encoder.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>

#include "fieldcode/qpack_support.hpp"

namespace parley::fieldcode::test {
namespace {

// What a browser sends for a page and its parts; `part` is one of them.
field_list browser_request(int part) {
  const bool page = part == 0;
  return {{":method", "GET"},
          {":scheme", "https"},
          {":authority", "www.example.re:8443"},
          {":path", page ? "/customers" : "/static/part" + std::to_string(part) + ".css"},
          {"sec-ch-ua", "\"Chromium\";v=\"126\", \"Not/A)Brand\";v=\"8\""},
          {"sec-ch-ua-mobile", "?0"},
          {"sec-ch-ua-platform", "\"Linux\""},
          {"user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"},
          {"accept", page ? "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8" : "text/css,*/*;q=0.1"},
          {"sec-fetch-site", "same-origin"},
          {"sec-fetch-mode", page ? "navigate" : "no-cors"},
          {"sec-fetch-dest", page ? "document" : "style"},
          {"accept-encoding", "gzip, deflate, br, zstd"},
          {"accept-language", "en-GB,en;q=0.9"},
          {"cookie", "session=0123456789abcdef0123456789abcdef"}};
}
std::size_t text_size(const field_list& fields) {
  std::size_t size = 0;
  for (const field& f : fields) size += f.name.size() + f.value.size();
  return size;
}

// An encoder that leaves its table empty fails here, in each way of using it.
TEST(qpack_encoder, a_browsers_run_gains_from_the_table) {
  const struct {
    std::size_t blocked;
    bool acknowledged;
    std::size_t most;  // of the last request, in bytes
  } rows[] = {{100, true, 40}, {100, false, 40}, {0, true, 40}, {0, false, 500}};
  for (const auto& row : rows) {
    qpack_pair pair(4096, row.blocked);
    std::size_t last = 0;
    for (int i = 0; i < 10; ++i) {
      const field_list fields = browser_request(i);
      const std::string section = encode(pair.encoder, static_cast<std::uint64_t>(4 * i), fields);
      const std::string instructions = take(pair.encoder);
      last = section.size() + instructions.size();
      ASSERT_EQ(receive(pair.decoder, instructions), "");
      ASSERT_EQ(decode(pair.decoder, static_cast<std::uint64_t>(4 * i), section).fields, fields);
      if (row.acknowledged) pair.carry_acknowledgements();
    }
    EXPECT_GT(pair.encoder.inserted(), 8u) << row.blocked;
    EXPECT_LE(last, row.most) << row.blocked << ", of " << text_size(browser_request(9));
  }
}

// What is repeated is what encoding it once more would have given; and is not, as soon as that may be something else.
TEST(qpack_encoder, a_section_is_repeated_while_the_table_is_the_same) {
  for (const std::size_t blocked : {0U, 100U}) {
    qpack_pair pair(4096, blocked);
    const field_list fields{
        {":status", "200"}, {"server", "parley"}, {"date", "Mon, 23 Nov 2026 12:00:00 GMT"}, {"etag", "\"d-2074d0\""}};
    std::uint64_t stream = 0;
    std::string section;
    std::optional<qpack_encoder::repetition> how;
    const auto send = [&](const field_list& what) {
      section = encode(pair.encoder, stream, what);
      how = pair.encoder.repeatable();
      ASSERT_EQ(receive(pair.decoder, take(pair.encoder)), "");
      ASSERT_EQ(decode(pair.decoder, stream, section).fields, what);
      stream += 4;
    };
    send(fields);
    EXPECT_FALSE(how) << "inserted into the table, or looked for";
    for (int i = 0; i < 8 && !how; ++i) {
      pair.carry_acknowledgements();
      send(fields);
    }
    ASSERT_TRUE(how) << blocked;
    const auto first_how = *how;
    const std::string first = section;
    ASSERT_NE(first_how.required, 0U);
    // Sections that refer to entries which the peer may not have yet count for the streams at risk; no repeated one does.
    for (int i = 0; i < 40; ++i) {
      ASSERT_TRUE(pair.encoder.repeat(first_how, stream));
      ASSERT_EQ(decode(pair.decoder, stream, first).fields, fields);
      send(fields);
      EXPECT_EQ(section, first);
      if (i % 3 == 0) pair.carry_acknowledgements();
    }
    EXPECT_EQ(pair.encoder.streams_at_risk(), 0U);
    pair.carry_acknowledgements();
    // Each of them was acknowledged: an acknowledgement that fits none is an error of the peer.
    field_list other = fields;
    other[2].value = "Mon, 23 Nov 2026 12:00:01 GMT";
    send(other);
    EXPECT_FALSE(how);
    EXPECT_FALSE(pair.encoder.repeat(first_how, stream)) << "the base has moved";
    for (int i = 0; i < 8 && !how; ++i) {
      pair.carry_acknowledgements();
      send(other);
    }
    ASSERT_TRUE(how) << blocked;
    pair.carry_acknowledgements();
    ASSERT_TRUE(pair.encoder.forget());
    EXPECT_FALSE(pair.encoder.repeat(*how, stream)) << "the table is empty";
  }
}

TEST(qpack_encoder, a_repeated_section_keeps_its_entries_and_counts) {
  qpack_pair pair(4096, 0);
  const field_list fields{{"server", "parley"}};
  std::uint64_t stream = 0;
  std::optional<qpack_encoder::repetition> how;
  for (int i = 0; i < 4; ++i, stream += 4) {
    const std::string section = encode(pair.encoder, stream, fields);
    how = pair.encoder.repeatable();
    ASSERT_EQ(receive(pair.decoder, take(pair.encoder)), "");
    ASSERT_EQ(decode(pair.decoder, stream, section).fields, fields);
    pair.carry_acknowledgements();
  }
  ASSERT_TRUE(how);
  ASSERT_TRUE(pair.encoder.repeat(*how, stream));
  EXPECT_FALSE(pair.encoder.forget()) << "a section that refers to the table is not acknowledged";
  std::size_t sections = 1;
  while (pair.encoder.repeat(*how, stream += 4)) ++sections;
  EXPECT_EQ(sections, qpack_encoder_limits{}.sections);
}

TEST(qpack_encoder, static_fields_need_no_table) {
  qpack_pair pair;
  for (std::size_t i = 0; i < qpack_static_count; ++i) {
    const static_field& f = qpack_static_table[i];
    EXPECT_EQ(qpack_static_table[qpack_static_name(f.name)].name, f.name);
    if (f.name == "set-cookie" || f.name == "cookie" || f.name == "authorization") continue;
    char bytes[2];
    char* const end = qpack_encoder::encode_static(i, bytes);
    EXPECT_EQ(hex(encode(pair.encoder, 0, {{std::string(f.name), std::string(f.value)}})), "0000" + hex({bytes, end})) << i;
    EXPECT_EQ(decode(pair.decoder, 0, std::string(2, '\0') + std::string(bytes, end)).fields,
              (field_list{{std::string(f.name), std::string(f.value)}}));
  }
  EXPECT_EQ(take(pair.encoder), "") << "nor its capacity";
  for (const std::string_view name : {"", "a", ":", "content-typf", "Content-Type", "x-accept", "acceptt", ":pat"}) {
    EXPECT_EQ(qpack_static_name(name), qpack_no_index) << name;
  }
}

TEST(qpack_encoder, secrets_are_never_indexed) {
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
      {"x-own", "*/*", false},
  };
  for (const auto& row : rows) {
    qpack_pair pair;
    for (std::uint64_t i = 0; i < 3; ++i) {
      EXPECT_EQ(pair.send(4 * i, {{std::string(row.name), std::string(row.value)}}).fields,
                (field_list{{std::string(row.name), std::string(row.value), row.secret}}));
    }
    EXPECT_EQ(pair.encoder.inserted(), row.secret ? 0u : 1u) << row.name;
  }
  // What is said to be secret is so, whatever its name and wherever its value is known from.
  qpack_pair pair;
  for (const std::string_view name : {"x-own", "accept", ":method"}) {
    for (const bool secret : {false, true}) {
      const field_list sent = {{std::string(name), "GET", secret}};
      EXPECT_EQ(pair.send(0, sent).fields, sent);
    }
  }
}

TEST(qpack_encoder, values_that_come_once_leave_the_table_alone) {
  qpack_pair pair;
  for (int i = 0; i < 1000; ++i) pair.send(0, {{":path", "/customers/" + std::to_string(i)}});
  EXPECT_EQ(pair.encoder.inserted(), 0u);
  pair.send(0, {{":path", "/customers/999"}});
  EXPECT_EQ(pair.encoder.inserted(), 1u) << "the second time it goes in";
  EXPECT_EQ(hex(encode(pair.encoder, 0, {{":path", "/customers/999"}})), "020080");
  pair.send(0, {{"x-large", std::string(3100, 'x')}});
  EXPECT_EQ(pair.encoder.inserted(), 1u) << "more than three quarters of the table";
}

// --- blocking ------------------------------------------------------------------------------------------------------------------

// Never a reference to what the peer has not said that it has: whether the peer forbids it, or we do.
TEST(qpack_encoder, never_blocks_when_told_not_to) {
  for (const bool ours : {false, true}) {
    qpack_encoder encoder(1, {.table_capacity = 4096, .blocked_streams = ours ? 0u : 100u});
    ASSERT_TRUE(encoder.set_peer_limits(4096, ours ? 100 : 0));
    qpack_decoder decoder(length_tag, {.table_capacity = 4096, .blocked_streams = 0});
    std::string instructions;
    for (int i = 0; i < 60; ++i) {
      const std::string section = encode(encoder, static_cast<std::uint64_t>(4 * i), browser_request(i % 3));
      EXPECT_EQ(encoder.streams_at_risk(), 0u);
      const section_outcome made = decode(decoder, static_cast<std::uint64_t>(4 * i), section);
      ASSERT_EQ(made.error, "") << i;
      ASSERT_EQ(made.fields, browser_request(i % 3));
      instructions += take(encoder);
      if (i % 10 != 9) continue;  // instructions come late, and are acknowledged then
      ASSERT_EQ(receive(decoder, instructions), "");
      instructions.clear();
      ASSERT_EQ(receive(encoder, take(decoder)), "");
    }
    EXPECT_GT(encoder.inserted(), 8u);
    EXPECT_LT(encode(encoder, 400, browser_request(1)).size(), 40u) << "and it gains all the same";
  }
}

// As many streams as are allowed, each counted once, until the peer has said that it has what they need.
TEST(qpack_encoder, streams_at_risk_are_counted) {
  qpack_encoder encoder(1, {});
  ASSERT_TRUE(encoder.set_peer_limits(4096, 2));
  // The entries that a section needs; the second one's name is taken from the first where its value may not be.
  const auto needs = [&](std::uint64_t stream, const char* value) {
    const int count = encode(encoder, stream, {{"x-own", value}})[0];
    return count == 0 ? 0 : count - 1;
  };
  EXPECT_EQ(needs(0, "one"), 1);
  EXPECT_EQ(needs(0, "two"), 2);
  EXPECT_EQ(needs(4, "one"), 1);
  EXPECT_EQ(encoder.streams_at_risk(), 2u);
  EXPECT_EQ(needs(8, "one"), 0) << "a third";
  EXPECT_EQ(needs(4, "two"), 2) << "one of them may as well wait for more";
  ASSERT_EQ(receive(encoder, unhex("01")), "");
  EXPECT_EQ(encoder.streams_at_risk(), 2u) << "both still need the second entry";
  EXPECT_EQ(needs(8, "one"), 1) << "which is known now";
  EXPECT_EQ(needs(8, "two"), 1);
  ASSERT_EQ(receive(encoder, unhex("40")), "");  // stream 0 is cancelled
  EXPECT_EQ(encoder.streams_at_risk(), 1u);
  EXPECT_EQ(needs(8, "two"), 2);
  ASSERT_EQ(receive(encoder, unhex("8484")), "");
  EXPECT_EQ(encoder.known_received(), 2u);
  EXPECT_EQ(encoder.streams_at_risk(), 0u);
}

// --- the table -----------------------------------------------------------------------------------------------------------------

// Nothing leaves the table that a section under way may need, or that the peer may not have: the peer's table never lacks an entry.
TEST(qpack_encoder, entries_in_use_stay) {
  qpack_encoder encoder(1, {.table_capacity = 200});
  ASSERT_TRUE(encoder.set_peer_limits(200, 100));
  for (int i = 0; i < 20; ++i) encode(encoder, static_cast<std::uint64_t>(4 * i), {{"x-own", "value " + std::to_string(i)}});
  EXPECT_EQ(encoder.inserted(), 4u) << "the table is full of what is not acknowledged";
  ASSERT_EQ(receive(encoder, unhex("04")), "");
  encode(encoder, 80, {{"x-own", "value 20"}});
  EXPECT_EQ(encoder.inserted(), 4u) << "sections refer to all of it";
  ASSERT_EQ(receive(encoder, unhex("84")), "");  // stream 4, whose entry is the second
  encode(encoder, 84, {{"x-own", "value 21"}});
  EXPECT_EQ(encoder.inserted(), 4u) << "the first one is in use";
  ASSERT_EQ(receive(encoder, unhex("80")), "");
  encode(encoder, 88, {{"x-own", "value 22"}});
  encode(encoder, 92, {{"x-own", "value 23"}});
  EXPECT_EQ(encoder.inserted(), 6u);
  encode(encoder, 96, {{"x-own", "value 24"}});
  EXPECT_EQ(encoder.inserted(), 6u);
}

// What is used often lives on by duplicates, however much comes and goes, and its end never stops the table.
TEST(qpack_encoder, entries_in_use_are_duplicated) {
  for (const std::size_t blocked : {0, 100}) {
    qpack_pair pair(2048, blocked);
    std::size_t literals = 0;
    for (int i = 0; i < 500; ++i) {
      const field_list fields = {{"x-constant", "a value that comes each time"}, {"x-own", "value " + std::to_string(i / 2)}};
      const std::string section = encode(pair.encoder, 0, fields);
      if (i > 10 && section.size() > 30) ++literals;
      pair.carry_instructions();
      EXPECT_EQ(decode(pair.decoder, 0, section).fields, fields);
      pair.carry_acknowledgements();
    }
    EXPECT_GT(pair.encoder.inserted(), 240u);
    EXPECT_EQ(literals, 0u) << blocked;
    EXPECT_EQ(describe(pair.decoder.table()), describe(pair.encoder.table()));
  }
}

TEST(qpack_encoder, inserts_only_while_it_may) {
  qpack_pair pair;
  pair.encoder.allow_inserts(false);
  for (int i = 0; i < 3; ++i) pair.send(0, browser_request(i));
  EXPECT_EQ(pair.encoder.inserted(), 0u);
  pair.encoder.allow_inserts(true);
  pair.send(0, browser_request(0));
  const std::uint64_t before = pair.encoder.inserted();
  EXPECT_GT(before, 8u);
  pair.encoder.allow_inserts(false);
  EXPECT_LT(encode(pair.encoder, 0, browser_request(0)).size(), 40u) << "what is there is used";
  EXPECT_EQ(pair.encoder.inserted(), before);
}

// A peer that says it has entries that were never sent, and takes nothing: what is not sent has a limit.
TEST(qpack_encoder, instructions_that_nobody_takes) {
  qpack_encoder encoder(1, {.table_capacity = 4096, .unsent = 1000});
  ASSERT_TRUE(encoder.set_peer_limits(4096, 100));
  for (int i = 0; i < 1000; ++i) {
    encode(encoder, 0, {{"x-own", "value " + std::to_string(i)}});
    static_cast<void>(receive(encoder, unhex("80")));
  }
  EXPECT_LE(encoder.output().size(), 1000u);
  EXPECT_GT(encoder.output().size(), 500u);
  take(encoder);
  encode(encoder, 0, {{"x-own", "another value"}});
  EXPECT_FALSE(encoder.output().empty());
}

TEST(qpack_encoder, sections_that_nobody_acknowledges) {
  qpack_encoder encoder(1, {.sections = 50});
  ASSERT_TRUE(encoder.set_peer_limits(4096, 100));
  std::size_t references = 0;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    if (encode(encoder, 0, {{"x-own", "the same value"}})[0] != 0) ++references;
  }
  EXPECT_EQ(references, 50u);
  EXPECT_LE(encoder.memory(), 6u * 1024);
  ASSERT_EQ(receive(encoder, unhex("80")), "");
  EXPECT_NE(encode(encoder, 0, {{"x-own", "the same value"}})[0], 0) << "there is room for one again";
  EXPECT_EQ(encode(encoder, 0, {{"x-own", "the same value"}})[0], 0);
}

// --- settings ------------------------------------------------------------------------------------------------------------------

TEST(qpack_encoder, no_table_until_the_peer_allows_it) {
  qpack_encoder encoder(1, {});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(encode(encoder, 0, browser_request(0))[0], 0);
  EXPECT_EQ(encoder.inserted(), 0u);
  EXPECT_EQ(encoder.memory(), 0u);
  ASSERT_TRUE(encoder.set_peer_limits(0, 0));
  for (int i = 0; i < 3; ++i) encode(encoder, 0, browser_request(0));
  EXPECT_EQ(take(encoder), "");
  ASSERT_TRUE(encoder.set_peer_limits(1 << 20, 10)) << "0-RTT had none";
  encode(encoder, 0, {{"a", "b"}});
  EXPECT_EQ(hex(take(encoder)),
            "3fe11f4161"
            "0162")
      << "never more than ours";
  EXPECT_EQ(encoder.table().capacity(), 4096u);
}

TEST(qpack_encoder, remembered_settings_stay) {
  for (const std::uint64_t capacity : {0, 100, 4096, 8192}) {
    qpack_encoder encoder(1, {});
    ASSERT_TRUE(encoder.set_peer_limits(4096, 0));
    encode(encoder, 0, {{"a", "b"}});
    const auto done = encoder.set_peer_limits(capacity, 100);
    EXPECT_EQ(done.has_value(), capacity == 4096);
    if (!done) {
      EXPECT_EQ(done.error().code, qpack_code::decoder_stream_error);
      EXPECT_EQ(done.error().section, "RFC 9204 §3.2.3");
    }
  }
}

// A capacity that the peer allows and we do not use still gives the modulus of the Required Insert Count.
TEST(qpack_encoder, required_insert_counts_wrap) {
  for (const std::size_t theirs : {96, 100, 4096, 65536}) {
    qpack_encoder encoder(1, {.table_capacity = 256});
    ASSERT_TRUE(encoder.set_peer_limits(theirs, 100));
    qpack_decoder decoder(length_tag, {.table_capacity = theirs, .blocked_streams = 100});
    for (int i = 0; i < 2000; ++i) {
      const field_list fields = {{"a", std::to_string(i)}};
      const std::string section = encode(encoder, 0, fields);
      ASSERT_EQ(receive(decoder, take(encoder)), "");
      ASSERT_EQ(decode(decoder, 0, section).fields, fields);
      ASSERT_EQ(receive(encoder, take(decoder)), "");
    }
    EXPECT_EQ(encoder.inserted(), 2000u) << theirs;
  }
}

// --- the decoder stream --------------------------------------------------------------------------------------------------------

TEST(qpack_encoder, hostile_instructions) {
  const std::string_view none = "a section is acknowledged on a stream where none is outstanding";
  const std::string_view increment = "an Insert Count Increment is zero, or counts entries that were never sent";
  const std::string_view integer = "an integer is larger than any that makes sense";
  const struct {
    std::string_view instructions;
    std::string_view error;
  } rows[] = {
      {"84", ""},
      {"8484", none},
      {"88", none},
      {"ff00", ""},  // stream 127
      {"ff0084ff00", none},
      {"44", ""},
      {"4484", none},
      {"4444", ""},  // RFC 9204 §2.2.2.2: also for streams without sections
      {"48", ""},
      {"7fffffffffffffffff3e", ""},
      {"7fffffffffffffffffff7f", integer},
      {"00", increment},
      {"01", ""},
      {"02", ""},
      {"0101", ""},
      {"03", increment},
      {"0102", increment},
      {"84ff0001", increment},  // both sections have told of all
      {"3f", ""},               // not whole
      {"3f00", increment},
      {"ff", ""},
      {"ffffffffffffffffffff7f", integer},
      {"3fffffffffffffffffff7f", integer},
      {"3f80808080808080808080", integer},
  };
  for (const auto& row : rows) {
    at_fragment_sizes([&](std::size_t piece) {
      qpack_encoder encoder(1, {});
      ASSERT_TRUE(encoder.set_peer_limits(4096, 100));
      encode(encoder, 4, {{"a", "b"}});
      encode(encoder, 127, {{"c", "d"}});
      EXPECT_EQ(receive(encoder, unhex(row.instructions), piece), row.error) << row.instructions;
    });
  }
  qpack_encoder encoder(1, {});
  const auto done = encoder.receive(std::string_view("\0", 1));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, qpack_code::decoder_stream_error);
}

TEST(qpack_encoder, acknowledgements_are_of_the_earliest_section) {
  qpack_encoder encoder(1, {});
  ASSERT_TRUE(encoder.set_peer_limits(4096, 100));
  for (const char* value : {"one", "two", "three"}) encode(encoder, 4, {{"x-own", value}});
  encode(encoder, 8, {{"x-own", "three"}});
  ASSERT_EQ(receive(encoder, unhex("84")), "");
  EXPECT_EQ(encoder.known_received(), 1u);
  ASSERT_EQ(receive(encoder, unhex("88")), "");
  EXPECT_EQ(encoder.known_received(), 3u);
  ASSERT_EQ(receive(encoder, unhex("8484")), "");
  EXPECT_EQ(encoder.known_received(), 3u);
}

// --- all together --------------------------------------------------------------------------------------------------------------

// A transport in which each stream is in order and nothing else is: instructions, sections and answers come late, in pieces, and streams
// are cancelled. Every field comes back, nothing is refused, and no more streams wait than may.
TEST(qpack_encoder, random_fields_come_back) {
  std::mt19937 random(11);
  const std::string_view names[] = {":path", "cookie", "etag", "accept", "x-a", "x-b", "date", "set-cookie", "content-length", ""};
  for (unsigned round = 0; round < 60; ++round) {
    const std::size_t theirs = random() % 8 == 0 ? 0 : random() % 6000;
    const std::size_t blocked = random() % 4;
    qpack_encoder encoder(random(), {.table_capacity = random() % 6000, .blocked_streams = random() % 4});
    ASSERT_TRUE(encoder.set_peer_limits(theirs, blocked));
    qpack_decoder decoder(length_tag, {.table_capacity = theirs, .blocked_streams = blocked});
    struct sent {
      std::string section;
      field_list fields;
    };
    std::map<std::uint64_t, std::deque<sent>> streams;
    std::string to_decoder;
    std::string to_encoder;
    std::size_t decoded = 0;
    std::uint64_t open[8] = {0, 4, 8, 12, 16, 20, 24, 28};
    const auto read_first = [&](std::uint64_t stream) {
      auto& waiting = streams[stream];
      const section_outcome made = decode(decoder, stream, waiting.front().section);
      ASSERT_EQ(made.error, "");
      if (made.state == section_state::blocked) return;
      ASSERT_EQ(made.fields, waiting.front().fields);
      waiting.pop_front();
      ++decoded;
    };
    for (unsigned turn = 0; turn < 400; ++turn) {
      std::uint64_t& place = open[random() % std::size(open)];
      const std::uint64_t stream = place;
      switch (random() % 6) {
        case 0:
        case 1: {
          field_list fields;
          for (std::size_t i = 0, n = 1 + random() % 12; i < n; ++i) {
            field f;
            f.name = random() % 4 == 0 ? "x-" + std::to_string(random() % 100) : std::string(names[random() % std::size(names)]);
            const std::size_t size = random() % 30 == 0 ? random() % 3000 : random() % 40;
            if (random() % 2 == 0) {
              f.value = std::string(size % 25, static_cast<char>('a' + random() % 3));
            } else {
              for (std::size_t k = 0; k < size; ++k) f.value += static_cast<char>(random() % 256);
            }
            f.never_indexed = random() % 20 == 0 || f.name == "set-cookie" || (f.name == "cookie" && f.value.size() < 20);
            fields.push_back(std::move(f));
          }
          streams[stream].push_back({encode(encoder, stream, fields), fields});
          to_decoder += take(encoder);
          ASSERT_LE(encoder.streams_at_risk(), blocked);
          break;
        }
        case 2:
          if (!streams[stream].empty()) read_first(stream);
          break;
        case 3: {
          const std::size_t n = random() % (to_decoder.size() + 1);
          ASSERT_EQ(receive(decoder, to_decoder.substr(0, n), 1 + random() % 50), "");
          to_decoder.erase(0, n);
          for (auto next = decoder.next_unblocked(); next; next = decoder.next_unblocked()) read_first(*next);
          break;
        }
        case 4: {
          if (random() % 2 == 0) to_encoder += take(decoder);
          const std::size_t n = random() % (to_encoder.size() + 1);
          ASSERT_EQ(receive(encoder, to_encoder.substr(0, n), 1 + random() % 5), "");
          to_encoder.erase(0, n);
          break;
        }
        default:
          if (random() % 10 != 0) break;
          streams[stream].clear();
          decoder.cancel(stream);
          place += 4 * std::size(open);  // another one in its place
      }
      if (testing::Test::HasFatalFailure()) return;
    }
    ASSERT_EQ(receive(decoder, to_decoder), "");
    ASSERT_EQ(describe(decoder.table()), describe(encoder.table()));
    while (decoder.next_unblocked()) {
    }
    for (auto& [stream, waiting] : streams) {
      while (!waiting.empty()) read_first(stream);
      if (testing::Test::HasFatalFailure()) return;
    }
    ASSERT_EQ(receive(encoder, to_encoder + take(decoder)), "");
    EXPECT_EQ(encoder.known_received(), encoder.inserted());
    EXPECT_EQ(encoder.streams_at_risk(), 0u);
    EXPECT_GT(decoded, 20u);
  }
}

}  // namespace
}  // namespace parley::fieldcode::test
