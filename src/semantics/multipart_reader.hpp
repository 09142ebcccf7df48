// Multipart content as it comes: form-data, byteranges (RFC 2046 §5.1). Sans-I/O: bytes go in, one event at a time comes out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "semantics/form_fault.hpp"

namespace parley::semantics {

struct multipart_caps {
  std::size_t parts = 1000;
  std::size_t head = 8 * 1024;                  // bytes of one part's head
  std::size_t lines = 16;                       // of one part's head
  std::uint64_t total = 1024ULL * 1024 * 1024;  // bytes of the whole content, boundaries and heads included
};

enum class multipart_event : std::uint8_t {
  need_more,  // all bytes are taken
  head,       // a part begins: `head()`
  data,       // bytes of the part: `data()`
  part_end,
  end,  // the last boundary; what follows is taken and ignored
  fault,
};

/// One line of a part's head; views that are valid until the next part begins.
struct part_line {
  std::string_view name;
  std::string_view value;
};

/// Lines end with CRLF, and what begins like the boundary is the boundary. A line of a head that begins with a blank goes on with the one before it.
class multipart_reader {
 public:
  /// `boundary` as the Content-Type says it; see `is_boundary`.
  explicit multipart_reader(std::string_view boundary, multipart_caps caps = {});
  multipart_reader(const multipart_reader&) = delete;  // the lines are views into it
  multipart_reader& operator=(const multipart_reader&) = delete;

  /// Takes from the front of `bytes` what the next event needs. Call it until it says `need_more`.
  multipart_event next(std::string_view& bytes);
  /// To be asked when the content has ended: a fault when its last boundary has not come.
  [[nodiscard]] std::optional<form_fault> finish() const;

  [[nodiscard]] const std::vector<part_line>& head() const { return lines_; }
  /// Valid until the next call, and as long as the bytes that were given.
  [[nodiscard]] std::string_view data() const { return data_; }
  [[nodiscard]] const form_fault& fault() const { return fault_; }

 private:
  enum class state : std::uint8_t { preamble, after_boundary, head, body, epilogue, failed };

  multipart_event fail(form_fault why);
  multipart_event take(std::string_view& bytes);
  std::optional<multipart_event> take_until_boundary(std::string_view& bytes);
  std::optional<multipart_event> take_after_boundary(std::string_view& bytes);
  std::optional<multipart_event> take_head(std::string_view& bytes);
  std::optional<multipart_event> at_boundary();
  std::optional<multipart_event> give_data(std::string_view text);
  bool split_head();

  std::string delimiter_;  // CRLF, two hyphens, the boundary
  multipart_caps caps_;
  state state_ = state::preamble;
  // How much of the delimiter stood at the end of what was taken. Its carriage return occurs in it but once, so what turns out not to be
  // the delimiter is content as far as it matched.
  std::size_t matched_ = 2;
  // How much of that was taken for another line's end before: the line break of an empty head, or none at all at the beginning.
  std::size_t borrowed_ = 2;
  std::string tail_;  // what follows a boundary up to its line's end
  std::string head_;
  std::vector<part_line> lines_;
  std::string_view data_;
  std::size_t parts_ = 0;
  std::uint64_t total_ = 0;
  form_fault fault_;
};

}  // namespace parley::semantics
