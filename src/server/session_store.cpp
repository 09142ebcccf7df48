#include <parley/session.hpp>

#include <stdexcept>

namespace parley {

session_record session_change::apply_to(session_record before) const {
  if (begins || user) before.created = now;
  before.used = now;
  if (user) before.user = *user;
  if (clears) before.values.clear();
  for (const auto& [name, value] : values) {
    if (value) {
      before.values.insert_or_assign(name, *value);
    } else {
      before.values.erase(name);
    }
  }
  return before;
}

session_look session_store::look_now(const session_key&, std::chrono::sys_seconds, const session_lifetime&) {
  throw std::logic_error("parley::session_store: this one must be awaited");
}

session_outcome session_store::change_now(session_change) {
  throw std::logic_error("parley::session_store: this one must be awaited");
}

task<session_look> session_store::look(session_key key, std::chrono::sys_seconds now, session_lifetime lifetime) {
  co_return look_now(key, now, lifetime);
}

task<session_outcome> session_store::change(session_change change) {
  const session_outcome what = change_now(std::move(change));
  co_return what;
}

}  // namespace parley
