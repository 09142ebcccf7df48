// URIs, request-targets, hosts, queries: what is accepted keeps its text, and normalising twice is normalising once.
#include <parley/uri.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/scan.hpp"
#include "semantics/target.hpp"

namespace {

using parley::uri;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_uri(std::string_view text) {
  const auto parsed = uri::parse_reference(text);
  if (!parsed) {
    require(parsed.error().position <= text.size());
    return;
  }
  require(parsed->to_string() == text);
  const uri normal = parsed->normalized();
  require(normal.normalized() == normal);
  require(normal.has_authority() == parsed->has_authority() && normal.has_query() == parsed->has_query());
  require(parsed->without_fragment().has_fragment() == false);

  static const uri base_uri = *uri::parse("http://a/b/c/d;p?q");
  const uri target = base_uri.resolve(*parsed);
  require(target.is_absolute());
  require(target.to_string() == uri::parse_reference(target.to_string())->to_string());
  require(base_uri.resolve(target).is_absolute());
  if (parsed->is_absolute()) {
    require(parsed->resolve(base_uri) == base_uri);
    require(parsed->resolve("x/../y").has_value());
  }
  const std::string request_target = parsed->request_target();
  require(parley::semantics::parse_target(parley::method::get, request_target).has_value());
}

void check_target(const parley::method& method, std::string_view text) {
  const auto parts = parley::semantics::parse_target(method, text);
  if (!parts) return;
  require(!text.empty() && parley::base::find_not_target_portable(text) == text.size());
  for (const auto piece : {parts->scheme, parts->authority, parts->path, parts->query}) {
    require(std::size_t{piece.offset} + piece.length <= text.size());
  }
  if (parts->authority.length != 0) {
    require(parley::semantics::parse_host(text.substr(parts->authority.offset, parts->authority.length)).has_value());
  }
}

void check_host(std::string_view text) {
  const auto host = parley::semantics::parse_host(text);
  const std::string normal = parley::semantics::normalized_authority(text, "http");
  if (host) require(parley::semantics::normalized_authority(normal, "http") == normal);
}

void check_encoding(std::string_view text) {
  require(parley::percent_decode(parley::percent_encode(text)) == text);
  std::vector<parley::query_parameters::parameter> pairs;
  for (const auto& pair : parley::query_parameters(text)) pairs.push_back(pair);
  const std::string form = parley::form_encode(pairs);
  std::size_t index = 0;
  for (const auto& pair : parley::query_parameters(form)) {
    require(pair.name == pairs.at(index).name && pair.value == pairs.at(index).value);
    ++index;
  }
  require(index == pairs.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_uri(text);
  check_target(parley::method::get, text);
  check_target(parley::method::options, text);
  check_target(parley::method::connect, text);
  check_host(text);
  check_encoding(text);
  return 0;
}
