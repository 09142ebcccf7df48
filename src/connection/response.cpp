#include <parley/response.hpp>

#include <parley/cookie.hpp>
#include <parley/date.hpp>
#include <parley/status.hpp>

#include "connection/message_access.hpp"
#include "semantics/conditional.hpp"
#include "semantics/escape.hpp"
#include "semantics/field_name.hpp"
#include "semantics/fields_access.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <vector>

namespace parley {

namespace {

using semantics::field_id;

// For types that are literals of this file: they need no look.
response with_known_type(int status, std::string content, std::string_view type) {
  response r(status);
  detail::response_access::content(r, std::move(content));
  detail::fields_access::append(r.fields(), field_id::content_type, semantics::canonical_name_of(field_id::content_type), type);
  return r;
}

std::string_view set_cookie_attribute(std::string_view line, std::string_view name) {
  const auto at = line.find(name);
  if (at == std::string_view::npos) return {};
  return line.substr(at + name.size(), line.substr(at + name.size()).find(';'));
}

// Both as `cookie::to_field` writes them.
bool is_same_cookie(std::string_view a, std::string_view b) {
  return a.substr(0, a.find('=')) == b.substr(0, b.find('=')) &&
         set_cookie_attribute(a, "; Domain=") == set_cookie_attribute(b, "; Domain=") &&
         set_cookie_attribute(a, "; Path=") == set_cookie_attribute(b, "; Path=");
}

std::string sentence_of(const problem& what) {
  const std::string& text = what.detail().empty() ? what.title() : what.detail();
  return text.empty() ? "status " + std::to_string(what.status()) : text;
}

}  // namespace

response::~response() = default;

const fields& response::ready_fields() const { return ready_->fields; }

void response::own_fields() {
  fields_ = ready_->fields;
  auto* elsewhere = std::get_if<detail::shared_content>(&content_);
  if (elsewhere != nullptr && !elsewhere->owner) elsewhere->owner = std::move(ready_);
  ready_.reset();
}

response& response::status(int code) & {
  if (code < 200 || code > 599) {
    throw std::invalid_argument("parley: " + std::to_string(code) + " is no status of a final response; use 200 to 599");
  }
  status_ = code;
  return *this;
}

response&& response::status(int code) && { return std::move(status(code)); }

std::string_view response::header(std::string_view name) const { return fields().get(name).value_or(std::string_view{}); }

response& response::header(std::string_view name, std::string_view value) & {
  fields().set(name, value);
  return *this;
}

response&& response::header(std::string_view name, std::string_view value) && { return std::move(header(name, value)); }

response& response::cookie(const parley::cookie& set) & {
  const std::string value = set.to_field();
  parley::fields& all = fields();
  const auto before = all.get_all("Set-Cookie");
  const bool known = std::any_of(before.begin(), before.end(), [&](std::string_view line) { return is_same_cookie(line, value); });
  if (known) {  // RFC 6265bis §4.1.1: not two of the same
    std::vector<std::string> others;
    for (const std::string_view line : before) {
      if (!is_same_cookie(line, value)) others.emplace_back(line);
    }
    all.remove("Set-Cookie");
    for (const std::string& line : others) all.add("Set-Cookie", line);
  }
  all.add("Set-Cookie", value);
  return *this;
}

response&& response::cookie(const parley::cookie& set) && { return std::move(cookie(set)); }

std::string_view response::content() const {
  if (const auto* bytes = std::get_if<std::string>(&content_)) return *bytes;
  if (const auto* elsewhere = std::get_if<detail::shared_content>(&content_)) return elsewhere->bytes;
  return {};
}

response& response::content(std::string bytes, std::string_view type) & {
  if (!type.empty()) header("Content-Type", type);
  content_ = std::move(bytes);
  return *this;
}

response&& response::content(std::string bytes, std::string_view type) && { return std::move(content(std::move(bytes), type)); }

response& response::content(std::string_view bytes, std::shared_ptr<const void> owner, std::string_view type) & {
  if (!type.empty()) header("Content-Type", type);
  content_ = detail::shared_content{bytes, std::move(owner)};
  return *this;
}

response& response::entity_tag(std::string_view opaque, validator strength) & {
  std::string tag(strength == validator::weak ? "W/\"" : "\"");
  tag.append(opaque).append("\"");
  if (!semantics::is_entity_tag(tag)) {
    throw std::invalid_argument("parley: an entity tag is visible characters without quotes, as in entity_tag(\"v17\")");
  }
  validated_ = true;
  return header("ETag", tag);
}

response&& response::entity_tag(std::string_view opaque, validator strength) && { return std::move(entity_tag(opaque, strength)); }

response& response::last_modified(std::chrono::system_clock::time_point when) & {
  validated_ = true;
  return header("Last-Modified", format_date(std::chrono::floor<std::chrono::seconds>(when)));
}

response&& response::last_modified(std::chrono::system_clock::time_point when) && { return std::move(last_modified(when)); }

response& response::compress(bool allowed) & {
  uncompressed_ = !allowed;
  return *this;
}

response&& response::compress(bool allowed) && { return std::move(compress(allowed)); }

response& response::trailers(parley::fields lines) & {
  trailers_ = std::move(lines);
  shaped_ = !trailers_.empty();
  return *this;
}

response&& response::trailers(parley::fields lines) && { return std::move(trailers(std::move(lines))); }

std::string_view response::reason() const { return reason_.empty() ? reason_phrase(status_) : std::string_view(reason_); }

body_reader response::body() {
  if (!source_) source_ = std::make_shared<detail::memory_source>(std::string(content()), trailers_);
  return body_reader(source_.get());
}

response text(std::string content) { return with_known_type(200, std::move(content), "text/plain; charset=utf-8"); }

response html(std::string content) { return with_known_type(200, std::move(content), "text/html; charset=utf-8"); }

std::string html_escape(std::string_view text) { return semantics::html_escape(text); }

response no_content() { return response(204); }

response redirect(std::string_view location, int status) {
  if (status < 300 || status > 399) {
    throw std::invalid_argument("parley: " + std::to_string(status) + " is no redirect; use 301, 302, 303, 307 or 308");
  }
  response r(status);
  r.header("Location", location);
  return r;
}

response stream(std::function<task<>(body_writer&)> producer, std::string_view type, std::optional<std::uint64_t> length) {
  response r(200);
  if (!type.empty()) r.header("Content-Type", type);
  r.content_ = detail::streamed_content{std::move(producer), length};
  return r;
}

response to_response(const problem& what) { return with_known_type(what.status(), what.to_json(), problem::content_type); }

response switch_protocols(std::string_view protocol, std::function<task<>(tunnel&)> handler) {
  response r(101);
  r.header("Upgrade", protocol);
  r.content_ = detail::tunnel_content{std::move(handler)};
  return r;
}

response accept_tunnel(std::function<task<>(tunnel&)> handler) {
  response r(200);
  r.content_ = detail::tunnel_content{std::move(handler)};
  return r;
}

problem_error::problem_error(problem what) : std::runtime_error(sentence_of(what)), problem_(std::move(what)) {}

problem_error::problem_error(int status, std::string detail) : problem_error(problem(status).detail(std::move(detail))) {}

problem_error& problem_error::header(std::string_view name, std::string_view value) {
  fields_.add(name, value);
  return *this;
}

}  // namespace parley
