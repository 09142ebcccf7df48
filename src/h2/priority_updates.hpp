// PRIORITY_UPDATE frames that came before their requests (RFC 9218 §7.1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "semantics/priority.hpp"

namespace parley::h2 {

class priority_updates {
 public:
  /// False when there are `most` already.
  bool put(std::uint32_t id, semantics::priority p, std::size_t most) {
    for (entry& e : waiting_) {
      if (e.id == id) {
        e.what = p;
        return true;
      }
    }
    if (waiting_.size() >= most) return false;
    waiting_.push_back({id, p});
    return true;
  }
  /// Of a stream that is opened now; those of lower ids will never be.
  std::optional<semantics::priority> take(std::uint32_t id) {
    if (waiting_.empty()) [[likely]]
      return std::nullopt;
    std::optional<semantics::priority> found;
    for (const entry& e : waiting_) {
      if (e.id == id) found = e.what;
    }
    std::erase_if(waiting_, [id](const entry& e) { return e.id <= id; });
    return found;
  }
  [[nodiscard]] std::size_t memory() const { return waiting_.capacity() * sizeof(entry); }

 private:
  struct entry {
    std::uint32_t id;
    semantics::priority what;
  };
  std::vector<entry> waiting_;
};

}  // namespace parley::h2
