#include "customer.hpp"

#include <parley/json.hpp>

#include <algorithm>

namespace demo {
namespace {

constexpr std::ptrdiff_t longest_name = 200;
constexpr std::ptrdiff_t longest_address = 500;

/// The number of characters. The text is valid UTF-8, since it comes out of JSON.
std::ptrdiff_t length(std::string_view text) {
  return std::ranges::count_if(text, [](unsigned char c) { return (c & 0xc0) != 0x80; });
}

/// U+0000 to U+001F, U+007F and, in UTF-8, U+0080 to U+009F: in a name they only serve to deceive.
bool has_control(std::string_view text) {
  unsigned char before = 0;
  for (const unsigned char c : text) {
    if (c < 0x20 || c == 0x7f || (before == 0xc2 && c < 0xa0)) return true;
    before = c;
  }
  return false;
}

void read_text(parley::json_members& in, std::string_view member, std::string& to, std::ptrdiff_t longest) {
  in.get(member, to);
  in.check(member, to.find_first_not_of(' ') != to.npos, "must not be empty");
  in.check(member, length(to) <= longest, "must have at most " + std::to_string(longest) + " characters");
  in.check(member, !has_control(to), "must not have control characters");
}

}  // namespace

void from_json(const nlohmann::json& value, customer& to) {
  parley::json_members in(value);
  in.get("CustID", to.id);
  in.check("CustID", to.id >= 1 && to.id <= max_id, "must be from 1 to " + std::to_string(max_id));
  read_text(in, "Name", to.name, longest_name);
  read_text(in, "Address", to.address, longest_address);
  in.done();
}

void from_json(const nlohmann::json& value, new_customer& to) {
  parley::json_members in(value);
  in.check("CustID", !value.contains("CustID"), "must be left out: the server gives the number");
  read_text(in, "Name", to.name, longest_name);
  read_text(in, "Address", to.address, longest_address);
  in.done();
}

std::string to_document(std::int64_t id, std::string_view name, std::string_view address) {
  const nlohmann::ordered_json document{{"CustID", id}, {"Name", name}, {"Address", address}};
  return document.dump();
}

std::string patched(const std::string& document, const nlohmann::json& patch) {
  nlohmann::json value = nlohmann::json::parse(document);
  const std::int64_t id = value.at("CustID").get<std::int64_t>();
  value.merge_patch(patch);
  const auto changed = value.get<customer>();
  if (changed.id != id) throw parley::invalid_members({{"CustID", "must stay " + std::to_string(id)}});
  return to_document(changed.id, changed.name, changed.address);
}

}  // namespace demo
