#include <parley/hidden_state.hpp>

#include "semantics/base64url.hpp"
#include "semantics/constant_time.hpp"
#include "semantics/escape.hpp"
#include "server/key_ring.hpp"
#include "tls/hmac.hpp"

#include <parley/uri.hpp>

// base64url of: version, when it expires (8 bytes), the values as a form has them, the HMAC of all that with purpose and binding.

namespace parley {

namespace {

constexpr char seal_version = 1;
constexpr std::size_t seal_head = 9;
constexpr std::size_t seal_mac = 32;
constexpr std::size_t longest_seal = 1024 * 1024;

void append_number(std::string& out, std::uint64_t n) {
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(n >> shift & 0xff);
}

std::uint64_t number_in(std::string_view bytes) {
  std::uint64_t n = 0;
  for (const char c : bytes) n = n << 8 | static_cast<unsigned char>(c);
  return n;
}

// With lengths, so that nothing can move from one part into another.
std::string sealed_text(std::string_view purpose, std::string_view bound_to, std::string_view data) {
  std::string all("parley hidden state");
  for (const std::string_view part : {purpose, bound_to, data}) {
    append_number(all, part.size());
    all += part;
  }
  return all;
}

std::string seal_mac_of(const std::string& key, const std::string& text) {
  const auto mac = tls::hmac_sha256(key, text);
  return {reinterpret_cast<const char*>(mac.data()), mac.size()};
}

}  // namespace

std::chrono::sys_seconds hidden_state::now() const {
  if (clock_) return clock_();
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

std::string hidden_state::seal(const values& what, std::string_view bound_to) const {
  std::vector<query_parameters::parameter> pairs;
  for (const auto& [name, value] : what) pairs.push_back({name, value});
  std::string data(1, seal_version);
  append_number(data, static_cast<std::uint64_t>((now() + lifetime_).time_since_epoch().count()));
  data += form_encode(pairs);
  const std::string key = detail::secret_keys_access::ring(keys_).newest();
  data += seal_mac_of(key, sealed_text(purpose_, bound_to, data));
  return semantics::encode_base64url(data);
}

std::expected<hidden_state::values, hidden_state::fault> hidden_state::open(std::string_view sealed,
                                                                            std::string_view bound_to) const {
  if (sealed.size() > longest_seal) return std::unexpected(fault::tampered);
  const auto bytes = semantics::decode_base64url(sealed);
  if (!bytes || bytes->size() < seal_head + seal_mac || bytes->front() != seal_version) return std::unexpected(fault::tampered);
  const std::string_view data = std::string_view(*bytes).substr(0, bytes->size() - seal_mac);
  const std::string_view mac = std::string_view(*bytes).substr(bytes->size() - seal_mac);
  const std::string text = sealed_text(purpose_, bound_to, data);
  bool good = false;
  for (const std::string& key : detail::secret_keys_access::ring(keys_).all()) {
    if (semantics::constant_time_equal(seal_mac_of(key, text), mac)) good = true;
  }
  if (!good) return std::unexpected(fault::tampered);
  if (static_cast<std::uint64_t>(now().time_since_epoch().count()) >= number_in(data.substr(1, 8))) {
    return std::unexpected(fault::expired);
  }
  values found;
  for (const auto& pair : query_parameters(data.substr(seal_head))) found.emplace_back(pair.name, pair.value);
  return found;
}

std::string hidden_state::field(std::string_view name, const values& what, std::string_view bound_to) const {
  return "<input type=\"hidden\" name=\"" + semantics::html_escape(name) + "\" value=\"" + seal(what, bound_to) + "\">";
}

std::optional<std::string_view> find_value(const hidden_state::values& in, std::string_view name) {
  for (const auto& [n, value] : in) {
    if (n == name) return value;
  }
  return std::nullopt;
}

}  // namespace parley
