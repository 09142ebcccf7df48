#include "engine/scheduler.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace parley::engine {

// --- a pairing heap by id --------------------------------------------------------------------------------------------------------

// The one with the higher id becomes the first child of the other.
scheduler::node* scheduler::meld(node* a, node* b) {
  if (a == nullptr) return b;
  if (b == nullptr) return a;
  if (b->id_ < a->id_) std::swap(a, b);
  b->previous_ = a;
  b->next_ = a->child_;
  if (a->child_ != nullptr) a->child_->previous_ = b;
  a->child_ = b;
  return a;
}

// The children of a node that leaves, as one heap: in pairs from the left, then from the right.
scheduler::node* scheduler::meld_children(node& parent) {
  node* pairs = nullptr;  // linked by next_, the last one first
  for (node* n = std::exchange(parent.child_, nullptr); n != nullptr;) {
    node* const second = n->next_;
    node* const rest = second != nullptr ? second->next_ : nullptr;
    n->next_ = n->previous_ = nullptr;
    if (second != nullptr) second->next_ = second->previous_ = nullptr;
    node* const pair = meld(n, second);
    pair->next_ = pairs;
    pairs = pair;
    n = rest;
  }
  node* root = nullptr;
  while (pairs != nullptr) {
    node* const n = std::exchange(pairs, pairs->next_);
    n->next_ = nullptr;
    root = meld(root, n);
  }
  return root;
}

void scheduler::leave_heap(node*& root, node& n) {
  node* const below = meld_children(n);
  if (&n == root) {
    root = below;
    return;
  }
  node*& link = n.previous_->child_ == &n ? n.previous_->child_ : n.previous_->next_;
  link = n.next_;
  if (n.next_ != nullptr) n.next_->previous_ = n.previous_;
  root = meld(root, below);
}

// --- places ----------------------------------------------------------------------------------------------------------------------

void scheduler::link(node& n) {
  level& l = level_of(n);
  ready_ |= 1U << n.priority_.urgency;
  n.next_ = n.previous_ = n.child_ = nullptr;
  if (n.priority_.incremental) {
    n.place_ = node::place::in_turn;
    n.turn_ = 0;
    if (l.turn == nullptr) {
      l.turn = n.next_ = n.previous_ = &n;
      return;
    }
    // Before the one that has the turn: the last one of the round.
    n.next_ = l.turn;
    n.previous_ = l.turn->previous_;
    n.previous_->next_ = n.next_->previous_ = &n;
  } else if (l.last == nullptr || l.last->id_ < n.id_) {
    n.place_ = node::place::in_order;
    n.previous_ = l.last;
    (l.last != nullptr ? l.last->next_ : l.first) = &n;
    l.last = &n;
  } else {
    n.place_ = node::place::late;
    l.late = meld(l.late, &n);
  }
}

void scheduler::unlink(node& n) {
  level& l = level_of(n);
  switch (std::exchange(n.place_, node::place::none)) {
    case node::place::none: return;
    case node::place::late: leave_heap(l.late, n); break;
    case node::place::in_order:
      (n.previous_ != nullptr ? n.previous_->next_ : l.first) = n.next_;
      (n.next_ != nullptr ? n.next_->previous_ : l.last) = n.previous_;
      break;
    case node::place::in_turn:
      if (l.turn == &n) {
        l.turn = n.next_ == &n ? nullptr : n.next_;
        // Whoever gives the rest of a turn up has had it.
        l.ordered_next = true;
      }
      n.next_->previous_ = n.previous_;
      n.previous_->next_ = n.next_;
      break;
  }
  if (l.first == nullptr && l.late == nullptr && l.turn == nullptr) ready_ &= ~(1U << n.priority_.urgency);
}

scheduler::node* scheduler::first_in_order(const level& l) {
  if (l.late == nullptr) return l.first;
  return l.first == nullptr || l.late->id_ < l.first->id_ ? l.late : l.first;
}

// --- commands --------------------------------------------------------------------------------------------------------------------

void scheduler::insert(node& n, stream_id id) {
  if (n.queued()) return;
  n.id_ = id;
  link(n);
}

void scheduler::remove(node& n) {
  if (n.queued()) unlink(n);
}

void scheduler::reprioritise(node& n, semantics::priority p) {
  p.urgency = std::min(p.urgency, semantics::priority::lowest);
  if (n.priority_ == p) return;
  const bool queued = n.queued();
  if (queued) unlink(n);
  n.priority_ = p;
  if (queued) link(n);
}

scheduler::node* scheduler::next() {
  if (ready_ == 0) return nullptr;
  unsigned waiting = ready_;
  auto u = static_cast<unsigned>(std::countr_zero(waiting));
  // Passes over those that have had their share, as long as somebody waits below them.
  while (levels_[u].ahead >= escape_share * turn_bytes && (waiting & (waiting - 1)) != 0) {
    waiting &= waiting - 1;
    u = static_cast<unsigned>(std::countr_zero(waiting));
  }
  const level& l = levels_[u];
  node* const ordered = first_in_order(l);
  if (l.turn == nullptr || (ordered != nullptr && l.ordered_next)) return ordered;
  return l.turn;
}

void scheduler::sent(node& n, std::size_t bytes) {
  if (!n.queued()) return;
  level& l = level_of(n);
  const unsigned u = n.priority_.urgency;
  // RFC 9218 §10 by urgency, but for one byte for each `escape_share`: what goes to less urgent ones pays for those before them.
  const unsigned above = ready_ & ((1U << u) - 1);
  for (unsigned rest = above; rest != 0; rest &= rest - 1) {
    std::uint64_t& ahead = levels_[static_cast<unsigned>(std::countr_zero(rest))].ahead;
    ahead -= std::min<std::uint64_t>(ahead, bytes * escape_share);
  }
  if ((ready_ >> u >> 1) != 0) l.ahead = std::min<std::uint64_t>(l.ahead + bytes, escape_share * turn_bytes);

  if (n.place_ == node::place::in_turn) {
    n.turn_ += static_cast<std::uint32_t>(std::min<std::size_t>(bytes, turn_bytes));
    if (n.turn_ < turn_bytes) return;
    n.turn_ -= turn_bytes;  // what was too much is less the next time
    if (l.turn == &n) l.turn = n.next_;
    l.ordered_next = true;
  } else {
    l.ordered_turn += static_cast<std::uint32_t>(std::min<std::size_t>(bytes, turn_bytes));
    if (l.ordered_turn < turn_bytes) return;
    l.ordered_turn -= turn_bytes;
    l.ordered_next = false;
  }
}

}  // namespace parley::engine
