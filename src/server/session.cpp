#include <parley/session.hpp>

#include "server/web_context.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

// What a handler does to its session: collected here, carried out by web_sessions.cpp.

namespace parley {

namespace {

constexpr std::size_t longest_session_name = 128;
constexpr std::size_t longest_session_user = 256;

std::size_t size_of_value(const session_value& v) {
  const std::string* text = std::get_if<std::string>(&v);
  return text != nullptr ? text->size() : 8;
}

}  // namespace

session_store::~session_store() = default;

const session_value* session::find(std::string_view name) const {
  for (const change& c : changes_) {
    if (c.name == name) return c.value ? &*c.value : nullptr;
  }
  if (clears_ || base_ == nullptr) return nullptr;
  const auto at = base_->values.find(name);
  return at != base_->values.end() ? &at->second : nullptr;
}

session_values session::values() const {
  session_values all;
  if (base_ != nullptr && !clears_) all = base_->values;
  for (const change& c : changes_) {
    if (c.value) {
      all[c.name] = *c.value;
    } else {
      all.erase(c.name);
    }
  }
  return all;
}

void session::may_change() const {
  if (closed_) throw std::logic_error("parley::session: the answer's head is sent, and what is set now would be lost");
}

std::size_t session::size_with(std::string_view name, const session_value& value) const {
  std::size_t bytes = name.size() + size_of_value(value);
  std::size_t count = 1;
  const auto more = [&](const std::string& n, const session_value& v) {
    if (n == name) return;
    bytes += n.size() + size_of_value(v);
    ++count;
  };
  const auto written = [&](const std::string& n) {
    return std::any_of(changes_.begin(), changes_.end(), [&](const change& c) { return c.name == n; });
  };
  for (const change& c : changes_) {
    if (c.value) more(c.name, *c.value);
  }
  if (base_ != nullptr && !clears_) {
    for (const auto& [n, v] : base_->values) {
      if (!written(n)) more(n, v);
    }
  }
  if (count > most_values_) {
    throw std::length_error("parley::session: more than " + std::to_string(most_values_) +
                            " values; keep data elsewhere and its key here, or allow more (session_options::values)");
  }
  return bytes;
}

void session::put(std::string_view name, session_value value) {
  if (name.empty() || name.size() > longest_session_name) {
    throw std::invalid_argument("parley::session: a value's name has 1 to 128 bytes");
  }
  if (size_with(name, value) > most_bytes_) {
    throw std::length_error("parley::session: more than " + std::to_string(most_bytes_) +
                            " bytes; keep data elsewhere and its key here, or allow more (session_options::bytes)");
  }
  write(name, std::move(value));
}

void session::write(std::string_view name, std::optional<session_value> value) {
  may_change();
  for (change& c : changes_) {
    if (c.name != name) continue;
    c.value = std::move(value);
    return;
  }
  changes_.push_back({std::string(name), std::move(value)});
}

bool session::erase(std::string_view name) {
  if (find(name) == nullptr) return false;
  write(name, std::nullopt);
  return true;
}

void session::clear() {
  may_change();
  changes_.clear();
  clears_ = base_ != nullptr;
}

const std::string& session::user() const {
  static const std::string nobody;
  if (logs_in_) return user_;
  return base_ != nullptr ? base_->user : nobody;
}

void session::log_in(std::string_view user) {
  may_change();
  if (user.empty() || user.size() > longest_session_user) {
    throw std::invalid_argument("parley::session: a user has 1 to 256 bytes");
  }
  if (logged_in() && this->user() != user) clear();
  user_ = user;
  logs_in_ = true;
}

void session::renew() {
  may_change();
  if (base_ != nullptr) fate_ = fate::renewed;
}

void session::end() {
  may_change();
  fate_ = fate::ended;
  base_.reset();
  changes_.clear();
  user_.clear();
  clears_ = logs_in_ = dead_ = false;
}

void session::end_everywhere() {
  everywhere_ = true;
  end();
}

std::optional<std::chrono::sys_seconds> session::created() const {
  if (base_ == nullptr) return std::nullopt;
  return base_->created;
}

namespace detail {

void session_access::caps(session& s, const session_options& how) {
  s.most_bytes_ = how.bytes();
  s.most_values_ = how.values();
}

void session_access::open(session& s, session_look&& found) {
  s.base_ = std::move(found.record);
  s.dead_ = found.what == session_look::state::dead;
}

bool session_access::begins(const session& s) {
  if (s.base_ != nullptr) return false;
  if (s.logs_in_) return true;
  return !s.dead_ &&
         std::any_of(s.changes_.begin(), s.changes_.end(), [](const session::change& c) { return c.value.has_value(); });
}

bool session_access::moves(const session& s) { return s.base_ != nullptr && (s.logs_in_ || s.fate_ == session::fate::renewed); }

bool session_access::changed(const session& s) { return s.base_ != nullptr && (!s.changes_.empty() || s.clears_ || moves(s)); }

void session_access::tell(session& s, session_change& into) {
  into.clears = s.clears_;
  if (s.logs_in_) into.user = s.user_;
  for (const session::change& c : s.changes_) into.values.emplace_back(c.name, c.value);
}

}  // namespace detail
}  // namespace parley
