#include "coding/decoder.hpp"
#include "coding/encoder.hpp"

#include <gtest/gtest.h>

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace parley::coding {
namespace {

constexpr std::array all_codings{content_coding::gzip, content_coding::deflate, content_coding::br, content_coding::zstd};

// Text that compresses, with a part that does not.
std::string sample(std::size_t length) {
  std::string text;
  std::uint32_t seed = 12345;
  while (text.size() < length) {
    seed = seed * 1664525u + 1013904223u;
    if (text.size() % 3000 > 2500) {
      text += static_cast<char>(seed >> 24);
    } else {
      text += "line " + std::to_string(seed >> 26) + " of what a server says\n";
    }
  }
  text.resize(length);
  return text;
}

std::string encode_in_pieces(content_coding which, std::string_view content, std::size_t piece, std::size_t room_size,
                             bool flush = false) {
  const auto coder = make_encoder(which);
  std::string coded;
  std::vector<char> room(room_size);
  const auto run = [&](std::string_view in, until aim) {
    while (true) {
      const step now = coder->encode(in, room, aim);
      coded.append(room.data(), now.written);
      if (now.done) break;
    }
  };
  for (std::size_t at = 0; at < content.size(); at += piece) run(content.substr(at, piece), flush ? until::flush : until::more);
  run({}, until::end);
  return coded;
}

struct outcome {
  std::string text;
  std::optional<decode_error> error = {};
};

outcome decode_in_pieces(const std::vector<content_coding>& codings, std::string_view coded, std::size_t piece,
                         std::size_t room_size, const decoder_caps& caps = {}) {
  decoder undo(codings, caps);
  outcome result;
  std::vector<char> room(room_size);
  for (std::size_t at = 0; at < coded.size(); at += piece) {
    std::string_view in = coded.substr(at, piece);
    while (true) {
      const auto now = undo.decode(in, room);
      if (!now) {
        result.error = now.error();
        return result;
      }
      result.text.append(room.data(), now->written);
      if (now->done) break;
    }
    EXPECT_TRUE(in.empty());
  }
  const auto ended = undo.finish();
  if (!ended) result.error = ended.error();
  return result;
}

outcome decode(content_coding which, std::string_view coded, const decoder_caps& caps = {}) {
  return decode_in_pieces({which}, coded, coded.size() + 1, 4096, caps);
}

std::optional<decode_fault> fault(const outcome& of) {
  if (!of.error) return std::nullopt;
  return of.error->fault;
}

TEST(coding, pieces_of_every_size_both_ways) {
  const std::string text = sample(20'000);
  for (const auto which : all_codings) {
    for (const std::size_t piece : {1u, 2u, 3u, 4u, 5u, 6u, 7u, 8u, 16u, 31u, 1000u, 20'000u}) {
      const std::string coded = encode_in_pieces(which, text, piece, 64 + piece % 7);
      EXPECT_LT(coded.size(), text.size() / 2) << name_of(which);
      for (const std::size_t room : {1u, 7u, 4096u, 40'000u}) {
        const outcome back = decode_in_pieces({which}, coded, piece, room);
        EXPECT_FALSE(back.error) << describe(*back.error);
        EXPECT_TRUE(back.text == text) << name_of(which) << " " << piece << " " << room;
      }
    }
  }
}

TEST(coding, nothing_and_one_byte) {
  for (const auto which : all_codings) {
    for (const std::string_view text : {"", "x"}) {
      const std::string coded = encode_whole(which, text);
      EXPECT_FALSE(coded.empty());
      const outcome back = decode_in_pieces({which}, coded, 1, 1);
      EXPECT_FALSE(back.error) << name_of(which);
      EXPECT_EQ(back.text, text);
    }
    EXPECT_FALSE(decode(which, "").error) << "a server with no content to send sends none";
  }
}

TEST(coding, all_levels_and_lengths) {
  const std::string text = sample(70'000);
  for (const auto which : all_codings) {
    const auto levels = levels_of(which);
    for (int level = levels.lowest - 1; level <= levels.highest + 1; ++level) {
      const std::string coded = encode_whole(which, text, level);
      EXPECT_TRUE(decode(which, coded).text == text) << name_of(which) << level;
    }
    for (std::size_t length = 0; length < 70'000; length = length * 3 + 1) {
      EXPECT_TRUE(decode(which, encode_whole(which, std::string_view(text).substr(0, length))).text == text.substr(0, length));
    }
  }
}

// What was flushed can be read at once, whatever the pieces.
TEST(coding, a_flush_shows_all_that_was_put) {
  for (const auto which : all_codings) {
    const auto coder = make_encoder(which);
    decoder undo({which});
    std::vector<char> room(64);
    std::vector<char> plain_room(100);
    std::string seen;
    std::string put;
    for (int event = 0; event < 200; ++event) {
      const std::string line = "data: " + std::to_string(event * event) + "\n\n";
      put += line;
      std::string_view in = line;
      while (true) {
        const step now = coder->encode(in, room, until::flush);
        std::string_view wire(room.data(), now.written);
        while (true) {
          const auto back = undo.decode(wire, plain_room);
          ASSERT_TRUE(back);
          seen.append(plain_room.data(), back->written);
          if (back->done) break;
        }
        if (now.done) break;
      }
      ASSERT_EQ(seen, put) << name_of(which);
    }
  }
}

// Members without content, and frames to be skipped: what comes to nothing could go on for ever.
TEST(coding, what_comes_to_nothing_has_an_end) {
  const std::string frame("\x50\x2a\x4d\x18\0\0\0\0", 8);
  const std::pair<content_coding, std::string> table[] = {{content_coding::gzip, encode_whole(content_coding::gzip, "")},
                                                          {content_coding::zstd, frame}};
  const decoder_caps caps{.output = 10'000};
  ASSERT_EQ(caps.input(), 20'000U + 65'536U);
  for (const auto& [which, nothing] : table) {
    std::string all;
    while (all.size() < caps.input()) all += nothing;
    const std::string within = all.substr(0, all.size() - nothing.size());
    EXPECT_FALSE(decode_in_pieces({which}, within, 1000, 100, caps).error) << name_of(which);
    const auto beyond = decode_in_pieces({which}, all + nothing, 1000, 100, caps);
    ASSERT_TRUE(beyond.error) << name_of(which);
    EXPECT_EQ(beyond.error->fault, decode_fault::input) << name_of(which);
    EXPECT_NE(describe(*beyond.error).find("longer than anything"), std::string::npos);
  }
  EXPECT_EQ(decoder_caps{.output = ~std::uint64_t{0}}.input(), ~std::uint64_t{0});
}

TEST(coding, what_is_cut_off_or_has_more_behind_it_is_refused) {
  const std::string text = sample(5000);
  for (const auto which : all_codings) {
    const std::string coded = encode_whole(which, text);
    for (std::size_t length = 1; length < coded.size(); length += 7) {
      EXPECT_EQ(fault(decode(which, coded.substr(0, length))), decode_fault::truncated) << name_of(which) << length;
    }
    for (const std::size_t piece : {std::size_t{1}, coded.size(), coded.size() + 4}) {
      EXPECT_EQ(fault(decode_in_pieces({which}, coded + "junk", piece, 100)), decode_fault::trailing) << name_of(which) << piece;
    }
  }
}

TEST(coding, what_is_broken_is_refused) {
  const std::string text = sample(5000);
  for (const auto which : all_codings) {
    EXPECT_EQ(fault(decode(which, "this is no coding at all")), decode_fault::malformed) << name_of(which);
  }
  std::string wrong_sum = encode_whole(content_coding::gzip, text);
  wrong_sum[wrong_sum.size() - 6] ^= 1;
  EXPECT_EQ(fault(decode(content_coding::gzip, wrong_sum)), decode_fault::malformed);
}

// Debian's libzstd decodes the formats of zstd's past too; RFC 8878 knows none of them.
TEST(coding, only_frames_of_the_rfc) {
  for (const std::string_view magic : {"\x22\xb5\x2f\xfd", "\x24\xb5\x2f\xfd", "\x25\xb5\x2f\xfd", "\x26\xb5\x2f\xfd",
                                       "\x27\xb5\x2f\xfd", "\x28\x2a\x4d\x18", "\x50\xb5\x2f\xfd", "\xd0\x2a\x4d\x18"}) {
    const std::string coded = std::string(magic) + std::string(20, '\0');
    EXPECT_EQ(fault(decode(content_coding::zstd, coded)), decode_fault::malformed);
    const std::string behind = encode_whole(content_coding::zstd, "x") + coded;
    EXPECT_EQ(fault(decode(content_coding::zstd, behind)), decode_fault::trailing);
  }
  // A frame to be skipped, of three bytes, and then one.
  const std::string skipped("\x5a\x2a\x4d\x18\x03\0\0\0abc", 11);
  EXPECT_EQ(decode_in_pieces({content_coding::zstd}, skipped + encode_whole(content_coding::zstd, "x") + skipped, 1, 1).text, "x");
}

TEST(coding, members_and_frames_are_one_content) {
  const std::string a = sample(1000);
  const std::string b = sample(333);
  for (const auto which : {content_coding::gzip, content_coding::zstd}) {
    const std::string coded = encode_whole(which, a) + encode_whole(which, "") + encode_whole(which, b);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{9}, coded.size()}) {
      const outcome back = decode_in_pieces({which}, coded, piece, 77);
      EXPECT_FALSE(back.error) << describe(*back.error);
      EXPECT_EQ(back.text, a + b);
    }
    EXPECT_EQ(fault(decode(which, coded.substr(0, coded.size() - 1))), decode_fault::truncated);
  }
}

TEST(coding, deflate_is_taken_bare_too) {
  const std::string text = sample(3000);
  z_stream bare{};
  ASSERT_EQ(deflateInit2(&bare, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string coded(4000, '\0');
  bare.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  bare.avail_in = static_cast<uInt>(text.size());
  bare.next_out = reinterpret_cast<Bytef*>(coded.data());
  bare.avail_out = static_cast<uInt>(coded.size());
  ASSERT_EQ(::deflate(&bare, Z_FINISH), Z_STREAM_END);
  coded.resize(bare.total_out);
  deflateEnd(&bare);
  EXPECT_EQ(decode_in_pieces({content_coding::deflate}, coded, 1, 10).text, text);
  EXPECT_EQ(fault(decode(content_coding::deflate, coded + "x")), decode_fault::trailing);
}

TEST(coding, codings_on_codings) {
  const std::string text = sample(50'000);
  std::string coded = encode_whole(content_coding::gzip, text);
  coded = encode_whole(content_coding::br, coded);
  coded = encode_whole(content_coding::zstd, coded);
  const std::vector<content_coding> applied{content_coding::gzip, content_coding::br, content_coding::zstd};
  for (const std::size_t piece : {std::size_t{1}, std::size_t{100}, coded.size()}) {
    const outcome back = decode_in_pieces(applied, coded, piece, piece * 3);
    EXPECT_FALSE(back.error) << describe(*back.error);
    EXPECT_TRUE(back.text == text);
  }
  EXPECT_EQ(fault(decode_in_pieces(applied, coded.substr(0, coded.size() - 3), 50, 50)), decode_fault::truncated);
  // The outer one is whole, what lies in it is not.
  const std::string half = encode_whole(content_coding::gzip, text).substr(0, 300);
  const outcome inner =
      decode_in_pieces({content_coding::gzip, content_coding::br}, encode_whole(content_coding::br, half), 50, 50);
  ASSERT_EQ(fault(inner), decode_fault::truncated);
  EXPECT_EQ(inner.error->coding, content_coding::gzip);
}

TEST(coding, names_in_fields) {
  using list = std::vector<content_coding>;
  EXPECT_EQ(parse_codings("gzip", 3), list({content_coding::gzip}));
  EXPECT_EQ(parse_codings(" X-GZIP ,identity, br,,zstd", 3),
            list({content_coding::gzip, content_coding::br, content_coding::zstd}));
  EXPECT_EQ(parse_codings("", 3), list());
  EXPECT_EQ(parse_codings("gzip, compress", 3).error(), "compress");
  EXPECT_EQ(parse_codings("gzip, br, gzip, br", 3).error(), "br");
  EXPECT_EQ(parse_codings("gzip;q=1", 3).error(), "gzip;q=1");
}

// --- what a hostile peer would like (docs/security.md) -------------------------------------------------------------------------

TEST(coding, a_bomb_stops_at_the_output_cap) {
  const std::string zeros(1'000'000, '\0');
  for (const auto which : all_codings) {
    const std::string bomb = encode_whole(which, zeros);
    const outcome cut = decode(which, bomb, {.output = 500'000, .ratio = 1'000'000'000});
    EXPECT_EQ(fault(cut), decode_fault::output) << name_of(which);
    EXPECT_LE(cut.text.size(), 500'000u);
    EXPECT_FALSE(decode(which, bomb, {.output = 1'000'000, .ratio = 1'000'000'000}).error) << name_of(which);
  }
}

TEST(coding, a_bomb_stops_at_the_ratio_cap_beyond_what_is_small) {
  const std::string zeros(1'000'000, '\0');
  for (const auto which : all_codings) {
    const std::string bomb = encode_whole(which, zeros);
    const outcome cut = decode(which, bomb, {.ratio = 200, .ratio_from = 300'000});
    EXPECT_EQ(fault(cut), decode_fault::ratio) << name_of(which);
    EXPECT_LE(cut.text.size(), 310'000u);
    EXPECT_FALSE(decode(which, bomb, {.ratio = 200, .ratio_from = 1'000'000}).error) << name_of(which);
    EXPECT_FALSE(decode(which, bomb, {.ratio = 0, .ratio_from = 300'000}).error) << "0: any " << name_of(which);
    EXPECT_EQ(fault(decode(which, encode_whole(which, std::string(8 << 20, '\0')))), decode_fault::ratio) << "the defaults";
  }
}

// A megabyte of empty members within a kilobyte: nothing ever comes out at the end.
TEST(coding, a_bomb_between_two_codings_is_seen) {
  const std::string nothing = encode_whole(content_coding::gzip, "");
  std::string many;
  while (many.size() < 1'000'000) many += nothing;
  const std::string bomb = encode_whole(content_coding::br, many);
  ASSERT_LT(bomb.size(), 2000u);
  const outcome cut = decode_in_pieces({content_coding::gzip, content_coding::br}, bomb, 100, 4096, {.ratio_from = 100'000});
  EXPECT_EQ(fault(cut), decode_fault::ratio);
  EXPECT_EQ(cut.text, "");
}

TEST(coding, large_windows_are_refused) {
  const std::string text = sample(100'000);
  for (const int bits : {23, 24, 27}) {
    ZSTD_CCtx* context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, bits);
    ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
    std::string coded(ZSTD_compressBound(text.size()), '\0');
    ZSTD_inBuffer in{text.data(), text.size(), 0};
    ZSTD_outBuffer out{coded.data(), coded.size(), 0};
    // Two steps, so that the library does not learn the length and choose a smaller window.
    in.size = 10;
    ASSERT_EQ(ZSTD_isError(ZSTD_compressStream2(context, &out, &in, ZSTD_e_flush)), 0u);
    in.size = text.size();
    ASSERT_EQ(ZSTD_compressStream2(context, &out, &in, ZSTD_e_end), 0u);
    ZSTD_freeCCtx(context);
    coded.resize(out.pos);
    const outcome back = decode(content_coding::zstd, coded);
    if (bits <= zstd_window_bits) {
      EXPECT_EQ(back.text, text);
    } else {
      EXPECT_EQ(fault(back), decode_fault::window) << bits;
    }
  }
  // Brotli's large windows begin with 0x11 (as `brotli --large_window` writes them).
  EXPECT_EQ(fault(decode(content_coding::br, "\x11\x1e\x03\x80")), decode_fault::malformed);
}

TEST(coding, our_own_encoders_stay_within_what_decoders_take) {
  const std::string text = sample(3'000'000);
  for (const int level : {1, 3, 12, 19}) {
    EXPECT_TRUE(decode(content_coding::zstd, encode_in_pieces(content_coding::zstd, text, 1 << 20, 1 << 16)).text == text) << level;
  }
}

TEST(coding, an_error_says_which_and_where) {
  const std::string coded = encode_whole(content_coding::br, sample(5000));
  const outcome cut = decode(content_coding::br, coded.substr(0, 100));
  ASSERT_TRUE(cut.error);
  EXPECT_EQ(describe(*cut.error), "the br content is cut off (after 100 bytes)");
}

}  // namespace
}  // namespace parley::coding
