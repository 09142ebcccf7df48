// Request methods (RFC 9110 §9, RFC 5789).
#pragma once

#include <parley/config.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace parley {

/// A request method: one of the nine registered ones that this library knows by id, or any other token.
///
/// A small value; copying costs nothing. Names are case-sensitive (RFC 9110 §9.1).
class PARLEY_API method {
 public:
  enum class id : std::uint8_t { get, head, post, put, delete_, connect, options, trace, patch, other };

  /// The longest method name that is accepted, in bytes.
  static constexpr std::size_t max_length = 30;

  constexpr method() = default;
  constexpr method(id known) : id_(known) {}  // NOLINT: an id is a method

  /// The method of that name; nothing when it is no token (RFC 9110 §5.6.2) or longer than `max_length`.
  static std::optional<method> parse(std::string_view name);

  /// Which one; `id::other` for an extension method.
  [[nodiscard]] constexpr id which() const { return id_; }
  /// The name as sent, such as `GET`. The view lives as long as this object.
  [[nodiscard]] std::string_view name() const;

  /// RFC 9110 §9.2.1: GET, HEAD, OPTIONS and TRACE ask for no change of state.
  [[nodiscard]] bool safe() const;
  /// RFC 9110 §9.2.2: the safe ones, PUT and DELETE have the same effect when repeated.
  [[nodiscard]] bool idempotent() const;
  /// RFC 9110 §9.2.3: GET and HEAD (POST only with explicit freshness, which is not counted here).
  [[nodiscard]] bool cacheable() const;

  friend bool operator==(const method& a, const method& b) {
    return a.id_ == b.id_ && (a.id_ != id::other || a.name() == b.name());
  }

  static const method get, head, post, put, delete_, connect, options, trace, patch;

 private:
  id id_ = id::get;
  std::uint8_t length_ = 0;
  std::array<char, max_length> other_{};
};

inline constexpr method method::get{method::id::get};
inline constexpr method method::head{method::id::head};
inline constexpr method method::post{method::id::post};
inline constexpr method method::put{method::id::put};
inline constexpr method method::delete_{method::id::delete_};
inline constexpr method method::connect{method::id::connect};
inline constexpr method method::options{method::id::options};
inline constexpr method method::trace{method::id::trace};
inline constexpr method method::patch{method::id::patch};

}  // namespace parley
