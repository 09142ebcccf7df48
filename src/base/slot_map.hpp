// Objects under ids that are never mistaken for the id of an object that is gone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace parley::base {

/// The id of an object in a `slot_map`. The default one names nothing.
struct slot_id {
  std::uint32_t index = 0;
  std::uint32_t generation = 0;  // odd while the object lives

  [[nodiscard]] constexpr explicit operator bool() const { return generation != 0; }
  [[nodiscard]] constexpr std::uint64_t value() const { return static_cast<std::uint64_t>(generation) << 32 | index; }
  static constexpr slot_id from_value(std::uint64_t v) {
    return {static_cast<std::uint32_t>(v), static_cast<std::uint32_t>(v >> 32)};
  }
  friend constexpr bool operator==(slot_id, slot_id) = default;
};

/// Objects never move, so references stay valid until `erase`. Slots are used again: no allocation once warm.
template <class T>
class slot_map {
 public:
  slot_map() = default;
  slot_map(slot_map&& other) noexcept
      : chunks_(std::exchange(other.chunks_, {})), free_(std::exchange(other.free_, none)), used_(std::exchange(other.used_, 0)),
        size_(std::exchange(other.size_, 0)) {}
  slot_map& operator=(slot_map&& other) noexcept {
    if (this != &other) {
      clear();
      chunks_ = std::exchange(other.chunks_, {});
      free_ = std::exchange(other.free_, none);
      used_ = std::exchange(other.used_, 0);
      size_ = std::exchange(other.size_, 0);
    }
    return *this;
  }
  ~slot_map() { clear(); }

  template <class... Arguments>
  slot_id emplace(Arguments&&... arguments) {
    const bool fresh = free_ == none;
    if (fresh && used_ == chunks_.size() * chunk_size) chunks_.push_back(std::make_unique<chunk>());
    const std::uint32_t index = fresh ? used_ : free_;
    slot& s = at(index);
    ::new (static_cast<void*>(s.storage)) T(std::forward<Arguments>(arguments)...);
    // Only now: a constructor that throws leaves the slot free.
    if (fresh) {
      ++used_;
    } else {
      free_ = s.next_free;
    }
    ++s.generation;
    ++size_;
    return {index, s.generation};
  }

  /// Null when `id` names nothing or something that was erased.
  [[nodiscard]] T* find(slot_id id) { return alive(id) ? at(id.index).object() : nullptr; }
  [[nodiscard]] const T* find(slot_id id) const { return alive(id) ? at(id.index).object() : nullptr; }
  [[nodiscard]] bool contains(slot_id id) const { return alive(id); }

  /// Whether there was one.
  bool erase(slot_id id) {
    if (!alive(id)) return false;
    destroy(id.index);
    return true;
  }

  void clear() {
    for (std::uint32_t i = 0; i < used_; ++i) {
      if (at(i).generation & 1) destroy(i);
    }
  }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

  /// Calls `visit(slot_id, T&)` for each object, in no particular order. `visit` may erase any; one it adds may be missed.
  template <class Visit>
  void for_each(Visit&& visit) {
    for (std::uint32_t i = 0; i < used_; ++i) {
      slot& s = at(i);
      if (s.generation & 1) visit(slot_id{i, s.generation}, *s.object());
    }
  }

 private:
  static constexpr std::uint32_t none = UINT32_MAX;
  static constexpr std::size_t chunk_size = 16;

  struct slot {
    alignas(T) unsigned char storage[sizeof(T)];
    std::uint32_t generation = 0;
    std::uint32_t next_free = none;
    T* object() { return std::launder(reinterpret_cast<T*>(storage)); }
    const T* object() const { return std::launder(reinterpret_cast<const T*>(storage)); }
  };
  struct chunk {
    slot slots[chunk_size];
  };

  slot& at(std::uint32_t index) { return chunks_[index / chunk_size]->slots[index % chunk_size]; }
  const slot& at(std::uint32_t index) const { return chunks_[index / chunk_size]->slots[index % chunk_size]; }
  bool alive(slot_id id) const { return (id.generation & 1) && id.index < used_ && at(id.index).generation == id.generation; }

  void destroy(std::uint32_t index) {
    slot& s = at(index);
    ++s.generation;  // before the destructor, which may ask for its own id
    --size_;
    s.object()->~T();
    // A slot whose generations are used up stays out of use: no id is given twice.
    if (s.generation == UINT32_MAX - 1) return;
    s.next_free = free_;
    free_ = index;
  }

  std::vector<std::unique_ptr<chunk>> chunks_;
  std::uint32_t free_ = none;
  std::uint32_t used_ = 0;
  std::size_t size_ = 0;
};

}  // namespace parley::base

template <>
struct std::hash<parley::base::slot_id> {
  std::size_t operator()(parley::base::slot_id id) const noexcept { return std::hash<std::uint64_t>{}(id.value()); }
};
