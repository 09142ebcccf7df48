// Challenges, credentials, links, Forwarded, traceparent, Cache-Control, digests, languages: what is read can be written and reads as the same.
#include <parley/fields.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/ascii.hpp"
#include "semantics/auth.hpp"
#include "semantics/cache_control.hpp"
#include "semantics/digest_auth.hpp"
#include "semantics/digest_field.hpp"
#include "semantics/forwarded.hpp"
#include "semantics/link.hpp"
#include "semantics/negotiation.hpp"
#include "semantics/trace_context.hpp"
#include "semantics/vary.hpp"

namespace {

using namespace parley::semantics;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_auth(std::string_view text) {
  if (const auto challenges = parse_challenges(text)) {
    require(challenges->size() <= max_challenges);
    for (const auto& one : *challenges) {
      require(!one.scheme.empty() && one.parameters.size() <= max_auth_parameters);
      if (const auto digest = digest_challenge::from(one)) {
        const auto again = parse_credentials(digest->to_text());
        require(again && digest_challenge::from(*again) == digest);
      }
    }
  }
  if (const auto who = parse_basic(text)) require(parse_basic(to_field(*who).value()) == who);
  if (const auto token = parse_bearer(text)) require(parse_bearer(bearer_field(*token).value()) == token);
  const auto value = parse_credentials(text);
  if (!value) return;
  require(parse_challenges(text).has_value());
  if (const auto said = digest_credentials::from(*value)) {
    const auto again = parse_credentials(said->to_text());
    require(again && digest_credentials::from(*again) == said);
  }
}

void check_lists(std::string_view text) {
  for (const auto& link : parse_links(text)) {
    const auto written = to_text(link);
    if (written) require(parse_links(*written).size() == 1);
  }
  if (const auto elements = parse_forwarded(text)) {
    for (const auto& one : *elements) {
      const std::string written = to_text(one);
      const auto again = parse_forwarded(written);
      require(again && (written.empty() ? again->empty() : again->size() == 1 && again->front() == one));
    }
  }
  address_networks trusted;
  require(trusted.add("10.0.0.0/8"));
  require(origin_by_forwarded("192.0.2.1", text, trusted) == client_origin{.address = "192.0.2.1"});
  static_cast<void>(origin_by_forwarded("10.0.0.1", text, trusted));
  static_cast<void>(origin_by_x_forwarded("10.0.0.1", text, text, text, trusted));
  if (const auto address = node_address(text)) require(node_address(node_of(*address)) == address);
  address_networks networks;
  static_cast<void>(networks.add(text));

  const auto cache = parse_cache_control(text);
  auto plain = cache;
  plain.no_cache_fields.clear();
  plain.private_fields.clear();
  require(parse_cache_control(to_text(plain)) == plain);
  static_cast<void>(to_text(cache));
  if (const auto digests = parse_digests(text)) require(parse_digests(to_text(*digests).value()) == digests);
  static_cast<void>(wanted_digest(text, {"sha-256"}));
  if (const auto trace = parse_traceparent(text)) require(parse_traceparent(to_text(*trace)) == trace);
  const std::vector<std::string_view> languages{"en", "de-CH", "de"};
  static_cast<void>(lookup_language(text, languages));
  if (parley::base::all_of_class(text, parley::base::class_field_value)) {
    parley::fields f;
    f.add("Vary", parley::base::trim_ows(text));
    add_vary(f, "Accept");
    add_vary(f, "Accept");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_auth(text);
  check_lists(text);
  return 0;
}
