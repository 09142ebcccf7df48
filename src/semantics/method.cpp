#include <parley/method.hpp>

#include <algorithm>

#include "base/ascii.hpp"

namespace parley {
namespace {

constexpr std::array<std::string_view, 9> method_names{"GET",     "HEAD",    "POST",  "PUT",  "DELETE",
                                                       "CONNECT", "OPTIONS", "TRACE", "PATCH"};

method::id known_method(std::string_view name) {
  for (std::size_t i = 0; i < method_names.size(); ++i) {
    if (method_names[i] == name) return static_cast<method::id>(i);
  }
  return method::id::other;
}

}  // namespace

std::optional<method> method::parse(std::string_view name) {
  if (const id known = known_method(name); known != id::other) return method(known);
  if (name.size() > max_length || !base::is_token(name)) return std::nullopt;
  method extension(id::other);
  extension.length_ = static_cast<std::uint8_t>(name.size());
  std::copy(name.begin(), name.end(), extension.other_.begin());
  return extension;
}

std::string_view method::name() const {
  if (id_ != id::other) return method_names[static_cast<std::size_t>(id_)];
  return {other_.data(), length_};
}

bool method::safe() const { return id_ == id::get || id_ == id::head || id_ == id::options || id_ == id::trace; }

bool method::idempotent() const { return safe() || id_ == id::put || id_ == id::delete_; }

bool method::cacheable() const { return id_ == id::get || id_ == id::head; }

}  // namespace parley
