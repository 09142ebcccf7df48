// A customer, as a JSON document.
#pragma once

#include <parley/request.hpp>
#include <parley/response.hpp>

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace demo {

/// JSON's numbers are exact up to 2^53 - 1 (RFC 8259 §6), so ids are, too.
inline constexpr std::int64_t max_id = 9'007'199'254'740'991;

inline constexpr std::ptrdiff_t longest_name = 200;
inline constexpr std::ptrdiff_t longest_address = 500;

struct customer {
  std::int64_t id = 0;
  std::string name;
  std::string address;
};

/// One that has no number yet.
struct new_customer {
  std::string name;
  std::string address;
};

/// `{"CustID": 100, "Name": "David Smith", "Address": "123 Bank Street"}` and nothing else. Throw `parley::invalid_members` (422)
/// that names every member at fault.
void from_json(const nlohmann::json& value, customer& to);
void from_json(const nlohmann::json& value, new_customer& to);

/// The document that is stored and sent, its members in that order.
[[nodiscard]] std::string to_document(std::int64_t id, std::string_view name, std::string_view address);

/// A document that is stored, so it is a customer's.
[[nodiscard]] customer read_document(const std::string& document);

/// Applies a JSON merge patch (RFC 7396) to a customer's document. Throws `parley::invalid_members` (422) when the result is no
/// customer, or another one.
[[nodiscard]] std::string patched(const std::string& document, const nlohmann::json& patch);

/// Where a customer is found.
[[nodiscard]] std::string path_of(std::int64_t id);
/// The id that the path names. Throws 404 when it is none: a sign and leading zeros are not taken, or one customer would have several
/// addresses.
[[nodiscard]] std::int64_t id_of(const parley::request& req);
/// 404.
[[nodiscard]] parley::problem_error no_customer(std::int64_t id);

}  // namespace demo
