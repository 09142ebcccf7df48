#include "server/hints.hpp"

#include "base/hash.hpp"
#include "connection/message_access.hpp"
#include "semantics/field_name.hpp"
#include "semantics/fields_access.hpp"
#include "semantics/target.hpp"
#include "server/interim.hpp"
#include "server/worker.hpp"

#include <algorithm>
#include <utility>

namespace parley::server_room {

using detail::fields_access;
using semantics::field_id;

namespace {

constexpr std::array negotiating{field_id::accept_encoding, field_id::accept_language, field_id::user_agent};

std::string_view name_of_use(as use) {
  switch (use) {
    case as::audio: return "audio";
    case as::document: return "document";
    case as::fetch: return "fetch";
    case as::font: return "font";
    case as::image: return "image";
    case as::script: return "script";
    case as::style: return "style";
    case as::track: return "track";
    case as::video: return "video";
    case as::worker: return "worker";
  }
  return "fetch";
}

}  // namespace

pushed_targets::answer pushed_targets::look(std::uint64_t key) const {
  const auto end = keys_.begin() + static_cast<std::ptrdiff_t>(count_);
  if (std::find(keys_.begin(), end, key) != end) return answer::known;
  return count_ == most ? answer::full : answer::fresh;
}

std::uint64_t pushed_key(std::string_view authority, std::string_view target) {
  std::string both(authority);
  both += target;  // which begins with a slash, and an authority has none
  return base::siphash13(base::process_hash_key(), both);
}

void append_preload(std::string& links, std::string_view target, as use) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  if (!links.empty()) links += ", ";
  links += '<';
  for (const char c : target) {
    // A valid target may have what would end the reference in the field, or the parameter behind it.
    if (c == '<' || c == '>' || c == '"') {
      links += '%';
      links += digits[static_cast<unsigned char>(c) >> 4];
      links += digits[static_cast<unsigned char>(c) & 15];
    } else {
      links += c;
    }
  }
  links.append(">; rel=preload; as=").append(name_of_use(use));
  // Fetch §2.2.6: fonts are asked for by CORS wherever they come from, and a preload without it would be a second request.
  if (use == as::font) links += "; crossorigin";
}

semantics::request_head promised_request(const request& from, std::string_view target) {
  semantics::request_head head;
  const auto parts = semantics::parse_target(method::get, target);
  if (!parts) return head;  // hint() has refused it
  const fields& sent = from.fields();
  const std::string_view scheme = detail::request_access::over_tls(from) ? "https" : "http";  // of this connection
  std::size_t text = target.size() + from.authority().size() + scheme.size();
  for (const field_id id : negotiating) text += fields_access::get(sent, id).size() + semantics::canonical_name_of(id).size();
  head.method = method::get;
  head.version = from.version();
  fields_access::reserve(head.fields, text, negotiating.size());
  head.target_ref = fields_access::store(head.fields, target);
  head.path_ref = {head.target_ref.offset + parts->path.offset, parts->path.length};
  head.query_ref = {head.target_ref.offset + parts->query.offset, parts->query.length};
  head.authority_ref = fields_access::store(head.fields, from.authority());
  head.scheme_ref = fields_access::store(head.fields, scheme);
  for (const field_id id : negotiating) {
    if (const auto* line = fields_access::find(sent, id)) {
      fields_access::append(head.fields, id, semantics::canonical_name_of(id), fields_access::value(sent, *line));
    }
  }
  return head;
}

bool is_browser(const request& from) { return fields_access::get(from.fields(), field_id::user_agent).starts_with("Mozilla/"); }

// --- a worker's part -----------------------------------------------------------------------------------------------------------

void server_exchange::hint(const parley::request& from, std::string_view target, as use) { home_.hint(*this, from, target, use); }

void worker::hint(server_exchange& x, const request& from, std::string_view target, as use) {
  if (x.id() == 0 || x.lost() || x.head_sent() || x.connection().closed()) return;
  if (try_push(x, from, target)) return;
  if (from.version() < http1_1) return;  // RFC 9110 §15.2: no interim response to it
  const bool first = x.links.empty();
  append_preload(x.links, target, use);
  // All that are given in one go are one 103. Should the exchange be another one by then, it has no links, or may as well send them.
  if (first) loop_->defer([this, &x] { send_links(x); });
}

void server_exchange::interim(const parley::request& from, int code, const parley::fields& lines) {
  home_.interim(*this, from, code, lines);
}

void send_interim(const request& req, int status, const fields& lines) {
  // Whose requests are given hints, gives them here: there is no other sink.
  auto* const to = static_cast<server_exchange*>(detail::request_access::hints(req));
  if (to != nullptr && status >= 100 && status != 101 && status < 200) to->interim(req, status, lines);
}

bool take_expectation(const request& req) {
  auto* const at = static_cast<server_exchange*>(detail::request_access::hints(req));
  return at != nullptr && at->id() != 0 && !at->lost() && at->incoming().take_expectation();
}

void worker::interim(server_exchange& x, const request& from, int status, const fields& lines) {
  if (x.id() == 0 || x.lost() || x.head_sent() || x.connection().closed()) return;
  if (from.version() < http1_1) return;  // RFC 9110 §15.2: no interim response to it
  semantics::response_head head;
  head.status = status;
  head.fields = lines;
  static_cast<void>(x.connection().send_response(x, head, engine::content_length::no_content()));
}

void worker::send_links(server_exchange& x) {
  if (x.links.empty()) return;
  if (x.id() != 0 && !x.lost() && !x.head_sent()) {
    semantics::response_head head;
    head.status = 103;
    fields_access::append(head.fields, field_id::link, "Link", x.links);
    if (x.connection().send_response(x, head, engine::content_length::no_content())) counters_.add(count::early_hints);
  }
  x.links.clear();
}

bool worker::try_push(server_exchange& x, const request& from, std::string_view target) {
  auto& c = x.connection();
  if (draining_ || !c.can_push(x) || from.authority().empty()) return false;
  if (!core_.push_to_browsers && is_browser(from)) return false;
  auto& before = connections_[c.owner_index].pushed;
  if (!before) before = std::make_unique<pushed_targets>();
  const std::uint64_t key = pushed_key(from.authority(), target);
  const auto known = before->look(key);
  if (known != pushed_targets::answer::fresh) return known == pushed_targets::answer::known;
  auto head = promised_request(from, target);
  server_exchange& p = take_exchange();
  if (!c.push(x, p, head)) {  // too many at once, say
    free_.push_back(&p);
    return false;
  }
  before->add(key);
  counters_.add(count::pushes);
  take_request(p, c, std::move(head));
  p.pushed = p.waits = true;
  loop_->defer([this, &p] { begin_pushed(p); });
  return true;
}

// In a turn of its own: the promise has been made by then, and whoever hinted goes on.
void worker::begin_pushed(server_exchange& x) {
  x.waits = false;
  if (x.lost() || x.connection().closed()) return close_exchange(x);
  on_begin(x);
  if (x.awaits_content) on_received(x);
}

}  // namespace parley::server_room
