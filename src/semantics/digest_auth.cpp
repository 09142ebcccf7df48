#include "semantics/digest_auth.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

#include "base/ascii.hpp"
#include "base/number.hpp"
#include "semantics/content_disposition.hpp"
#include "semantics/escape.hpp"
#include "semantics/list.hpp"

namespace parley::semantics {

namespace {

constexpr std::array<std::string_view, 6> digest_names{"MD5",          "MD5-sess",    "SHA-256",
                                                       "SHA-256-sess", "SHA-512-256", "SHA-512-256-sess"};

std::optional<digest_algorithm> digest_named(std::string_view name) {
  for (std::size_t i = 0; i < digest_names.size(); ++i) {
    if (base::iequals(digest_names[i], name)) return static_cast<digest_algorithm>(i);
  }
  return std::nullopt;
}

std::string lower_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += {digits[byte >> 4], digits[byte & 15]};
  }
  return text;
}

std::string joined_by_colons(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view& part : parts) {
    if (&part != parts.begin()) text += ':';
    text += part;
  }
  return text;
}

std::string eight_digits(std::uint32_t count) {
  std::string digits;
  base::append_hex(digits, count);
  return std::string(8 - digits.size(), '0') + digits;
}

std::string_view qop_name(digest_qop qop) { return qop == digest_qop::auth_int ? "auth-int" : "auth"; }

bool is_true(const auth_value& value, std::string_view name) {
  const std::string* const text = value.get(name);
  return text != nullptr && base::iequals(*text, "true");
}

// Takes a parameter that must be there.
bool take_text(const auth_value& value, std::string_view name, std::string& out) {
  const std::string* const text = value.get(name);
  if (text == nullptr) return false;
  out = *text;
  return true;
}

bool is_quotable_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

}  // namespace

std::string_view name_of(digest_algorithm algorithm) { return digest_names[static_cast<std::size_t>(algorithm)]; }
bool is_session(digest_algorithm algorithm) { return static_cast<unsigned>(algorithm) % 2 == 1; }

std::optional<digest_challenge> digest_challenge::from(const auth_value& value) {
  digest_challenge challenge;
  if (value.scheme != "digest" || !take_text(value, "realm", challenge.realm) || !take_text(value, "nonce", challenge.nonce))
    return std::nullopt;
  if (const std::string* const name = value.get("algorithm")) {
    const auto algorithm = digest_named(*name);
    if (!algorithm) return std::nullopt;
    challenge.algorithm = *algorithm;
  }
  const std::string* const qop = value.get("qop");
  challenge.auth = false;
  if (qop != nullptr) {
    list_reader options(*qop);
    while (const auto option = options.next()) {
      if (base::iequals(*option, "auth")) challenge.auth = true;
      if (base::iequals(*option, "auth-int")) challenge.auth_int = true;
    }
    if (!challenge.auth && !challenge.auth_int) return std::nullopt;
  } else if (is_session(challenge.algorithm)) {
    return std::nullopt;
  }
  if (const std::string* const opaque = value.get("opaque")) challenge.opaque = *opaque;
  if (const std::string* const charset = value.get("charset")) challenge.utf8 = base::iequals(*charset, "UTF-8");
  challenge.stale = is_true(value, "stale");
  challenge.userhash = is_true(value, "userhash");
  return challenge;
}

std::string digest_challenge::to_text() const {
  std::string text = "Digest realm=" + auth_quoted(realm);
  if (auth || auth_int) text += auth && auth_int ? ", qop=\"auth, auth-int\"" : auth_int ? ", qop=\"auth-int\"" : ", qop=\"auth\"";
  text.append(", algorithm=").append(name_of(algorithm)).append(", nonce=").append(auth_quoted(nonce));
  if (opaque) text.append(", opaque=").append(auth_quoted(*opaque));
  if (stale) text += ", stale=true";
  if (utf8) text += ", charset=UTF-8";
  if (userhash) text += ", userhash=true";
  return text;
}

const digest_challenge* strongest(const std::vector<digest_challenge>& challenges,
                                  const std::function<bool(digest_algorithm)>& supported) {
  const auto strength = [](const digest_challenge& c) { return static_cast<unsigned>(c.algorithm) / 2; };
  const digest_challenge* best = nullptr;
  for (const digest_challenge& one : challenges) {
    if (supported(one.algorithm) && (best == nullptr || strength(one) > strength(*best))) best = &one;
  }
  return best;
}

std::optional<digest_credentials> digest_credentials::from(const auth_value& value) {
  digest_credentials said;
  if (value.scheme != "digest") return std::nullopt;
  for (const auto& [name, out] : {std::pair{"realm", &said.realm},
                                  {"uri", &said.uri},
                                  {"nonce", &said.nonce},
                                  {"cnonce", &said.cnonce},
                                  {"response", &said.response}}) {
    if (!take_text(value, name, *out)) return std::nullopt;
  }
  said.userhash = is_true(value, "userhash");
  const std::string* const plain = value.get("username");
  const std::string* const extended = value.get("username*");
  // §3.4: both at once are an error, and a hash has no need for the latter.
  if ((plain == nullptr) == (extended == nullptr) || (extended != nullptr && said.userhash)) return std::nullopt;
  if (plain != nullptr) {
    said.username = *plain;
  } else {
    const auto decoded = decode_extended(*extended);
    if (!decoded) return std::nullopt;
    said.username = *decoded;
  }
  if (const std::string* const name = value.get("algorithm")) {
    const auto algorithm = digest_named(*name);
    if (!algorithm) return std::nullopt;
    said.algorithm = *algorithm;
  }
  const std::string* const qop = value.get("qop");
  const std::string* const count = value.get("nc");
  if (qop == nullptr || count == nullptr || count->size() != 8) return std::nullopt;
  if (!base::iequals(*qop, "auth") && !base::iequals(*qop, "auth-int")) return std::nullopt;
  said.qop = base::iequals(*qop, "auth") ? digest_qop::auth : digest_qop::auth_int;
  const auto number = base::parse_hex(*count);
  if (!number || *number == 0) return std::nullopt;
  said.count = static_cast<std::uint32_t>(*number);
  if (const std::string* const opaque = value.get("opaque")) said.opaque = *opaque;
  return said;
}

std::string digest_credentials::to_text() const {
  std::string text = "Digest ";
  // What is no UTF-8 has no extended form: it goes as it is, as older clients send it.
  if (is_quotable_ascii(username) || !is_utf8(username)) {
    text.append("username=").append(auth_quoted(username));
  } else {
    text.append("username*=").append(encode_extended(username));
  }
  text.append(", realm=").append(auth_quoted(realm)).append(", uri=").append(auth_quoted(uri));
  text.append(", algorithm=").append(name_of(algorithm)).append(", nonce=").append(auth_quoted(nonce));
  if (qop != digest_qop::none) {
    text.append(", nc=").append(eight_digits(count)).append(", cnonce=").append(auth_quoted(cnonce));
    text.append(", qop=").append(qop_name(qop));
  }
  text.append(", response=").append(auth_quoted(response));
  if (opaque) text.append(", opaque=").append(auth_quoted(*opaque));
  if (userhash) text += ", userhash=true";
  return text;
}

std::string digest_secret(std::string_view user, std::string_view realm, std::string_view password, const digest_hash& hash) {
  return lower_hex(hash(joined_by_colons({user, realm, password})));
}

std::string digest_response(const digest_credentials& said, std::string_view secret, std::string_view method,
                            std::string_view content, const digest_hash& hash) {
  std::string first(secret);
  // RFC 7616 §3.4.2; the inner hash is in hexadecimal, as all implementations have it.
  if (is_session(said.algorithm)) first = lower_hex(hash(joined_by_colons({secret, said.nonce, said.cnonce})));
  std::string second = joined_by_colons({method, said.uri});
  if (said.qop == digest_qop::auth_int) second.append(":").append(lower_hex(hash(content)));
  const std::string hashed = lower_hex(hash(second));
  if (said.qop == digest_qop::none) return lower_hex(hash(joined_by_colons({first, said.nonce, hashed})));  // RFC 2069 §2.1.2
  return lower_hex(hash(joined_by_colons({first, said.nonce, eight_digits(said.count), said.cnonce, qop_name(said.qop), hashed})));
}

digest_credentials answer_digest(const digest_challenge& challenge, std::string_view user, std::string_view password,
                                 std::string_view method, std::string_view uri, std::string_view content, std::string cnonce,
                                 std::uint32_t count, const digest_hash& hash) {
  digest_credentials said;
  said.username = challenge.userhash ? lower_hex(hash(joined_by_colons({user, challenge.realm}))) : std::string(user);
  said.realm = challenge.realm;
  said.uri = uri;
  said.nonce = challenge.nonce;
  said.cnonce = std::move(cnonce);
  said.opaque = challenge.opaque;
  said.algorithm = challenge.algorithm;
  said.qop = challenge.auth ? digest_qop::auth : challenge.auth_int ? digest_qop::auth_int : digest_qop::none;
  said.count = count;
  said.userhash = challenge.userhash;
  said.response = digest_response(said, digest_secret(user, challenge.realm, password, hash), method, content, hash);
  return said;
}

}  // namespace parley::semantics
