// Content codings on the fly.
//
//   app.compression(parley::compression_options());
//   app.compression(parley::compression_options().codings({"zstd", "gzip"}).minimum(4096).level("gzip", 1));
#pragma once

#include <parley/config.hpp>

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley {

/// What is sent in a content coding, and how (`server::compression`).
///
/// An answer is coded when all of this holds: its status is 200 or another with content but 206; its type is among `types`; its length is
/// at least `minimum`, or not known; it has no Content-Encoding, no `Cache-Control: no-transform` and no Content-Range; it did not say
/// `compress(false)`; the request has no Range; and Accept-Encoding prefers one of `codings` to the content as it is. Whatever could have been
/// coded says `Vary: Accept-Encoding`. Who refuses content as it is (`identity;q=0`, RFC 9110 §12.5.3) gets it coded whatever its length and type are, and
/// whole where a Range asks for a part; where none of `codings` is accepted either, it is sent as it is.
///
/// Content that is produced goes out as it is written: what was written is flushed once its producer waits for something else, so events and
/// progress are not held up, and back-pressure stays. An ETag gets the coding's name behind it (`"v1"` becomes `"v1-br"`): If-None-Match
/// and If-Match know both, If-Range does not mix them.
class PARLEY_API compression_options {
 public:
  compression_options();

  /// Of `br`, `zstd` and `gzip`, the favourite first; clients choose by weight before that counts. Default: br, zstd, gzip. Throws
  /// `std::invalid_argument` for another.
  compression_options& codings(std::initializer_list<std::string_view> favourites_first);
  compression_options& codings(const std::vector<std::string>& favourites_first);
  /// How much work goes into a coding: br 0 to 11 (default 4), zstd 1 to 19 (3), gzip 1 to 9 (6). What lies beyond is brought to the end of
  /// the scale. Throws `std::invalid_argument` for another coding.
  compression_options& level(std::string_view coding, int value);
  /// What is shorter is sent as it is. Default: 1,024 bytes, which fit into one packet anyway.
  compression_options& minimum(std::size_t bytes);
  /// The media types, `text/*` for all of a kind. Default: text, JSON, XML, JavaScript, SVG, WebAssembly and some others that are no archives.
  compression_options& types(std::vector<std::string> all);
  /// How many answers of one loop may be under way in a coding at once: each takes some memory (gzip 256 KiB, br and zstd up to some MiB) until its
  /// client has taken it. More are sent as they are. Default: 128.
  compression_options& at_once(std::size_t answers);

  [[nodiscard]] const std::vector<std::string>& codings() const { return codings_; }
  [[nodiscard]] std::optional<int> level(std::string_view coding) const;
  [[nodiscard]] std::size_t minimum() const { return minimum_; }
  [[nodiscard]] const std::vector<std::string>& types() const { return types_; }
  [[nodiscard]] std::size_t at_once() const { return at_once_; }

 private:
  struct chosen_level {
    std::string coding;
    int value;
  };
  std::vector<std::string> codings_;
  std::vector<chosen_level> levels_;
  std::vector<std::string> types_;
  std::size_t minimum_ = 1024;
  std::size_t at_once_ = 128;
};

}  // namespace parley
