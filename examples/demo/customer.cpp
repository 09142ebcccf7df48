#include "customer.hpp"

#include "input.hpp"

#include <parley/json.hpp>

namespace demo {
namespace {

void read_text(parley::json_members& in, std::string_view member, std::string& to, std::ptrdiff_t longest) {
  in.get(member, to);
  const std::string fault = fault_of(to, longest);
  in.check(member, fault.empty(), fault);
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

customer read_document(const std::string& document) {
  const nlohmann::json value = nlohmann::json::parse(document);
  customer read;
  read.id = value.at("CustID").get<std::int64_t>();
  read.name = value.at("Name").get<std::string>();
  read.address = value.at("Address").get<std::string>();
  return read;
}

std::string patched(const std::string& document, const nlohmann::json& patch) {
  nlohmann::json value = nlohmann::json::parse(document);
  const std::int64_t id = value.at("CustID").get<std::int64_t>();
  value.merge_patch(patch);
  const auto changed = value.get<customer>();
  if (changed.id != id) throw parley::invalid_members({{"CustID", "must stay " + std::to_string(id)}});
  return to_document(changed.id, changed.name, changed.address);
}

std::string path_of(std::int64_t id) { return "/customers/" + std::to_string(id); }

parley::problem_error no_customer(std::int64_t id) {
  return parley::problem_error(404, "There is no customer " + std::to_string(id) + ".");
}

std::int64_t id_of(const parley::request& req) {
  const std::string text = req.path("id");
  const auto id = number(text, 1, max_id);
  if (!id || text.starts_with('0')) throw parley::problem_error(404, "A customer's number is a positive integer.");
  return *id;
}

}  // namespace demo
