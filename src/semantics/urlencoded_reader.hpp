// application/x-www-form-urlencoded content, as it comes (URL standard §5.1); `form_encode` of <parley/uri.hpp> writes it.
#pragma once

#include <parley/uri.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "semantics/form_fault.hpp"

namespace parley::semantics {

/// Bytes after decoding; `total` before it.
struct urlencoded_caps {
  std::size_t pairs = 1000;
  std::size_t name = 256;
  std::size_t value = 1024 * 1024;
  std::uint64_t total = 8 * 1024 * 1024;
};

/// Takes content in pieces of any size and gives its pairs. Reads each pair as `query_parameters` does: `+` is a space, a broken escape
/// stays as it is, pairs with nothing in them do not count.
class urlencoded_reader {
 public:
  explicit urlencoded_reader(urlencoded_caps caps = {}) : caps_(caps) {}

  /// Nothing when all is well; after a fault nothing more is taken.
  std::optional<form_fault> receive(std::string_view bytes);
  /// The content has ended.
  std::optional<form_fault> finish();
  /// The next pair that is complete.
  std::optional<query_parameters::parameter> next();

 private:
  std::optional<form_fault> take_pair(std::string_view text);
  std::optional<form_fault> fail(form_fault why);

  urlencoded_caps caps_;
  std::string partial_;  // of a pair that is not complete yet
  std::vector<query_parameters::parameter> ready_;
  std::size_t given_ = 0;
  std::size_t count_ = 0;
  std::uint64_t total_ = 0;
  std::optional<form_fault> fault_;
};

}  // namespace parley::semantics
