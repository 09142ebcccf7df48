// What an encoder knows of its peer's decoder: which sections it may still have to decode, and what of the table they need.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace parley::fieldcode {

/// Of each section that was not acknowledged, its stream, its Required Insert Count and the oldest entry it refers to: entries leave in
/// order, so that the oldest one is all that has to be pinned (RFC 9204 §2.1.1). Streams at risk are those with a section that needs an
/// entry of which the peer has not said that it came (§2.1.2).
class qpack_references {
 public:
  /// For a table of at most `entries`, from now on; nothing may be pinned.
  void set_entries(std::size_t entries);

  /// The Known Received Count (§2.1.4).
  [[nodiscard]] std::uint64_t known() const { return known_; }
  /// Sections that are not acknowledged.
  [[nodiscard]] std::size_t sections() const { return sections_.size() - first_; }
  [[nodiscard]] std::size_t streams_at_risk() const { return at_risk_.size(); }
  [[nodiscard]] bool is_at_risk(std::uint64_t stream) const;
  /// Whether an entry of the table may leave it, when all older ones may.
  [[nodiscard]] bool evictable(std::uint64_t absolute) const { return absolute < known_ && pins_[absolute & mask_] == 0; }

  /// A section was encoded that has references.
  void add(std::uint64_t stream, std::uint64_t required, std::uint64_t lowest);
  /// The earliest section of the stream was decoded (§4.4.1); false: there is none.
  [[nodiscard]] bool acknowledge(std::uint64_t stream);
  /// None of its sections will be decoded (§4.4.2).
  void cancel(std::uint64_t stream);
  /// So many entries more have come (§4.4.3), of `inserted` in all; false: that cannot be.
  [[nodiscard]] bool increment(std::uint64_t n, std::uint64_t inserted);

  [[nodiscard]] std::size_t memory() const;

 private:
  struct section {
    std::uint64_t stream;
    std::uint64_t required;
    std::uint64_t lowest;
  };
  struct stream_at_risk {
    std::uint64_t stream;
    std::uint64_t required;  // of its sections, the largest
  };

  void raise_known(std::uint64_t known);
  void unpin(std::uint64_t absolute) { --pins_[absolute & mask_]; }

  std::vector<section> sections_;  // in order of sending, from first_
  std::size_t first_ = 0;
  std::vector<stream_at_risk> at_risk_;
  std::unique_ptr<std::uint16_t[]> pins_;  // of each entry, how many sections refer to it and to no older one
  std::uint64_t mask_ = 0;
  std::uint64_t known_ = 0;
};

}  // namespace parley::fieldcode
