// A download that goes on where an earlier one ended (-C).
#pragma once

#include <parley/fields.hpp>
#include <parley/response.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley::tool {

/// What a Content-Range of bytes says: `bytes 3-9/10`, `bytes 3-9/*`, `bytes */10`.
struct part_of_file {
  std::optional<std::uint64_t> first, last, complete;
};
[[nodiscard]] std::optional<part_of_file> read_content_range(std::string_view value);

/// The file, as far as it has come. What it is of (an entity tag or a date) is kept beside it, in FILE.parley-part, until it is whole, so that
/// the rest is asked for only while it is the same (If-Range, RFC 9110 §13.1.5). Throws `refusal`.
class partial_file {
 public:
  /// From byte `from` on, or from where it ends.
  partial_file(std::string path, std::optional<std::uint64_t> from);
  partial_file(const partial_file&) = delete;
  partial_file& operator=(const partial_file&) = delete;
  ~partial_file();

  /// Asks for what is missing.
  void ask(fields& of) const;
  /// Whether content follows that is to be written. False: the file is whole already.
  [[nodiscard]] bool take(const response& answer);
  void write(std::string_view piece);
  /// All of the answer was written.
  void finish();
  [[nodiscard]] std::uint64_t size() const { return offset_; }

 private:
  void start_over(const response& answer);
  [[noreturn]] void fail(const char* doing, int error) const;

  std::string path_, note_path_;
  std::string validator_;  // of what the file is a part of; empty: not known
  int descriptor_ = -1;
  std::uint64_t offset_ = 0;
  std::optional<std::uint64_t> complete_;
  std::optional<std::uint64_t> part_end_;  // of what a 206 has; 200 has no such thing
};

}  // namespace parley::tool
