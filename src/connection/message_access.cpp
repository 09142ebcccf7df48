#include "connection/message_access.hpp"

#include "base/ascii.hpp"
#include "semantics/field_name.hpp"
#include "semantics/fields_access.hpp"

#include <algorithm>
#include <utility>

namespace parley::detail {

namespace {

using semantics::field_id;

// A reused request keeps its strings, unless one has grown beyond what requests usually need.
constexpr std::size_t largest_kept_string = 4096;

void empty_string(std::string& s) {
  s.clear();
  if (s.capacity() > largest_kept_string) s.shrink_to_fit();
}

}  // namespace

memory_source::memory_source(std::string bytes, fields trailers) : bytes_(std::move(bytes)), trailers_(std::move(trailers)) {}

std::string_view memory_source::next() {
  if (std::exchange(read_, true)) return {};
  return bytes_;
}

void memory_source::wait(waiter* who) noexcept {
  if (who != nullptr) who->wake();
}

const fields* memory_source::trailers() noexcept { return read_ && !trailers_.empty() ? &trailers_ : nullptr; }

request_notes& request_access::notes(request& r) {
  if (!r.notes_) r.notes_ = std::make_unique<request_notes>();
  return *r.notes_;
}

void request_access::origin(request& r, std::string_view scheme, std::string_view authority) {
  if (!r.text_apart_) r.keep_text_apart();
  const auto add = [&r](std::string_view text) {
    const text_ref where{static_cast<std::uint32_t>(r.text_.size()), static_cast<std::uint32_t>(text.size())};
    r.text_ += text;
    return where;
  };
  if (!scheme.empty()) {
    r.scheme_ = add(scheme);
    r.secure_ = scheme == "https";
  }
  if (!authority.empty()) r.authority_ = add(authority);
}

void request_access::reset(request& r) {
  if (r.notes_) [[unlikely]] {
    for (std::string* text : {&r.notes_->client_address, &r.notes_->id, &r.notes_->trace, &r.notes_->user}) empty_string(*text);
    r.notes_->tunnelled = 0;
    r.notes_->by_proxy = false;
  }
  r.method_ = method::get;
  r.version_ = parley::version::http1_1;
  r.secure_ = r.early_ = false;
  r.parameter_count_ = 0;
  r.fields_ = {};
  empty_string(r.text_);
  r.text_ = '/';
  r.text_apart_ = true;
  r.target_ = r.path_ = {0, 1};
  r.authority_ = r.query_ = r.scheme_ = {};
  r.content_ = {};
  empty_string(r.owned_content_);
  r.content_owned_ = false;
  r.varies_ = 0;
  r.source_ = nullptr;
  r.hints_ = nullptr;
  r.owned_source_.reset();
  r.peer_ = nullptr;
  r.tls_ = nullptr;
  r.web_ = nullptr;
  r.state_.reset();
  r.producer_ = nullptr;
  r.producer_length_.reset();
  r.repeatable_ = false;
}

void request_access::from_head(request& r, semantics::request_head&& head) {
  r.method_ = head.method;
  r.version_ = head.version;
  r.target_ = head.target_ref;
  r.authority_ = head.authority_ref;
  r.path_ = head.path_ref;
  r.query_ = head.query_ref;
  r.scheme_ = head.scheme_ref;
  r.fields_ = std::move(head.fields);
  r.text_apart_ = false;
  // RFC 3986 §3.1: upper case means the same, and lower case is the norm. Targets in absolute form may have it, and :scheme.
  if (const std::string_view scheme = r.view(r.scheme_); std::ranges::any_of(scheme, [](char c) { return c >= 'A' && c <= 'Z'; }))
      [[unlikely]] {
    r.scheme_ = fields_access::store(r.fields_, base::to_lower(scheme));
  }
}

bool request_access::add_parameter(request& r, std::string_view name, text_ref value) {
  if (r.parameter_count_ == request::max_parameters) return false;
  r.parameters_[r.parameter_count_++] = {name, value};
  return true;
}

std::string_view request_access::last_parameter(const request& r) {
  if (r.parameter_count_ == 0) return {};
  const text_ref value = r.parameters_[r.parameter_count_ - 1].value;
  return r.path().substr(value.offset, value.length);
}

void request_access::content(request& r, std::string_view collected) {
  r.content_owned_ = false;
  r.content_ = collected;
}

semantics::request_head request_access::to_head(request&& r) {
  parley::fields& f = r.fields();  // the target's text is apart from here on
  const std::string host(fields_access::find(f, field_id::host) ? r.header("Host") : r.view(r.authority_));
  f.remove("Host");

  semantics::request_head head;
  head.method = r.method_;
  head.version = r.version_;
  head.target_ref = fields_access::store(f, r.view(r.target_));
  head.authority_ref = fields_access::store(f, host);
  // Path and query are parts of the target in every form that has them.
  const std::uint32_t shift = head.target_ref.offset - r.target_.offset;
  head.path_ref = {r.path_.offset + shift, r.path_.length};
  head.query_ref = {r.query_.offset + shift, r.query_.length};
  head.scheme_ref = fields_access::store(f, r.view(r.scheme_));
  const std::string_view target = r.view(r.target_);
  if (head.method == method::connect) {
    head.form = semantics::target_form::authority;
  } else if (target == "*") {
    head.form = semantics::target_form::asterisk;
  } else if (!target.starts_with('/')) {
    head.form = semantics::target_form::absolute;
  }
  head.fields = std::move(f);
  return head;
}

semantics::response_head response_access::to_head(response&& r) {
  semantics::response_head head;
  head.status = r.status_;
  head.version = r.version_;
  head.fields = std::move(r.fields_);
  head.ready[0] = r.ready_.get();
  return head;
}

void response_access::ready(response& r, std::shared_ptr<const ready_lines> lines, std::string_view bytes) {
  r.ready_ = std::move(lines);
  if (!bytes.empty()) r.content_.emplace<shared_content>(shared_content{bytes, nullptr});
}

response response_access::from_head(semantics::response_head&& head) {
  response r(head.status);
  r.version_ = head.version;
  r.reason_ = head.reason();
  r.fields_ = std::move(head.fields);
  return r;
}

}  // namespace parley::detail
