// The content that is collected on one connection: who has a share of what may be, and who waits for one.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace parley::connection {

class exchange;

/// Shares are given before content comes: for all that its Content-Length says, or for as much as is allowed. So whoever has one can be
/// received to its end whatever others do, which frees the share again: nobody waits for ever for somebody who waits. They are given in
/// the order in which they were asked for, so that the large are not passed by the small.
///
/// It takes a pointer while nothing was ever collected.
class collected_content {
 public:
  /// Whether `x` has its share at once; otherwise it is held, until `next` names it.
  bool enter(exchange& x, std::size_t wanted, std::size_t most);
  /// Gives its share up, or its place among those that wait.
  void leave(exchange& x);
  /// Who waited first, and now has its share; null when nobody can have one.
  exchange* next(std::size_t most);

 private:
  struct state {
    std::size_t given = 0;
    std::vector<exchange*> waiting;  // few, since there are few streams
  };
  std::unique_ptr<state> state_;
};

}  // namespace parley::connection
