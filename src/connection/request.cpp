#include <parley/request.hpp>

#include <parley/cookie.hpp>
#include <parley/uri.hpp>

#include "base/ascii.hpp"
#include "connection/message_access.hpp"
#include "semantics/cookie.hpp"
#include "semantics/field_name.hpp"
#include "semantics/fields_access.hpp"
#include "semantics/forwarded.hpp"
#include "semantics/negotiation.hpp"
#include "semantics/target.hpp"

#include <span>
#include <stdexcept>
#include <utility>

namespace parley {

namespace {

using request_text_ref = detail::text_ref;

// Appends to the text of a request; where it lies.
request_text_ref append_request_text(std::string& text, std::string_view piece) {
  const request_text_ref where{static_cast<std::uint32_t>(text.size()), static_cast<std::uint32_t>(piece.size())};
  text += piece;
  return where;
}

[[noreturn]] void refuse_target(std::string_view target, std::string_view reason) {
  throw std::invalid_argument("\"" + std::string(target.substr(0, 200)) + "\" cannot be requested: " + std::string(reason));
}

uri parse_request_url(std::string_view url) {
  const auto parsed = uri::parse(url);
  if (!parsed) {
    refuse_target(url, std::string(parsed.error().sentence) + " (at position " + std::to_string(parsed.error().position) + ")");
  }
  if (!parsed->has_authority() || parsed->host().empty()) {
    refuse_target(url, "it names no host; give a URL such as http://localhost:8080/hello");
  }
  // RFC 9110 §4.2.4: user information in a URL misleads people, and proxies and logs would see it.
  if (parsed->has_userinfo())
    refuse_target(url, "a URL must not carry a user name or password; send an Authorization field instead");
  return *parsed;
}

}  // namespace

request::request() : text_(1, '/') { target_ = path_ = {0, 1}; }

request::request(parley::method m, std::string_view url) : method_(m) {
  const bool is_target = url.starts_with('/') || url == "*" || m == method::connect;
  std::string target(url.substr(0, is_target ? url.find('#') : 0));
  if (!is_target) {
    const uri parsed = parse_request_url(url);
    // RFC 9112 §3.2.4: OPTIONS of a URI with neither path nor query is about the server as a whole.
    const bool whole_server = m == method::options && parsed.path().empty() && !parsed.has_query();
    target = whole_server ? "*" : parsed.request_target();
    text_.reserve(target.size() + parsed.authority().size() + parsed.scheme().size());
    target_ = append_request_text(text_, target);
    authority_ = append_request_text(text_, parsed.host_and_port());
    scheme_ = append_request_text(text_, parsed.scheme());
    for (std::uint32_t i = 0; i < scheme_.length; ++i) text_[scheme_.offset + i] |= 0x20;  // RFC 3986 §3.1: lower case is the norm
    secure_ = scheme() == "https";
  } else {
    target_ = append_request_text(text_, target);
  }
  const auto parts = semantics::parse_target(m, view(target_));
  if (!parts) refuse_target(url, parts.error());
  path_ = {target_.offset + parts->path.offset, parts->path.length};
  query_ = {target_.offset + parts->query.offset, parts->query.length};
  if (parts->form == semantics::target_form::authority) {
    authority_ = {target_.offset + parts->authority.offset, parts->authority.length};
  }
}

request::request(request&& other) noexcept : request() { *this = std::move(other); }

// What was moved from is `GET /` again, so that no piece of text points into a block that has gone.
request& request::operator=(request&& other) noexcept {
  if (this == &other) return *this;
  method_ = other.method_;
  version_ = other.version_;
  secure_ = other.secure_;
  early_ = other.early_;
  text_apart_ = other.text_apart_;
  content_owned_ = other.content_owned_;
  parameter_count_ = other.parameter_count_;
  target_ = other.target_;
  authority_ = other.authority_;
  path_ = other.path_;
  query_ = other.query_;
  scheme_ = other.scheme_;
  fields_ = std::move(other.fields_);
  text_ = std::move(other.text_);
  parameters_ = other.parameters_;
  content_ = other.content_;
  owned_content_ = std::move(other.owned_content_);
  source_ = other.source_;
  hints_ = other.hints_;
  owned_source_ = std::move(other.owned_source_);
  peer_ = other.peer_;
  tls_ = other.tls_;
  web_ = other.web_;
  state_ = std::move(other.state_);
  content_limit_ = other.content_limit_;
  producer_ = std::move(other.producer_);
  producer_length_ = other.producer_length_;
  notes_ = std::move(other.notes_);
  repeatable_ = other.repeatable_;
  detail::request_access::reset(other);
  return *this;
}

request::~request() = default;

std::string_view request::view(detail::text_ref piece) const {
  if (!text_apart_) return detail::fields_access::view(fields_, piece);
  return std::string_view(text_).substr(piece.offset, piece.length);
}

// Whoever may change the fields may also drop or overwrite the block in which the text of the target was received.
void request::keep_text_apart() {
  std::string text(std::move(text_));
  text.clear();
  const detail::text_ref target = append_request_text(text, view(target_));
  const auto keep = [&](detail::text_ref& piece) {
    const bool within = piece.offset >= target_.offset && piece.offset + piece.length <= target_.offset + target_.length;
    piece = within ? detail::text_ref{piece.offset - target_.offset, piece.length} : append_request_text(text, view(piece));
  };
  for (auto* piece : {&authority_, &path_, &query_, &scheme_}) keep(*piece);
  target_ = target;
  text_ = std::move(text);
  text_apart_ = true;
}

std::string_view request::target() const { return view(target_); }

// RFC 8470 §5.1: whatever stands in the field, it means 1.
bool request::early_data() const { return early_ || fields_.contains("Early-Data"); }

std::string_view request::scheme() const {
  if (scheme_.length != 0) return view(scheme_);
  return secure_ ? "https" : "http";
}

std::optional<tls_info> request::tls() const {
  if (tls_ == nullptr) return std::nullopt;
  return tls_->about();
}

std::string_view request::authority() const {
  if (authority_.length != 0) return view(authority_);
  return detail::fields_access::get(fields_, semantics::field_id::host);
}

std::string_view request::path() const { return view(path_); }

std::string request::path(std::string_view name) const {
  for (std::size_t i = 0; i < parameter_count_; ++i) {
    if (parameters_[i].name != name) continue;
    const std::string_view raw = path().substr(parameters_[i].value.offset, parameters_[i].value.length);
    auto decoded = percent_decode(raw);
    return decoded ? *std::move(decoded) : std::string(raw);
  }
  return {};
}

std::string_view request::query() const { return view(query_); }

std::optional<std::string> request::query(std::string_view name) const { return query_parameters(query()).get(name); }

std::string_view request::header(std::string_view name) const {
  if (const auto value = fields_.get(name)) return *value;
  // RFC 9113 §8.3.1: what was the Host field is `:authority` from HTTP/2 on.
  if (version_ >= http2 && base::iequals(name, "Host")) return authority();
  return {};
}

std::optional<std::size_t> request::accepts(std::initializer_list<std::string_view> offers) const {
  varies_ |= detail::varied_accept;
  const std::span<const std::string_view> list(offers.begin(), offers.size());
  if (detail::fields_access::count(fields_, semantics::field_id::accept) < 2) return semantics::preferred(header("Accept"), list);
  return semantics::preferred(fields_.joined("Accept"), list);
}

std::size_t request::negotiate(std::initializer_list<std::string_view> offers) const {
  if (const auto choice = accepts(offers)) return *choice;
  std::string all;
  for (const std::string_view offer : offers) all.append(all.empty() ? "" : ", ").append(offer);
  throw problem_error(406, "This is to be had as " + all + ", and Accept takes none of these.").header("Vary", "Accept");
}

std::size_t request::language(std::initializer_list<std::string_view> offers) const {
  varies_ |= detail::varied_language;
  return semantics::lookup_language(fields_.joined("Accept-Language"), {offers.begin(), offers.size()}).value_or(0);
}

std::optional<std::string_view> request::cookie(std::string_view name) const { return semantics::find_cookie(fields_, name); }

std::vector<received_cookie> request::cookies() const {
  std::vector<received_cookie> all;
  for (const std::string_view line : fields_.get_all("Cookie")) {
    semantics::cookie_reader pairs(line);
    while (const auto pair = pairs.next()) all.push_back({pair->name, pair->value});
  }
  return all;
}

body_reader request::body() {
  if (source_ == nullptr && !content().empty()) {
    owned_source_ = std::make_unique<detail::memory_source>(std::string(content()));
    source_ = owned_source_.get();
  }
  return body_reader(source_);
}

task<std::string> request::text() { return body().text(content_limit_); }

task<std::string> request::text(std::size_t limit) { return body().text(limit); }

void request::hint(std::string_view target, as use) const {
  const auto parsed = semantics::parse_target(parley::method::get, target);
  if (!parsed || parsed->form != semantics::target_form::origin) {
    throw std::invalid_argument("a hint's target is a path on this server, such as /style.css");
  }
  if (hints_ != nullptr) hints_->hint(*this, target, use);
}

const std::string& request::peer() const {
  static const std::string nobody;
  return peer_ != nullptr ? *peer_ : nobody;
}

std::string_view request::client_address() const {
  if (notes_ && !notes_->client_address.empty()) return notes_->client_address;
  return semantics::address_of_peer(peer());
}

std::string_view request::id() const { return notes_ ? std::string_view(notes_->id) : std::string_view(); }
std::string_view request::trace() const { return notes_ ? std::string_view(notes_->trace) : std::string_view(); }
std::string_view request::user() const { return notes_ ? std::string_view(notes_->user) : std::string_view(); }

request& request::header(std::string_view name, std::string_view value) {
  fields().set(name, value);
  return *this;
}

request& request::content(std::string bytes, std::string_view type) {
  if (!type.empty()) header("Content-Type", type);
  owned_content_ = std::move(bytes);
  content_owned_ = true;
  producer_ = nullptr;
  return *this;
}

request& request::stream(std::function<task<>(body_writer&)> producer, std::optional<std::uint64_t> length) {
  owned_content_.clear();
  content_owned_ = false;
  producer_ = std::move(producer);
  producer_length_ = length;
  return *this;
}

}  // namespace parley
