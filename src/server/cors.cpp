#include <parley/cors.hpp>

#include <parley/server.hpp>
#include <parley/uri.hpp>

#include "base/ascii.hpp"
#include "semantics/list.hpp"

#include <algorithm>
#include <stdexcept>

namespace parley {

namespace {

std::string joined_names(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& each : names) {
    if (!base::is_token(each)) throw std::invalid_argument("parley::cors: \"" + each + "\" is no name of a method or field");
    all += (all.empty() ? "" : ", ") + each;
  }
  return all;
}

// Adds to what a handler has said.
void add_to_vary(response& answer, std::string_view name) {
  const std::string said = answer.fields().joined("Vary");
  semantics::list_reader list(said);
  while (const auto element = list.next()) {
    if (*element == "*" || base::iequals(*element, name)) return;
  }
  answer.fields().set("Vary", said.empty() ? std::string(name) : said + ", " + std::string(name));
}

bool is_preflight(const request& req) {
  return req.method() == method::options && req.fields().contains("Origin") &&
         req.fields().contains("Access-Control-Request-Method");
}

}  // namespace

cors& cors::origin(std::string_view exact) {
  const auto parsed = uri::parse(exact);
  const bool whole = parsed && parsed->has_authority() && !parsed->host().empty() && parsed->path().empty() &&
                     exact.find_first_of("?#@") == std::string_view::npos && !exact.ends_with(':');
  if (!whole) {
    throw std::invalid_argument("parley::cors: \"" + std::string(exact) +
                                "\" is no origin; write scheme, host and port alone, such as https://app.example");
  }
  // As browsers serialise it: lower case, no default port.
  std::string plain = base::to_lower(exact);
  for (const std::string_view usual : {"https://", "http://"}) {
    const std::string_view port = usual == "https://" ? ":443" : ":80";
    if (plain.starts_with(usual) && plain.ends_with(port)) plain.resize(plain.size() - port.size());
  }
  origins_.push_back(std::move(plain));
  return *this;
}
cors& cors::origins(std::function<bool(std::string_view)> allowed) {
  judge_ = std::move(allowed);
  return *this;
}
cors& cors::any_origin() {
  any_ = true;
  return *this;
}
cors& cors::methods(std::vector<std::string> names) {
  for (const char* always : {"POST", "HEAD", "GET"}) {
    if (std::ranges::find(names, always) == names.end()) names.insert(names.begin(), always);
  }
  methods_ = joined_names(names);
  return *this;
}
cors& cors::headers(std::vector<std::string> names) {
  headers_ = joined_names(names);
  return *this;
}
cors& cors::expose(std::vector<std::string> names) {
  exposed_ = joined_names(names);
  return *this;
}
cors& cors::credentials(bool allowed) {
  credentials_ = allowed;
  return *this;
}
cors& cors::max_age(std::chrono::seconds t) {
  max_age_ = t;
  return *this;
}
cors& cors::private_network(bool allowed) {
  private_network_ = allowed;
  return *this;
}
cors& cors::at(std::string_view prefix) {
  paths_.add(prefix);
  return *this;
}

void cors::added_to(server&) {
  if (any_ && credentials_) {
    throw std::logic_error("parley::cors: credentials for every origin would let any site act as its visitors; name the origins");
  }
}

bool cors::allows(std::string_view origin) const {
  if (any_) return true;
  if (origin == "null" || origin.empty()) return false;
  return std::ranges::find(origins_, origin) != origins_.end() || (judge_ && judge_(origin));
}

std::optional<response> cors::before(request& req) {
  const request& asked = req;
  if (!is_preflight(asked) || !paths_.match(asked)) return std::nullopt;
  if (!allows(asked.header("Origin")) || asked.fields().get_all("Origin").size() != 1) {
    throw problem_error(403, "Pages of that origin may not ask here.");
  }
  // `after` adds the origin and what belongs to it.
  response answer(204);
  answer.header("Access-Control-Allow-Methods", methods_);
  if (!headers_.empty()) answer.header("Access-Control-Allow-Headers", headers_);
  answer.header("Access-Control-Max-Age", std::to_string(max_age_.count()));
  if (private_network_ && asked.header("Access-Control-Request-Private-Network") == "true") {
    answer.header("Access-Control-Allow-Private-Network", "true");
  }
  return answer;
}

void cors::after(const request& req, response& answer) {
  if (!paths_.match(req)) return;
  if (!any_) add_to_vary(answer, "Origin");
  const std::string_view origin = req.header("Origin");
  if (!req.fields().contains("Origin") || !allows(origin) || req.fields().get_all("Origin").size() != 1) return;
  if (answer.fields().contains("Access-Control-Allow-Origin")) return;
  answer.header("Access-Control-Allow-Origin", any_ ? std::string_view("*") : origin);
  if (credentials_) answer.header("Access-Control-Allow-Credentials", "true");
  if (!exposed_.empty() && !is_preflight(req)) answer.header("Access-Control-Expose-Headers", exposed_);
}

}  // namespace parley
