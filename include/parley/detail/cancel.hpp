// Cancellation: a source, its tokens, and who hears of it. Part of parley/task.hpp.
#pragma once

#include <parley/config.hpp>

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <utility>

namespace parley {

/// Thrown by an await whose chain of tasks was cancelled: the peer left, a deadline passed, another branch won.
/// Let it pass: every later await of the chain throws it again.
struct PARLEY_API cancelled : std::exception {
  [[nodiscard]] const char* what() const noexcept override;
};

class cancel_token;
class cancel_registration;

namespace detail {

class cancel_state;

/// What hears of a cancellation, as a link of its state's list. Costs no allocation; leaves the list when it is destroyed.
class cancel_node {
 public:
  cancel_node(const cancel_node&) = delete;
  cancel_node& operator=(const cancel_node&) = delete;

 protected:
  cancel_node() = default;
  virtual ~cancel_node() { unlink(); }
  void unlink() noexcept {
    if (link_ == nullptr) return;
    *link_ = next_;
    if (next_ != nullptr) next_->link_ = link_;
    link_ = nullptr;
    next_ = nullptr;
  }
  /// Called once, already out of the list.
  virtual void on_cancel() noexcept = 0;

 private:
  friend class cancel_state;
  cancel_node* next_ = nullptr;
  cancel_node** link_ = nullptr;  // the pointer that points here; null when in no list
};

/// What tokens share with the state, so that a token may outlive it.
struct cancel_link {
  std::atomic<bool> cancelled{false};
  cancel_state* state = nullptr;  // the loop's thread only; null once the state is gone
};

/// Whether a chain of tasks is cancelled, and who waits to hear of it. Embed it where the chain is owned (an exchange): it
/// allocates only when somebody asks for a token. It must outlive the tasks that were started with it. One loop's thread only.
class PARLEY_API cancel_state final : private cancel_node {
 public:
  cancel_state() = default;
  /// Nested: cancelled when `parent` is. A parent that is destroyed first leaves it uncancelled. Null: not nested.
  explicit cancel_state(cancel_state* parent) noexcept {
    if (parent == nullptr) return;
    cancelled_ = parent->cancelled_;
    parent->add(*this);
  }
  ~cancel_state() override;

  [[nodiscard]] bool cancelled() const noexcept { return cancelled_; }
  /// Cancels the chain: what it waits for now completes with `cancelled` within this turn of the loop.
  /// A registered callback may destroy this state.
  void cancel() noexcept;
  [[nodiscard]] cancel_token token();

  /// For operations and registrations. Does nothing once cancelled.
  void add(cancel_node& node) noexcept {
    if (cancelled_) return;
    node.next_ = first_;
    node.link_ = &first_;
    if (first_ != nullptr) first_->link_ = &node.next_;
    first_ = &node;
  }

 private:
  void on_cancel() noexcept override { cancel(); }

  cancel_node* first_ = nullptr;
  bool* gone_ = nullptr;  // while `cancel` runs: set by the destructor
  std::shared_ptr<cancel_link> link_;
  bool cancelled_ = false;
};

}  // namespace detail

/// Asks whether something was cancelled. Copies are cheap; a default one is never cancelled. A token may outlive its source and
/// then keeps its last answer. `cancelled`, copying and destroying may be used on any thread (so a function that runs in
/// `blocking` can look); `on_cancel` on the loop's thread only.
class PARLEY_API cancel_token {
 public:
  cancel_token() = default;
  [[nodiscard]] bool cancelled() const noexcept { return link_ != nullptr && link_->cancelled.load(std::memory_order_relaxed); }
  /// Calls `callback` once when the source is cancelled (at once if it already is), on the loop's thread, from within
  /// `cancel()`. Keep the returned object: destroying it takes the callback back.
  [[nodiscard]] cancel_registration on_cancel(std::move_only_function<void()> callback) const;

 private:
  friend class detail::cancel_state;
  friend class cancel_registration;
  explicit cancel_token(std::shared_ptr<detail::cancel_link> link) noexcept : link_(std::move(link)) {}
  std::shared_ptr<detail::cancel_link> link_;
};

/// A callback that is registered as long as this object lives. Not movable. Its callback must not throw.
class PARLEY_API cancel_registration final : private detail::cancel_node {
 public:
  cancel_registration(const cancel_token& token, std::move_only_function<void()> callback);

 private:
  void on_cancel() noexcept override;
  std::move_only_function<void()> callback_;
};

inline cancel_registration cancel_token::on_cancel(std::move_only_function<void()> callback) const {
  return cancel_registration(*this, std::move(callback));
}

/// Cancels what runs with its token (see `with_cancel`). Not movable; embed it. One loop's thread only.
class PARLEY_API cancel_source {
 public:
  cancel_source() = default;
  /// Also cancelled when `parent` is, as long as that one's source lives.
  explicit cancel_source(const cancel_token& parent) : parent_(parent.on_cancel([this] { cancel(); })) {}
  cancel_source(const cancel_source&) = delete;
  cancel_source& operator=(const cancel_source&) = delete;

  void cancel() noexcept { state_.cancel(); }
  [[nodiscard]] bool cancelled() const noexcept { return state_.cancelled(); }
  [[nodiscard]] cancel_token token() { return state_.token(); }

 private:
  detail::cancel_state state_;
  cancel_registration parent_{cancel_token(), nullptr};  // after state_, which its callback uses
};

}  // namespace parley
