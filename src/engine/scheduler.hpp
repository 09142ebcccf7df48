// Which stream sends next (RFC 9218 §10).
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>

#include "engine/events.hpp"
#include "semantics/priority.hpp"

namespace parley::engine {

/// Serves streams by urgency; within one urgency, non-incremental ones to their end in order of their ids, and incremental ones in turn.
///
/// * The first of the non-incremental streams takes turns with the incremental ones, as if it were one of them: a large response holds
///   up no small incremental one of the same urgency, nor an endless incremental one the others (§10 recommends to avoid both).
/// * A turn is `turn_bytes`. A stream that has less to say gives the rest of its turn up.
/// * The less urgent streams get one byte for each `escape_share` of more urgent ones that have something to send, so none waits for
///   ever: the RFC leaves that to the server, and a client may mark an endless response as urgent.
///
/// It holds the streams that can send now and nothing else. All operations take a time that does not depend on how many there are, but
/// for `remove` of a non-incremental stream that came back out of order: logarithmic, amortised. No memory is allocated. One user at a
/// time.
class scheduler {
 public:
  static constexpr std::size_t turn_bytes = 16 * 1024;
  static constexpr std::uint64_t escape_share = 16;

  /// A stream's place. It must be removed before it is destroyed, and stays where it is while it is queued.
  class node {
   public:
    node() = default;
    node(const node&) = delete;
    node& operator=(const node&) = delete;

    [[nodiscard]] stream_id id() const { return id_; }
    [[nodiscard]] semantics::priority priority() const { return priority_; }
    [[nodiscard]] bool queued() const { return place_ != place::none; }

   private:
    friend class scheduler;
    enum class place : std::uint8_t { none, in_order, late, in_turn };

    node* next_ = nullptr;      // list: the next; heap: the next sibling
    node* previous_ = nullptr;  // list: the one before; heap: the sibling before, or the parent of a first child
    node* child_ = nullptr;     // heap: the first child
    stream_id id_ = 0;
    std::uint32_t turn_ = 0;  // what was sent of the present turn
    semantics::priority priority_;
    place place_ = place::none;
  };

  scheduler() = default;
  scheduler(const scheduler&) = delete;
  scheduler& operator=(const scheduler&) = delete;

  /// The stream has something to send. Nothing happens when it is queued.
  void insert(node& n, stream_id id);
  /// It has nothing to send now, or may not. Nothing happens when it is not queued.
  void remove(node& n);
  /// Queued or not.
  void reprioritise(node& n, semantics::priority p);
  /// Who sends next; null when nobody waits. The same one until `sent`, or a change of what is queued.
  [[nodiscard]] node* next();
  /// `n`, which is queued, has sent so many bytes (its frames' headers may count): call it before `remove`.
  void sent(node& n, std::size_t bytes);
  [[nodiscard]] bool empty() const { return ready_ == 0; }

 private:
  static constexpr std::size_t levels = semantics::priority::lowest + 1;

  struct level {
    node* first = nullptr;  // non-incremental, ascending ids
    node* last = nullptr;
    node* late = nullptr;            // the root of a heap: non-incremental ones that came behind a higher id
    node* turn = nullptr;            // incremental: a ring, from the one that has the turn
    std::uint64_t ahead = 0;         // bytes sent while less urgent ones waited, less what these were given for it
    std::uint32_t ordered_turn = 0;  // what the non-incremental ones have sent of their present turn
    bool ordered_next = true;        // theirs is the next turn
  };

  [[nodiscard]] level& level_of(const node& n) { return levels_[n.priority_.urgency]; }
  [[nodiscard]] static node* first_in_order(const level& l);
  void link(node& n);
  void unlink(node& n);
  static node* meld(node* a, node* b);
  static node* meld_children(node& parent);
  static void leave_heap(node*& root, node& n);

  std::array<level, levels> levels_{};
  unsigned ready_ = 0;  // bit u: level u has somebody
};

/// What an engine asks of a policy, so that another one can take its place.
template <class S>
concept scheduling_policy = requires(S s, typename S::node n, semantics::priority p) {
  s.insert(n, stream_id{});
  s.remove(n);
  s.reprioritise(n, p);
  { s.next() } -> std::same_as<typename S::node*>;
  s.sent(n, std::size_t{});
  { s.empty() } -> std::convertible_to<bool>;
  { n.queued() } -> std::convertible_to<bool>;
};
static_assert(scheduling_policy<scheduler>);

}  // namespace parley::engine
