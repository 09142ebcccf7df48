// PRIORITY_UPDATE frames that came before their requests (RFC 9218 §7.2).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "semantics/priority.hpp"

namespace parley::h3 {

class priority_updates {
 public:
  /// The oldest of more than `most` goes: its stream may be over for long.
  void put(std::uint64_t stream, semantics::priority p, std::size_t most) {
    for (entry& e : waiting_) {
      if (e.stream == stream) {
        e.what = p;
        return;
      }
    }
    if (waiting_.size() >= most && !waiting_.empty()) waiting_.erase(waiting_.begin());
    if (waiting_.size() < most) waiting_.push_back({stream, p});
  }
  /// Of a stream that is opened now. Streams come in any order, so the others stay.
  std::optional<semantics::priority> take(std::uint64_t stream) {
    if (waiting_.empty()) [[likely]]
      return std::nullopt;
    for (auto e = waiting_.begin(); e != waiting_.end(); ++e) {
      if (e->stream != stream) continue;
      const semantics::priority found = e->what;
      waiting_.erase(e);
      return found;
    }
    return std::nullopt;
  }

 private:
  struct entry {
    std::uint64_t stream;
    semantics::priority what;
  };
  std::vector<entry> waiting_;
};

}  // namespace parley::h3
