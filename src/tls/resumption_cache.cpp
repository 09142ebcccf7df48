#include "tls/resumption_cache.hpp"

#include <algorithm>
#include <utility>

namespace parley::tls {

void resumption_cache::drop(std::vector<entry>::iterator at) {
  bytes_ -= at->session.size();
  entries_.erase(at);
}

void resumption_cache::keep(const std::string& key, std::string session) {
  if (session.size() > most_bytes / 4) return;
  const std::lock_guard lock(mutex_);
  const auto same = [&](const entry& e) { return e.key == key; };
  if (static_cast<std::size_t>(std::ranges::count_if(entries_, same)) >= most_of_a_key) drop(std::ranges::find_if(entries_, same));
  bytes_ += session.size();
  entries_.push_back({key, std::move(session)});
  while (entries_.size() > most_sessions || bytes_ > most_bytes) drop(entries_.begin());
}

std::optional<std::string> resumption_cache::take(const std::string& key) {
  const std::lock_guard lock(mutex_);
  for (auto i = entries_.end(); i != entries_.begin();) {
    --i;
    if (i->key != key) continue;
    std::string session = i->session;
    drop(i);
    return session;
  }
  return std::nullopt;
}

std::optional<std::string> resumption_cache::newest(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  for (auto i = entries_.rbegin(); i != entries_.rend(); ++i) {
    if (i->key == key) return i->session;
  }
  return std::nullopt;
}

std::vector<std::pair<std::string, std::string>> resumption_cache::all(std::string_view beginning) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<std::string, std::string>> found;
  for (const entry& each : entries_) {
    if (each.key.starts_with(beginning)) found.emplace_back(each.key, each.session);
  }
  return found;
}

std::size_t resumption_cache::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace parley::tls
