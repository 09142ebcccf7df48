// Tasks that run side by side and end together: when_any, when_all. Part of parley/task.hpp.
#pragma once

#include <parley/detail/task_type.hpp>

#include <cstddef>
#include <tuple>
#include <vector>

namespace parley {
namespace detail {

/// Children that were started together, under a state of their own. Awaiting it waits for the end of all of them; that wait
/// is not cut short, since a cancelled chain cancels the children and so brings their end.
class PARLEY_API group {
 public:
  group(const group&) = delete;
  group& operator=(const group&) = delete;

  [[nodiscard]] bool await_ready() const noexcept { return running_ == 0; }
  void await_suspend(std::coroutine_handle<> waiter) noexcept { waiter_ = waiter; }
  void await_resume() const noexcept {}

 protected:
  explicit group(cancel_state* chain) noexcept : state_(chain) {}
  ~group() = default;

  /// Starts a child whose outcome goes to `slot`; `one_ended(index)` follows.
  template <class T, class Owner>
  void begin(task<T>& work, std::optional<outcome<T>>& slot, std::size_t index, Owner& owner) {
    ++running_;
    try {
      start(std::move(work), &state_, [this, &slot, index, &owner](outcome<T> ended) {
        slot.emplace(std::move(ended));
        owner.one_ended(index, slot->has_value());
        leave();
      });
    } catch (...) {  // no memory for it: as if it had ended with that
      slot.emplace(std::unexpected(std::current_exception()));
      owner.one_ended(index, false);
      --running_;
    }
  }
  void cancel_rest() noexcept { state_.cancel(); }

 private:
  void leave() noexcept;

  cancel_state state_;
  std::size_t running_ = 0;
  std::coroutine_handle<> waiter_;
};

inline constexpr std::size_t none = static_cast<std::size_t>(-1);

/// The first that ends cancels the others.
class any_group : public group {
 public:
  using group::group;
  void one_ended(std::size_t index, bool /*with_value*/) noexcept {
    if (first_ == none) first_ = index;
    cancel_rest();
  }

 protected:
  std::size_t first_ = none;
};

/// The first that ends with an exception cancels the others.
class all_group : public group {
 public:
  using group::group;
  void one_ended(std::size_t index, bool with_value) noexcept {
    if (with_value) return;
    if (failed_ == none) failed_ = index;
    cancel_rest();
  }

 protected:
  std::size_t failed_ = none;
};

/// The children's outcomes for a fixed list of types.
template <class Group, class... T>
class tuple_group : public Group {
 public:
  tuple_group(cancel_state* chain, std::tuple<task<T>...>& works) : Group(chain) {
    begin_all(works, std::index_sequence_for<T...>());
  }

 protected:
  std::tuple<std::optional<outcome<T>>...> slots_;

 private:
  template <std::size_t... I>
  void begin_all(std::tuple<task<T>...>& works, std::index_sequence<I...>) {
    (this->begin(std::get<I>(works), std::get<I>(slots_), I, static_cast<Group&>(*this)), ...);
  }
};

/// The children's outcomes for any number of tasks of one type.
template <class Group, class T>
class vector_group : public Group {
 public:
  vector_group(cancel_state* chain, std::vector<task<T>>& works) : Group(chain), slots_(works.size()) {
    for (std::size_t i = 0; i < works.size(); ++i) this->begin(works[i], slots_[i], i, static_cast<Group&>(*this));
  }

 protected:
  std::vector<std::optional<outcome<T>>> slots_;
};

template <class T>
value_of<T> value_or_throw(outcome<T>& from) {
  if (!from) std::rethrow_exception(from.error());
  if constexpr (std::is_void_v<T>) {
    return {};
  } else {
    return std::move(*from);
  }
}

template <class... T>
class tuple_any final : public tuple_group<any_group, T...> {
 public:
  using result = std::variant<value_of<T>...>;
  using tuple_group<any_group, T...>::tuple_group;
  result take() { return take_at(std::index_sequence_for<T...>()); }

 private:
  template <std::size_t... I>
  result take_at(std::index_sequence<I...>) {
    using take_one = result (*)(tuple_any&);
    static constexpr take_one table[] = {
        [](tuple_any& from) { return result(std::in_place_index<I>, value_or_throw(*std::get<I>(from.slots_))); }...};
    return table[this->first_](*this);
  }
};

template <class... T>
class tuple_all final : public tuple_group<all_group, T...> {
 public:
  using result = std::tuple<value_of<T>...>;
  using tuple_group<all_group, T...>::tuple_group;
  result take() { return take_each(std::index_sequence_for<T...>()); }

 private:
  template <std::size_t... I>
  result take_each(std::index_sequence<I...>) {
    ((I == this->failed_ ? static_cast<void>(value_or_throw(*std::get<I>(this->slots_))) : void()), ...);
    return result(value_or_throw(*std::get<I>(this->slots_))...);
  }
};

template <class T>
class vector_any final : public vector_group<any_group, T> {
 public:
  using result = std::pair<std::size_t, value_of<T>>;
  using vector_group<any_group, T>::vector_group;
  result take() { return result(this->first_, value_or_throw(*this->slots_[this->first_])); }
};

template <class T>
class vector_all final : public vector_group<all_group, T> {
 public:
  using result = std::vector<value_of<T>>;
  using vector_group<all_group, T>::vector_group;
  result take() {
    if (this->failed_ != none) std::rethrow_exception(this->slots_[this->failed_]->error());
    result values;
    values.reserve(this->slots_.size());
    for (auto& slot : this->slots_) values.push_back(value_or_throw(*slot));
    return values;
  }
};

/// Runs a group of any of these kinds to its end. `Works` is the tuple or vector of its tasks.
template <class Group, class Works>
task<typename Group::result> run_group(Works works) {
  chain here;
  cancel_state* state = co_await here;
  Group children(state, works);
  co_await children;
  co_return children.take();
}

/// A vector of void results is worth nothing.
inline task<void> drop_values(task<std::vector<std::monostate>> work) { co_await work; }

}  // namespace detail

/// Runs the tasks side by side until the first ends; cancels the others and waits for their end, so that what they used may be
/// destroyed when this returns. Gives the first one's value (`index()` says whose; monostate for void) or throws its exception.
/// Values of the others are dropped.
template <class... T>
  requires(sizeof...(T) > 0)
[[nodiscard]] task<std::variant<detail::value_of<T>...>> when_any(task<T>... works) {
  return detail::run_group<detail::tuple_any<T...>>(std::tuple<task<T>...>(std::move(works)...));
}

/// As above, for any number of tasks: gives the index of the first that ended and its value. Throws `std::invalid_argument`
/// (at once) when there is none.
template <class T>
[[nodiscard]] task<std::pair<std::size_t, detail::value_of<T>>> when_any(std::vector<task<T>> works) {
  if (works.empty()) throw std::invalid_argument("parley::when_any: no task was given");
  return detail::run_group<detail::vector_any<T>>(std::move(works));
}

/// Runs the tasks side by side until all have ended and gives their values (monostate for void). The first that ends with an
/// exception cancels the others; when all have ended, this throws that exception.
template <class... T>
[[nodiscard]] task<std::tuple<detail::value_of<T>...>> when_all(task<T>... works) {
  return detail::run_group<detail::tuple_all<T...>>(std::tuple<task<T>...>(std::move(works)...));
}

/// As above, for any number of tasks; the values are in their order. For tasks of void, a `task<>`.
template <class T>
[[nodiscard]] auto when_all(std::vector<task<T>> works) {
  auto all = detail::run_group<detail::vector_all<T>>(std::move(works));
  if constexpr (std::is_void_v<T>) {
    return detail::drop_values(std::move(all));
  } else {
    return all;
  }
}

}  // namespace parley
