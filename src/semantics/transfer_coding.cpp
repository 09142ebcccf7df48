#include "semantics/transfer_coding.hpp"

#include "base/ascii.hpp"
#include "semantics/fields_access.hpp"
#include "semantics/list.hpp"

namespace parley::semantics {
namespace {

transfer_coding coding_of(std::string_view name) {
  struct known_coding {
    std::string_view name;
    transfer_coding coding;
  };
  // RFC 9112 §7.2: the x- forms are equivalent.
  static constexpr known_coding known[] = {
      {"chunked", transfer_coding::chunked}, {"gzip", transfer_coding::gzip},         {"x-gzip", transfer_coding::gzip},
      {"deflate", transfer_coding::deflate}, {"compress", transfer_coding::compress}, {"x-compress", transfer_coding::compress},
  };
  for (const auto& [text, coding] : known) {
    if (base::iequals(text, name)) return coding;
  }
  return transfer_coding::other;
}

bool valid_parameters(std::string_view text) {
  parameter_reader reader(text);
  while (reader.next()) {
  }
  return reader.valid();
}

// Adds one element; a sentence when it must not be there.
const char* add_coding(transfer_codings& codings, std::string_view element) {
  const auto [name, parameters] = split_parameters(element);
  if (!base::is_token(name) || !valid_parameters(parameters)) return "The Transfer-Encoding is no list of codings.";
  const transfer_coding coding = coding_of(name);
  // RFC 9112 §7.1: chunked has no parameters.
  if (coding == transfer_coding::chunked && !parameters.empty()) return "The chunked coding has parameters.";
  // RFC 9112 §6.1: chunked comes once, and last.
  if (codings.final_is_chunked()) return "A transfer coding follows chunked.";
  if (codings.size == transfer_codings::max_size) return "There are more than four transfer codings.";
  codings.items[codings.size++] = coding;
  return nullptr;
}

}  // namespace

std::expected<transfer_codings, const char*> parse_transfer_encoding(const parley::fields& f) {
  transfer_codings codings;
  const char* wrong = nullptr;
  const bool valid = for_each_element(f, field_id::transfer_encoding, [&](std::string_view element) {
    if (wrong == nullptr) wrong = add_coding(codings, element);
  });
  if (wrong != nullptr) return std::unexpected(wrong);
  if (!valid) return std::unexpected("The Transfer-Encoding is no list of codings.");
  if (codings.empty() && parley::detail::fields_access::find(f, field_id::transfer_encoding) != nullptr) {
    return std::unexpected("The Transfer-Encoding names no coding.");
  }
  return codings;
}

bool is_exactly_chunked(const parley::fields& f) {
  using access = parley::detail::fields_access;
  return access::count(f, field_id::transfer_encoding) == 1 &&
         base::iequals(access::get(f, field_id::transfer_encoding), "chunked");
}

}  // namespace parley::semantics
