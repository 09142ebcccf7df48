#include "semantics/auth.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "semantics/base64.hpp"
#include "semantics/fields_access.hpp"
#include "semantics/list.hpp"

namespace parley::semantics {

namespace {

constexpr bool is_control(char c) { return (c >= 0 && c < 0x20) || c == 0x7f; }

// RFC 9110 §11.2: token68 = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
std::size_t token68_length(std::string_view text) {
  std::size_t n = 0;
  while (n < text.size() && (base::is_class(text[n], base::class_unreserved) || text[n] == '+' || text[n] == '/')) ++n;
  if (n == 0) return 0;
  while (n < text.size() && text[n] == '=') ++n;
  return n;
}

class auth_reader {
 public:
  explicit auth_reader(std::string_view text) : rest_(base::trim_ows(text)) {}

  [[nodiscard]] bool done() const { return rest_.empty(); }

  // scheme [ 1*SP ( token68 / #auth-param ) ]
  bool take(auth_value& out) {
    const std::string_view scheme = take_token();
    if (scheme.empty()) return false;
    out.scheme = base::to_lower(scheme);
    const bool space = rest_.starts_with(' ');
    skip_blanks();
    if (rest_.empty() || rest_[0] == ',') return true;
    if (!space) return false;
    // A token68 stands alone, up to a comma or the end.
    const std::size_t length = token68_length(rest_);
    const std::string_view after = base::trim_ows(rest_.substr(length));
    if (length > 0 && (after.empty() || after[0] == ',')) {
      out.token68 = rest_.substr(0, length);
      rest_ = after;
      return true;
    }
    return take_parameters(out);
  }
  // One or more commas with blanks around them; true at the end too.
  bool take_commas() {
    skip_blanks();
    if (rest_.empty()) return true;
    if (rest_[0] != ',') return false;
    for (std::size_t empty = 0; !rest_.empty() && (rest_[0] == ',' || base::is_ows(rest_[0])); rest_.remove_prefix(1)) {
      if (rest_[0] == ',' && ++empty > max_empty_elements) return false;
    }
    return true;
  }

 private:
  void skip_blanks() {
    while (!rest_.empty() && base::is_ows(rest_[0])) rest_.remove_prefix(1);
  }
  std::string_view take_token() {
    std::size_t n = 0;
    while (n < rest_.size() && base::is_token_char(rest_[n])) ++n;
    const std::string_view token = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return token;
  }
  // What is no `name =` is the next challenge's scheme, and stays there.
  bool take_parameters(auth_value& out) {
    while (true) {
      const std::string_view before = rest_;
      const std::string_view name = take_token();
      skip_blanks();
      if (name.empty()) return false;
      if (!rest_.starts_with('=')) {
        rest_ = before;
        return !out.parameters.empty();
      }
      rest_.remove_prefix(1);
      skip_blanks();
      auth_parameter one{base::to_lower(name), {}};
      if (rest_.starts_with('"')) {
        const std::size_t length = quoted_string_length(rest_);
        if (length == 0) return false;
        one.value = unquote(rest_.substr(0, length)).value_or("");
        rest_.remove_prefix(length);
      } else {
        one.value = take_token();
        if (one.value.empty()) return false;
      }
      if (out.get(one.name) != nullptr || out.parameters.size() == max_auth_parameters) return false;
      out.parameters.push_back(std::move(one));
      if (!take_commas()) return false;
      if (rest_.empty()) return true;
    }
  }

  std::string_view rest_;
};

}  // namespace

const std::string* auth_value::get(std::string_view name) const {
  for (const auto& p : parameters) {
    if (p.name == name) return &p.value;
  }
  return nullptr;
}

std::optional<std::vector<auth_value>> parse_challenges(std::string_view value) {
  auth_reader reader(value);
  std::vector<auth_value> challenges;
  if (value.find_first_not_of(" \t,") == value.npos) return challenges;
  if (base::trim_ows(value).starts_with(',') && !reader.take_commas()) return std::nullopt;
  while (!reader.done()) {
    if (challenges.size() == max_challenges || !reader.take(challenges.emplace_back())) return std::nullopt;
    if (!challenges.back().parameters.empty()) continue;  // the comma is behind it already
    if (!reader.take_commas()) return std::nullopt;
  }
  return challenges;
}

std::optional<auth_value> parse_credentials(std::string_view value) {
  const std::string_view trimmed = base::trim_ows(value);
  if (trimmed.ends_with(',')) return std::nullopt;
  auth_reader reader(trimmed);
  auth_value credentials;
  if (!reader.take(credentials) || !reader.done()) return std::nullopt;
  return credentials;
}

std::string_view one_authorization(const parley::fields& request) {
  using lines_of = parley::detail::fields_access;
  return lines_of::count(request, field_id::authorization) == 1 ? lines_of::get(request, field_id::authorization)
                                                                : std::string_view();
}

bool is_of_scheme(std::string_view authorization, std::string_view scheme) {
  const std::string_view said = base::trim_ows(authorization);
  return base::iequals(said.substr(0, said.find(' ')), scheme);
}

std::optional<basic_credentials> parse_basic(std::string_view authorization) {
  const auto value = parse_credentials(authorization);
  if (!value || value->scheme != "basic") return std::nullopt;
  const auto text = decode_base64(value->token68);
  if (!text || std::any_of(text->begin(), text->end(), is_control)) return std::nullopt;
  const std::size_t colon = text->find(':');
  if (colon == text->npos) return std::nullopt;
  return basic_credentials{text->substr(0, colon), text->substr(colon + 1)};
}

std::expected<std::string, const char*> to_field(const basic_credentials& who) {
  if (who.user.find(':') != who.user.npos) return std::unexpected("a user's name for Basic has no colon");
  if (std::any_of(who.user.begin(), who.user.end(), is_control) ||
      std::any_of(who.password.begin(), who.password.end(), is_control))
    return std::unexpected("a user's name and password for Basic have no control characters");
  std::string text = "Basic ";
  append_base64(text, who.user + ":" + who.password);
  return text;
}

std::string auth_quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (is_control(c) && c != '\t') continue;
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted += '"';
}

std::string basic_challenge(std::string_view realm) { return "Basic realm=" + auth_quoted(realm) + ", charset=\"UTF-8\""; }

std::optional<std::string> parse_bearer(std::string_view authorization) {
  auto value = parse_credentials(authorization);
  if (!value || value->scheme != "bearer" || value->token68.empty()) return std::nullopt;
  return std::move(value->token68);
}

std::expected<std::string, const char*> bearer_field(std::string_view token) {
  if (token.empty() || token68_length(token) != token.size())
    return std::unexpected("a bearer token is letters, digits and -._~+/, with = at its end only");
  return "Bearer " + std::string(token);
}

std::string bearer_challenge(std::string_view realm, std::string_view error, std::string_view description) {
  std::string text = "Bearer realm=" + auth_quoted(realm);
  if (!error.empty()) text.append(", error=").append(auth_quoted(error));
  if (!description.empty()) text.append(", error_description=").append(auth_quoted(description));
  return text;
}

}  // namespace parley::semantics
