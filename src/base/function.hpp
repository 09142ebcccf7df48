// A callable that may own what can only be moved, and that does not allocate for usual captures.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace parley::base {

template <class Signature, std::size_t InlineSize = 48>
class unique_function;

/// Holds any callable of up to `InlineSize` bytes within itself (libstdc++'s `std::move_only_function`: 24 bytes); larger ones on the
/// heap, as are, where `InlineSize` is small, those that want more than a pointer's alignment. Calling an empty one is undefined.
template <class Result, class... Arguments, std::size_t InlineSize>
class unique_function<Result(Arguments...), InlineSize> {
 public:
  static constexpr std::size_t inline_size = InlineSize;
  static constexpr std::size_t inline_alignment = InlineSize < 32 ? alignof(void*) : alignof(std::max_align_t);

  unique_function() = default;
  unique_function(std::nullptr_t) {}  // NOLINT: as std::function does

  template <class Callable>
    requires(!std::is_same_v<std::remove_cvref_t<Callable>, unique_function> &&
             std::is_invocable_r_v<Result, std::decay_t<Callable>&, Arguments...>)
  unique_function(Callable&& callable) {  // NOLINT: as std::function does
    using held = std::decay_t<Callable>;
    if constexpr (fits<held>) {
      ::new (static_cast<void*>(storage_)) held(std::forward<Callable>(callable));
      table_ = &inline_table<held>;
    } else {
      ::new (static_cast<void*>(storage_)) held*(new held(std::forward<Callable>(callable)));
      table_ = &heap_table<held>;
    }
  }

  unique_function(unique_function&& other) noexcept { take(other); }
  unique_function& operator=(unique_function&& other) noexcept {
    if (this != &other) {
      reset();
      take(other);
    }
    return *this;
  }
  unique_function& operator=(std::nullptr_t) noexcept {
    reset();
    return *this;
  }
  ~unique_function() { reset(); }

  [[nodiscard]] explicit operator bool() const { return table_ != nullptr; }
  Result operator()(Arguments... arguments) { return table_->call(storage_, std::forward<Arguments>(arguments)...); }

 private:
  struct operations {
    Result (*call)(void*, Arguments&&...);
    void (*move)(void* from, void* to) noexcept;  // destroys `from`
    void (*destroy)(void*) noexcept;
  };

  template <class Held>
  static constexpr bool fits =
      sizeof(Held) <= inline_size && alignof(Held) <= inline_alignment && std::is_nothrow_move_constructible_v<Held>;

  template <class Held>
  static Held& inline_object(void* storage) {
    return *std::launder(static_cast<Held*>(storage));
  }
  template <class Held>
  static Held*& heap_object(void* storage) {
    return *std::launder(static_cast<Held**>(storage));
  }

  template <class Held>
  static Result invoke(Held& held, Arguments&&... arguments) {
    if constexpr (std::is_void_v<Result>) {
      std::invoke(held, std::forward<Arguments>(arguments)...);
    } else {
      return std::invoke(held, std::forward<Arguments>(arguments)...);
    }
  }

  template <class Held>
  static constexpr operations inline_table{
      [](void* s, Arguments&&... arguments) -> Result {
        return invoke(inline_object<Held>(s), std::forward<Arguments>(arguments)...);
      },
      [](void* from, void* to) noexcept {
        ::new (to) Held(std::move(inline_object<Held>(from)));
        inline_object<Held>(from).~Held();
      },
      [](void* s) noexcept { inline_object<Held>(s).~Held(); },
  };
  template <class Held>
  static constexpr operations heap_table{
      [](void* s, Arguments&&... arguments) -> Result {
        return invoke(*heap_object<Held>(s), std::forward<Arguments>(arguments)...);
      },
      [](void* from, void* to) noexcept { ::new (to) Held*(heap_object<Held>(from)); },
      [](void* s) noexcept { delete heap_object<Held>(s); },
  };

  void take(unique_function& other) noexcept {
    if (other.table_ == nullptr) return;
    other.table_->move(other.storage_, storage_);
    table_ = std::exchange(other.table_, nullptr);
  }
  void reset() noexcept {
    if (table_ == nullptr) return;
    std::exchange(table_, nullptr)->destroy(storage_);
  }

  alignas(inline_alignment) unsigned char storage_[inline_size];
  const operations* table_ = nullptr;
};

}  // namespace parley::base
