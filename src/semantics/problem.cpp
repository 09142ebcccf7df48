#include <parley/problem.hpp>
#include <parley/status.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "base/number.hpp"
#include "semantics/escape.hpp"

namespace parley {
namespace {

constexpr std::array<std::string_view, 5> standard_members{"type", "title", "status", "detail", "instance"};

void append_member(std::string& out, std::string_view name) {
  if (out.size() > 1) out += ',';
  semantics::append_json_string(out, name);
  out += ':';
}

void append_text_member(std::string& out, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  append_member(out, name);
  semantics::append_json_string(out, text);
}

}  // namespace

problem::problem(int status) : status_(status), title_(reason_phrase(status)) {}

problem& problem::status(int value) & {
  // A title that was not chosen follows the status (RFC 9457 §4.2.1).
  if (title_ == reason_phrase(status_)) title_ = reason_phrase(value);
  status_ = value;
  return *this;
}

problem& problem::type(std::string uri) & {
  type_ = std::move(uri);
  return *this;
}

problem& problem::title(std::string text) & {
  title_ = std::move(text);
  return *this;
}

problem& problem::detail(std::string text) & {
  detail_ = std::move(text);
  return *this;
}

problem& problem::instance(std::string uri) & {
  instance_ = std::move(uri);
  return *this;
}

problem& problem::extension(std::string_view name, std::string json) & {
  if (name.empty() || std::find(standard_members.begin(), standard_members.end(), name) != standard_members.end()) {
    throw std::invalid_argument("parley: a problem's extension has a name other than the standard members'");
  }
  for (auto& [key, value] : extensions_) {
    if (key != name) continue;
    value = std::move(json);
    return *this;
  }
  extensions_.emplace_back(name, std::move(json));
  return *this;
}

problem& problem::extension_text(std::string_view name, std::string_view text) & {
  std::string json;
  semantics::append_json_string(json, text);
  return extension(name, std::move(json));
}

std::string problem::to_json() const {
  std::string out = "{";
  append_text_member(out, "type", type_);
  append_text_member(out, "title", title_);
  append_member(out, "status");
  base::append_decimal(out, static_cast<std::uint64_t>(std::max(status_, 0)));
  append_text_member(out, "detail", detail_);
  append_text_member(out, "instance", instance_);
  for (const auto& [name, json] : extensions_) {
    append_member(out, name);
    out += json;
  }
  out += '}';
  return out;
}

}  // namespace parley
