// JSON at the edge, with nlohmann-json (Debian: nlohmann-json3-dev): an opt-in header, slow to compile, so include it where needed.
//
//   struct point { int x; int y; };
//   void from_json(const nlohmann::json& value, point& p) {      // nlohmann's way to convert; found by the type
//     parley::json_members in(value);
//     in.get("x", p.x);
//     in.get("y", p.y);
//     in.done();                                                 // 422 that tells all that is wrong with the members
//   }
//   app.route("POST /points", [](parley::request& req) -> parley::task<parley::response> {
//     auto reading = req.json<point>();
//     point p = co_await reading;                                // 415, 400 or 422 when it is none
//     co_return parley::json({{"sum", p.x + p.y}}).status(201);
//   });
#pragma once

#include <parley/detail/json_parser.hpp>
#include <parley/media_type.hpp>
#include <parley/problem.hpp>
#include <parley/request.hpp>
#include <parley/response.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace parley {

/// An `application/json` answer: a nlohmann::json (or ordered_json), or whatever converts to one. Invalid UTF-8 becomes U+FFFD.
template <class T = nlohmann::json>
[[nodiscard]] response json(const T& value) {
  if constexpr (requires { typename T::error_handler_t; }) {
    return response().content(value.dump(-1, ' ', false, T::error_handler_t::replace), "application/json");
  } else {
    return json(nlohmann::json(value));
  }
}

/// How deep arrays and objects may nest, unless told otherwise.
inline constexpr std::size_t json_depth = 64;

/// Parses one JSON text (RFC 8259), strictly: valid UTF-8, no member name twice in an object, no comments, nothing behind the value,
/// at most `depth` arrays and objects in each other. Throws `problem_error` 400 that says where and why.
[[nodiscard]] nlohmann::json parse_json(std::string_view text, std::size_t depth = json_depth);

/// Throws `problem_error` 415 unless the request's Content-Type is `application/json` or another `+json` type, in UTF-8, without a
/// Content-Encoding. Patch documents are refused too: they describe a change, not a value.
void require_json(const request& req);

/// The content of a `const request&` handler's request as a T; for the other handlers there is `req.json<T>()`, to be awaited.
/// Throws `problem_error`: 415 as `require_json`, 400 as `parse_json`, 422 when it does not convert.
template <class T>
[[nodiscard]] T json_content(const request& req);

/// What is wrong with one member of an object.
struct member_error {
  std::string member;   // `name`, or `outer.name` within another member; empty for the whole content
  std::string problem;  // completes the sentence that begins with the member: `must be an integer`
};

/// 422 with an extension `errors`: `[{"member": "x", "problem": "must be an integer"}]`.
class invalid_members : public problem_error {
 public:
  explicit invalid_members(std::vector<member_error> errors) : problem_error(describe(errors)), errors_(std::move(errors)) {}
  [[nodiscard]] const std::vector<member_error>& errors() const { return errors_; }

 private:
  static problem describe(const std::vector<member_error>& errors);
  std::vector<member_error> errors_;
};

/// Takes an object apart, member by member, and collects everything that is wrong, so that one answer tells it all.
class json_members {
 public:
  /// The object must outlive this reader. Throws `invalid_members` when it is none.
  explicit json_members(const nlohmann::json& object) : object_(object) {
    if (object.is_object()) return;
    add("", "must be a JSON object");
    throw invalid_members(std::move(errors_));
  }

  /// Reads a member that must be there. What cannot be read leaves `to` as it is.
  template <class T>
  json_members& get(std::string_view name, T& to) {
    if (const nlohmann::json* value = find(name)) {
      read(name, *value, to);
    } else {
      add(name, "is missing");
    }
    return *this;
  }
  /// Reads a member that may be missing or null.
  template <class T>
  json_members& get(std::string_view name, std::optional<T>& to) {
    const nlohmann::json* value = find(name);
    to.reset();
    if (value == nullptr || value->is_null()) return *this;
    T found{};
    if (read(name, *value, found)) to = std::move(found);
    return *this;
  }
  /// A rule of your own: unless `holds`, the member is told to be wrong. Says nothing of a member that could not be read.
  json_members& check(std::string_view name, bool holds, std::string_view problem) {
    if (!holds && !told(name)) add(name, problem);
    return *this;
  }
  /// Lets members pass that were not asked for; without it `done` refuses them, so that nothing is lost in silence.
  json_members& allow_unknown() {
    unknown_allowed_ = true;
    return *this;
  }
  /// Throws `invalid_members` when anything was wrong.
  void done();

 private:
  static constexpr std::size_t most_errors = 20;  // an answer to nonsense stays short

  const nlohmann::json* find(std::string_view name) {
    known_.emplace_back(name);
    const auto found = object_.find(known_.back());
    return found == object_.end() ? nullptr : &*found;
  }
  /// Something is wrong with this member, or within it.
  bool told(std::string_view name) const {
    const auto within = [&](const member_error& e) {
      return e.member.starts_with(name) && (e.member.size() == name.size() || e.member[name.size()] == '.');
    };
    return std::ranges::any_of(errors_, within);
  }
  void add(std::string_view name, std::string_view problem) { errors_.push_back({std::string(name), std::string(problem)}); }
  template <class T>
  bool read(std::string_view name, const nlohmann::json& value, T& to);

  const nlohmann::json& object_;
  std::vector<std::string> known_;
  std::vector<member_error> errors_;
  bool unknown_allowed_ = false;
};

// --- from here on: how ---------------------------------------------------------------------------------------------------------

namespace detail {

/// nlohmann's conversion, its exceptions made ours. With JSON_DIAGNOSTICS they name the member; `json_members` always does.
template <class T>
T json_to(nlohmann::json&& value) {
  if constexpr (std::same_as<T, nlohmann::json>) {
    return std::move(value);
  } else {
    try {
      return value.get<T>();
    } catch (const nlohmann::json::exception& error) {
      throw problem_error(422, "The content does not fit: " + json_reason(error.what()) + ".");
    }
  }
}

/// What a value must be to become a T; nothing when it is, or when only nlohmann's conversion can tell.
template <class T>
std::string json_fault(const nlohmann::json& value) {
  if constexpr (std::same_as<T, bool>) {
    if (!value.is_boolean()) return "must be true or false";
  } else if constexpr (std::integral<T>) {
    if (!value.is_number_integer()) return "must be an integer";
    const bool fits = value.is_number_unsigned() ? std::in_range<T>(value.template get<std::uint64_t>())
                                                 : std::in_range<T>(value.template get<std::int64_t>());
    using range = std::numeric_limits<T>;
    if (!fits) return "must be an integer from " + std::to_string(range::min()) + " to " + std::to_string(range::max());
  } else if constexpr (std::floating_point<T>) {
    if (!value.is_number()) return "must be a number";
  } else if constexpr (std::same_as<T, std::string>) {
    if (!value.is_string()) return "must be a string";
  }
  return {};
}

}  // namespace detail

inline nlohmann::json parse_json(std::string_view text, std::size_t depth) { return detail::json_builder(text, depth).build(); }

inline void require_json(const request& req) {
  const auto type = media_type::parse(req.header("Content-Type"));
  const bool is_json =
      type && (type->essence() == "application/json" || (type->suffix() == "json" && !type->subtype().ends_with("-patch+json")));
  // RFC 9110 §15.5.16: what would have been accepted.
  if (!is_json) {
    throw problem_error(415, "The content must be JSON: send it with Content-Type: application/json.")
        .header("Accept", "application/json");
  }
  const auto charset = type->get("charset");
  // RFC 8259 §8.1: JSON is UTF-8. The parameter means nothing, but another value tells that the sender thinks otherwise.
  const auto same_letter = [](char c, char lower) { return (c | 0x20) == lower; };
  if (charset && !std::ranges::equal(*charset, std::string_view("utf-8"), same_letter)) {
    throw problem_error(415, "The content must be JSON in UTF-8.").header("Accept", "application/json");
  }
  // Nothing is decoded here, so that nothing can grow: that is for parley/request_decoding.hpp.
  const std::string coding = req.fields().joined("Content-Encoding");
  if (!coding.empty() && !std::ranges::equal(coding, std::string_view("identity"), same_letter)) {
    throw problem_error(415, "The content must be JSON without a content coding.").header("Accept-Encoding", "identity");
  }
}

template <class T>
T json_content(const request& req) {
  require_json(req);
  return detail::json_to<T>(parse_json(req.content()));
}

template <class T>
task<T> request::json() {
  require_json(*this);
  auto reading = text();
  std::string content = co_await reading;
  co_return detail::json_to<T>(parse_json(content));
}

inline problem invalid_members::describe(const std::vector<member_error>& errors) {
  std::string detail;
  nlohmann::json list = nlohmann::json::array();
  for (const member_error& error : errors) {
    detail += (detail.empty() ? "" : "; ") + (error.member.empty() ? "The content" : error.member) + " " + error.problem;
    list.push_back({{"member", error.member}, {"problem", error.problem}});
  }
  return problem(422).detail(detail + ".").extension("errors", list.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

inline void json_members::done() {
  for (const auto& [name, value] : object_.items()) {
    if (unknown_allowed_ || errors_.size() >= most_errors) break;
    if (std::ranges::find(known_, name) == known_.end() && !told(name)) add(name.substr(0, 64), "is not known here");
  }
  if (!errors_.empty()) throw invalid_members(std::move(errors_));
}

template <class T>
bool json_members::read(std::string_view name, const nlohmann::json& value, T& to) {
  if (const std::string fault = detail::json_fault<T>(value); !fault.empty()) {
    add(name, fault);
    return false;
  }
  try {
    to = value.template get<T>();
    return true;
  } catch (const invalid_members& inner) {
    for (const member_error& error : inner.errors()) {
      add(std::string(name) + (error.member.empty() ? "" : ".") + error.member, error.problem);
    }
  } catch (const nlohmann::json::exception& error) {
    add(name, "does not fit: " + detail::json_reason(error.what()));
  }
  return false;
}

}  // namespace parley
