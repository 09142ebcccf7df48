// URIs (RFC 3986) and query parameters (application/x-www-form-urlencoded).
#pragma once

#include <parley/config.hpp>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley {

/// Why a text is no URI.
struct uri_error {
  /// The offset of the byte at fault.
  std::size_t position = 0;
  /// A sentence for a person; static.
  const char* sentence = "";
};

/// A URI or a relative reference, parsed strictly: no spaces, no bytes beyond ASCII, no broken percent-escapes.
///
/// Components are views into this object, still percent-encoded, valid until it is modified or destroyed.
class PARLEY_API uri {
 public:
  /// An empty relative reference.
  uri() = default;

  /// A URI with a scheme, such as `https://localhost:8443/hello?name=ada#top`.
  [[nodiscard]] static std::expected<uri, uri_error> parse(std::string_view text);
  /// A URI or a relative reference, such as `../b?c` or `//host/path`.
  [[nodiscard]] static std::expected<uri, uri_error> parse_reference(std::string_view text);

  /// Without `:`; as written. Empty in a relative reference.
  [[nodiscard]] std::string_view scheme() const { return view(scheme_); }
  [[nodiscard]] bool has_authority() const { return has_authority_; }
  /// Without `//`: userinfo, host and port as written.
  [[nodiscard]] std::string_view authority() const { return view(authority_); }
  [[nodiscard]] bool has_userinfo() const { return has_userinfo_; }
  [[nodiscard]] std::string_view userinfo() const { return view(userinfo_); }
  /// An IPv6 address keeps its brackets; see `host_name`.
  [[nodiscard]] std::string_view host() const { return view(host_); }
  /// The host for a resolver or a socket: without brackets.
  [[nodiscard]] std::string_view host_name() const;
  /// The port that is written; nothing also for an empty one (`host:`).
  [[nodiscard]] std::optional<std::uint16_t> port() const { return port_; }
  /// The port that is written, else the default one of the scheme, if that is known.
  [[nodiscard]] std::optional<std::uint16_t> effective_port() const;
  /// Host, and port unless it is the scheme's default or empty: what a Host field says (RFC 9110 §7.2).
  [[nodiscard]] std::string host_and_port() const;
  [[nodiscard]] std::string_view path() const { return view(path_); }
  [[nodiscard]] bool has_query() const { return has_query_; }
  /// Without `?`.
  [[nodiscard]] std::string_view query() const { return view(query_); }
  [[nodiscard]] bool has_fragment() const { return has_fragment_; }
  /// Without `#`.
  [[nodiscard]] std::string_view fragment() const { return view(fragment_); }
  /// Path (`/` when it is empty) and query: what an origin-form request-target says (RFC 9112 §3.2.1).
  [[nodiscard]] std::string request_target() const;

  [[nodiscard]] bool is_absolute() const { return scheme_.length != 0; }

  /// RFC 3986 §6.2.2 and §6.2.3: case, percent-escapes, dot segments, default port, empty path. Equal results are equal URIs.
  [[nodiscard]] uri normalized() const;
  /// The target of `reference` relative to this URI (RFC 3986 §5.2), which has a scheme.
  [[nodiscard]] uri resolve(const uri& reference) const;
  /// Parses and resolves.
  [[nodiscard]] std::expected<uri, uri_error> resolve(std::string_view reference) const;
  /// The same without fragment: what is sent and cached.
  [[nodiscard]] uri without_fragment() const;

  /// The text as it was parsed.
  [[nodiscard]] const std::string& to_string() const { return text_; }

  /// The same text; compare `normalized()` ones for the same meaning.
  friend bool operator==(const uri& a, const uri& b) { return a.text_ == b.text_; }

 private:
  struct part {
    std::uint32_t offset = 0;
    std::uint32_t length = 0;
  };
  friend struct uri_parser;

  [[nodiscard]] std::string_view view(part p) const { return std::string_view(text_).substr(p.offset, p.length); }

  std::string text_;
  part scheme_, authority_, userinfo_, host_, path_, query_, fragment_;
  std::optional<std::uint16_t> port_;
  bool has_authority_ = false;
  bool has_userinfo_ = false;
  bool has_query_ = false;
  bool has_fragment_ = false;
};

/// 80 for http and ws, 443 for https and wss, 21 for ftp; nothing for others. The scheme's case does not matter.
[[nodiscard]] PARLEY_API std::optional<std::uint16_t> default_port(std::string_view scheme);

/// Decodes `%NN`; nothing when an escape is broken. A `+` stays one.
[[nodiscard]] PARLEY_API std::optional<std::string> percent_decode(std::string_view text);
/// Encodes all bytes but the unreserved ones (letters, digits, `-._~`) and those in `also_keep`.
[[nodiscard]] PARLEY_API std::string percent_encode(std::string_view text, std::string_view also_keep = {});
/// RFC 3986 §5.2.4: the path without `.` and `..` segments.
[[nodiscard]] PARLEY_API std::string remove_dot_segments(std::string_view path);

/// The pairs of a query or of a submitted form, in order.
///
/// Reads as browsers do: pairs between `&`, `+` is a space, a broken escape stays as it is. The text must outlive this object.
class PARLEY_API query_parameters {
 public:
  struct parameter {
    std::string name;
    std::string value;
  };

  class PARLEY_API iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = parameter;
    using difference_type = std::ptrdiff_t;
    using pointer = const parameter*;
    using reference = const parameter&;
    iterator() = default;
    const parameter& operator*() const { return current_; }
    const parameter* operator->() const { return &current_; }
    iterator& operator++();
    friend bool operator==(const iterator& a, const iterator& b) { return a.at_ == b.at_ && a.done_ == b.done_; }

   private:
    friend class query_parameters;
    explicit iterator(std::string_view query) : rest_(query) { ++*this; }
    std::string_view rest_;
    const char* at_ = nullptr;
    bool done_ = true;
    parameter current_;
  };

  explicit query_parameters(std::string_view query) : query_(query) {}

  [[nodiscard]] iterator begin() const { return iterator(query_); }
  [[nodiscard]] iterator end() const { return {}; }

  /// The decoded value of the first pair of that (decoded) name.
  [[nodiscard]] std::optional<std::string> get(std::string_view name) const;
  /// The decoded values of all pairs of that name.
  [[nodiscard]] std::vector<std::string> get_all(std::string_view name) const;

 private:
  std::string_view query_;
};

/// `name=value` pairs joined by `&`, encoded as a form is (a space becomes `+`).
[[nodiscard]] PARLEY_API std::string form_encode(const std::vector<query_parameters::parameter>& pairs);

}  // namespace parley
