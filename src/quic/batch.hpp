// Datagrams on their way out, gathered so that the system takes many with one call (UDP_SEGMENT, "GSO").
#pragma once

#include "quic/address.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace parley::quic {

/// Datagrams for one path: each of `segment` bytes, but the last, which may be shorter. At most 64 (UDP_MAX_SEGMENTS) and 65,000 bytes.
struct datagram_run {
  path where;
  ecn mark = ecn::none;
  std::size_t segment = 0;
  std::string_view bytes;

  [[nodiscard]] std::size_t count() const { return (bytes.size() + segment - 1) / segment; }
};

/// One for each loop or socket; connections and endpoints append to it. What is in it must be sent or given up before `clear`.
class batch {
 public:
  static constexpr std::size_t most_segments = 64;
  static constexpr std::size_t most_bytes_of_a_run = 65'000;
  /// At least so much room is needed to write a datagram; none is larger (jumbo frames of 9,000 bytes carry it).
  static constexpr std::size_t largest_datagram = 8192;

  /// `capacity`: bytes of datagrams. Its memory is taken at the first `room`.
  explicit batch(std::size_t capacity = 128UL * 1024) : capacity_(capacity) {}

  [[nodiscard]] std::span<const datagram_run> runs() const { return runs_; }
  [[nodiscard]] bool empty() const { return runs_.empty(); }
  void clear() {
    runs_.clear();
    used_ = 0;
  }
  /// Gives the memory back, of an empty one.
  void release();

  // --- for those who write datagrams -------------------------------------------------------------------------------------------
  /// Room for the next datagram; less than `largest_datagram`: the batch is full.
  [[nodiscard]] std::span<unsigned char> room();
  [[nodiscard]] bool full() const { return capacity_ - used_ < largest_datagram; }
  /// `size` bytes of the room are a datagram now.
  void add(const path& where, ecn mark, std::size_t size);

 private:
  std::size_t capacity_;
  std::unique_ptr<unsigned char[]> bytes_;
  std::size_t used_ = 0;
  std::vector<datagram_run> runs_;
};

}  // namespace parley::quic
