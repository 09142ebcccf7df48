// Byte ranges: what a Range field comes to for a representation, and Content-Range both ways (RFC 9110 §14).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::semantics {

/// Offsets of the first and the last byte, both included.
struct byte_range {
  std::uint64_t first = 0;
  std::uint64_t last = 0;

  [[nodiscard]] std::uint64_t length() const { return last - first + 1; }
  bool operator==(const byte_range&) const = default;
};

/// What one request may ask for (RFC 9110 §17.15, CVE-2011-3192).
struct range_caps {
  std::size_t specs = 64;          // in the field; with more of them it is ignored
  std::size_t parts = 16;          // that are left after merging; with more of them the field is ignored
  std::uint64_t bridged_gap = 80;  // so many bytes between two ranges are sent along: the head of a part costs more (§15.3.7.2)
};

enum class range_answer : std::uint8_t {
  whole,          // 200: there is nothing that is to be obeyed
  partial,        // 206: one part by itself, several as multipart/byteranges
  unsatisfiable,  // 416, with `unsatisfied_range`
};

struct chosen_ranges {
  range_answer answer = range_answer::whole;
  /// Within the length, none overlapping another, in the order in which they were asked for.
  std::vector<byte_range> parts = {};
};

/// What the value of a Range field asks of a representation of `length` bytes. Only for GET, after the preconditions (§14.2). Other
/// units than bytes, what breaks the grammar, too many ranges, and the last bytes of an empty representation are ignored: it has none, but
/// asking for them is satisfiable (§14.1.2), which no 206 could say. All else that is asked of an empty one is unsatisfiable.
[[nodiscard]] chosen_ranges choose_ranges(std::string_view range, std::uint64_t length, const range_caps& caps = {});

/// `bytes=500-`: from `first` on, as a download that is resumed asks.
[[nodiscard]] std::string range_from(std::uint64_t first);

/// The value of a Content-Range field.
struct content_range {
  std::optional<byte_range> range;        // nothing in the answer to what is unsatisfiable: `bytes */1234`
  std::optional<std::uint64_t> complete;  // the length of the whole; nothing for `*`, when it is not known
  bool operator==(const content_range&) const = default;
};

/// Nothing for other units and for what §14.4 calls invalid: a last position before the first, a complete length that is not beyond it.
[[nodiscard]] std::optional<content_range> parse_content_range(std::string_view value);
/// `bytes 0-499/1234`; one of both is there.
[[nodiscard]] std::string to_text(const content_range& value);
/// `bytes */1234`
[[nodiscard]] std::string unsatisfied_range(std::uint64_t complete);

}  // namespace parley::semantics
