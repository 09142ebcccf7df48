#include "base/hash.hpp"

#include <parley/session.hpp>

#include <algorithm>
#include <cstring>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

// Sessions in memory, in shards of their own locks. Keys are hashes of what nobody can choose, so they need no seed; users are chosen.

namespace parley {
namespace {

constexpr std::size_t most_shards = 64;
constexpr std::size_t sessions_of_a_shard = 256;  // fewer are not worth another shard

struct session_key_hash {
  std::size_t operator()(const session_key& key) const {
    std::size_t first = 0;
    std::memcpy(&first, key.bytes.data() + 8, sizeof first);
    return first;
  }
};

std::size_t weight_of(const session_record& r) {
  std::size_t bytes = 256 + r.user.size();
  for (const auto& [name, value] : r.values) {
    const std::string* text = std::get_if<std::string>(&value);
    bytes += 96 + name.size() + (text != nullptr ? text->size() : 0);
  }
  return bytes;
}

/// Its lists are in the order of last use, the longest ago first.
class session_shard {
 public:
  session_shard(std::size_t most, std::size_t most_bytes) : most_(most), most_bytes_(most_bytes) {}

  session_look look(const session_key& key, std::chrono::sys_seconds now, const session_lifetime& lifetime) {
    const std::lock_guard lock(mutex_);
    const auto found = index_.find(key);
    if (found == index_.end()) return {};
    const entry& e = *found->second;
    if (e.record == nullptr) return {now < e.over ? session_look::state::dead : session_look::state::absent, nullptr};
    if (lifetime.over(*e.record, now)) {
      drop(found->second);
      return {};
    }
    return {session_look::state::found, e.record};
  }

  /// Ends it. The key that it lives on under, where it was moved a moment ago.
  std::optional<session_key> end(const session_key& key, const session_change& c) {
    const std::lock_guard lock(mutex_);
    const auto found = index_.find(key);
    if (found == index_.end()) return std::nullopt;
    if (found->second->record == nullptr && c.now < found->second->over) return found->second->moved_to;
    kill(key, c.now, c.lifetime);
    return std::nullopt;
  }

  /// From `c.key` in one to `c.moves_to` in the other, which may be the same: both at once, so that it is never under both of them, or neither.
  /// Where there is no room it stays as it was.
  static session_outcome move(session_shard& from, session_shard& to, const session_change& c) {
    std::unique_lock first(from.mutex_, std::defer_lock);
    std::unique_lock second(to.mutex_, std::defer_lock);
    if (&from == &to) {
      first.lock();
    } else {
      std::lock(first, second);
    }
    const auto found = from.index_.find(c.key);
    const bool lives =
        found != from.index_.end() && found->second->record != nullptr && !c.lifetime.over(*found->second->record, c.now);
    if (!lives && !c.user) return session_outcome::gone;
    session_change made = c;
    made.begins = !lives;
    auto moved = std::make_shared<const session_record>(made.apply_to(lives ? *found->second->record : session_record{}));
    to.put(*c.moves_to, std::move(moved), c, lives && &from == &to ? &c.key : nullptr);
    from.kill(c.key, c.now, c.lifetime, c.moves_to);
    return session_outcome::kept;
  }

  session_outcome change(const session_change& c) {
    const std::lock_guard lock(mutex_);
    if (c.begins) {
      put(c.key, std::make_shared<const session_record>(c.apply_to({})), c);
      return session_outcome::kept;
    }
    const auto found = index_.find(c.key);
    if (found == index_.end() || found->second->record == nullptr) return session_outcome::gone;
    if (c.lifetime.over(*found->second->record, c.now)) {
      drop(found->second);
      return session_outcome::gone;
    }
    put(c.key, std::make_shared<const session_record>(c.apply_to(*found->second->record)), c);
    return session_outcome::kept;
  }

  std::size_t end_user(const std::string& user, std::chrono::sys_seconds now) {
    const std::lock_guard lock(mutex_);
    const auto found = users_.find(user);
    if (found == users_.end()) return 0;
    const std::vector<session_key> keys = found->second;
    for (const session_key& key : keys)
      kill(key, now, session_lifetime(std::chrono::hours{24 * 36500}, std::chrono::hours{24 * 36500}));
    return keys.size();
  }

  std::size_t sweep(std::chrono::sys_seconds now) {
    const std::lock_guard lock(mutex_);
    return sweep(anonymous_, now) + sweep(logged_in_, now) + sweep(dead_, now);
  }

  std::size_t count() {
    const std::lock_guard lock(mutex_);
    return index_.size() - dead_.size();
  }

 private:
  struct entry {
    session_key key;
    std::shared_ptr<const session_record> record;  // null: it is dead
    std::chrono::sys_seconds over;
    std::size_t weight = 0;
    std::list<entry>* home = nullptr;
    std::optional<session_key> moved_to = {};  // of a dead one
  };
  using place = std::list<entry>::iterator;

  /// `instead_of`: one that is to be killed next, and makes room by that.
  void put(const session_key& key, std::shared_ptr<const session_record> record, const session_change& c,
           const session_key* instead_of = nullptr) {
    const std::size_t weight = weight_of(*record);
    const auto found = index_.find(key);
    const bool fresh = found == index_.end();
    const auto goes = instead_of != nullptr ? index_.find(*instead_of) : found;
    if (goes == index_.end()) {
      make_room(1, weight, key, c.now);
    } else {
      move_to(goes->second, *goes->second->home);  // so that what makes room for it is another
      make_room(0, weight - std::min(weight, goes->second->weight), goes->first, c.now);
    }
    place at = fresh ? anonymous_.insert(anonymous_.end(), entry{key, nullptr, {}, 0, &anonymous_}) : found->second;
    if (fresh) index_.emplace(key, at);
    forget_user(*at);
    bytes_ = bytes_ - at->weight + weight;
    at->weight = weight;
    at->over = c.lifetime.end_of(*record);
    at->record = std::move(record);
    if (!at->record->user.empty()) users_[at->record->user].push_back(key);
    move_to(at, at->record->user.empty() ? anonymous_ : logged_in_);
  }

  void make_room(std::size_t more, std::size_t more_bytes, const session_key& but, std::chrono::sys_seconds now) {
    for (auto* list : {&anonymous_, &logged_in_, &dead_}) {
      for (int few = 0; few < 2 && !list->empty() && now >= list->front().over && list->front().key != but; ++few)
        drop(list->begin());
    }
    while (index_.size() - dead_.size() + more > most_ || bytes_ + more_bytes > most_bytes_) {
      const bool possible = !anonymous_.empty() && anonymous_.front().key != but;
      if (!possible) {
        throw store_error(
            store_error::kind::full,
            "the store of sessions is full: all of them are of users who are logged in; allow more (parley::memory_sessions)");
      }
      drop(anonymous_.begin());
    }
  }

  void kill(const session_key& key, std::chrono::sys_seconds now, const session_lifetime& lifetime,
            const std::optional<session_key>& moved_to = std::nullopt) {
    const auto found = index_.find(key);
    if (found == index_.end() || found->second->record == nullptr) return;
    const place at = found->second;
    if (lifetime.over(*at->record, now)) return drop(at);
    forget_user(*at);
    at->record = nullptr;
    bytes_ -= std::exchange(at->weight, 0);
    at->over = now + session_store::grace;
    at->moved_to = moved_to;
    move_to(at, dead_);
    if (dead_.size() > most_) drop(dead_.begin());
  }

  void move_to(place at, std::list<entry>& list) {
    list.splice(list.end(), *at->home, at);
    at->home = &list;
  }

  void forget_user(const entry& e) {
    if (e.record == nullptr || e.record->user.empty()) return;
    const auto found = users_.find(e.record->user);
    std::erase(found->second, e.key);
    if (found->second.empty()) users_.erase(found);
  }

  void drop(place at) {
    forget_user(*at);
    bytes_ -= at->weight;
    index_.erase(at->key);
    at->home->erase(at);
  }

  std::size_t sweep(std::list<entry>& list, std::chrono::sys_seconds now) {
    std::size_t n = 0;
    for (place at = list.begin(); at != list.end();) {
      const place next = std::next(at);
      if (now >= at->over) {
        drop(at);
        ++n;
      }
      at = next;
    }
    return n;
  }

  const std::size_t most_;
  const std::size_t most_bytes_;
  std::mutex mutex_;
  std::unordered_map<session_key, place, session_key_hash> index_;
  std::unordered_map<std::string, std::vector<session_key>, base::text_hash, std::equal_to<>> users_;
  std::list<entry> anonymous_;
  std::list<entry> logged_in_;
  std::list<entry> dead_;
  std::size_t bytes_ = 0;
};

class memory_session_store final : public session_store {
 public:
  memory_session_store(std::size_t sessions, std::size_t bytes) {
    const std::size_t n = std::clamp<std::size_t>(sessions / sessions_of_a_shard, 1, most_shards);
    for (std::size_t i = 0; i < n; ++i) {
      shards_.push_back(std::make_unique<session_shard>(std::max<std::size_t>((sessions + n - 1) / n, 1), bytes / n));
    }
  }

  [[nodiscard]] bool at_once() const noexcept override { return true; }

  session_look look_now(const session_key& key, std::chrono::sys_seconds now, const session_lifetime& lifetime) override {
    return shard_of(key).look(key, now, lifetime);
  }

  session_outcome change_now(session_change c) override {
    if (c.ends_user) {
      end_all(*c.ends_user, c.now);
    }
    if (c.ends) {
      end(c);
      return session_outcome::kept;
    }
    if (!c.moves_to) return shard_of(c.key).change(c);
    return session_shard::move(shard_of(c.key), shard_of(*c.moves_to), c);
  }

  task<std::size_t> end_user(std::string user) override {
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    co_return end_all(user, now);
  }

  task<std::size_t> sweep(std::chrono::sys_seconds now) override {
    std::size_t n = 0;
    for (auto& one : shards_) {
      n += one->sweep(now);
      // A shard at a time, so that a loop with others waiting goes on between.
      auto pause = parley::yield();
      co_await pause;
    }
    co_return n;
  }

  task<std::size_t> count() override {
    std::size_t n = 0;
    for (auto& one : shards_) n += one->count();
    co_return n;
  }

 private:
  // A login or a new id that came between looking the session up and this: it is ended as what it has become.
  void end(const session_change& c) {
    std::optional<session_key> key = c.key;
    for (int moves = 0; key && moves <= session_store::most_moves; ++moves) key = shard_of(*key).end(*key, c);
  }
  session_shard& shard_of(const session_key& key) { return *shards_[key.bytes[0] % shards_.size()]; }
  std::size_t end_all(const std::string& user, std::chrono::sys_seconds now) {
    std::size_t n = 0;
    for (auto& one : shards_) n += one->end_user(user, now);
    return n;
  }

  std::vector<std::unique_ptr<session_shard>> shards_;
};

}  // namespace

std::shared_ptr<session_store> memory_sessions(std::size_t sessions, std::size_t bytes) {
  return std::make_shared<memory_session_store>(std::max<std::size_t>(sessions, 1), bytes);
}

}  // namespace parley
