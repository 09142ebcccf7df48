#include "semantics/content_length.hpp"

#include "base/number.hpp"
#include "semantics/fields_access.hpp"

namespace parley::semantics {

std::expected<std::optional<std::uint64_t>, const char*> agreed_content_length(const parley::fields& f) {
  using access = parley::detail::fields_access;
  const auto* line = access::find(f, field_id::content_length);
  if (line == nullptr) return std::nullopt;
  if (access::count(f, field_id::content_length) > 1) return std::unexpected("There is more than one Content-Length field line.");
  const auto length = base::parse_decimal(access::value(f, *line));
  if (!length) return std::unexpected("The Content-Length is no decimal number of 64 bits.");
  return length;
}

}  // namespace parley::semantics
