#include <parley/cookie.hpp>

#include "semantics/cookie.hpp"

#include <stdexcept>

namespace parley {

cookie cookie::forgotten(std::string name) {
  cookie gone(std::move(name), "");
  gone.max_age(std::chrono::seconds{0}).expires(std::chrono::sys_seconds{});
  return gone;
}

std::string cookie::to_field() const {
  semantics::set_cookie set{
      .name = name_, .value = value_, .path = path_, .domain = domain_, .max_age = max_age_, .expires = expires_};
  set.secure = secure_;
  set.http_only = http_only_;
  set.partitioned = partitioned_;
  switch (same_site_) {
    case parley::same_site::lax: set.same_site = semantics::same_site_rule::lax; break;
    case parley::same_site::strict: set.same_site = semantics::same_site_rule::strict; break;
    case parley::same_site::none: set.same_site = semantics::same_site_rule::none; break;
  }
  auto field = semantics::to_field(set);
  if (!field) throw std::invalid_argument("parley: " + std::string(field.error()));
  return *std::move(field);
}

}  // namespace parley
