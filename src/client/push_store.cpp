#include "client/push_store.hpp"

#include "base/ascii.hpp"
#include "client/links.hpp"
#include "connection/http_connection.hpp"
#include "connection/message_access.hpp"
#include "semantics/list.hpp"

#include <parley/uri.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace parley::fetching {

namespace {

/// The origin that a head's authority names, over the same way as `by`; nothing when it names nobody.
std::optional<origin> named_origin(const semantics::request_head& head, const origin& by) {
  const auto named = semantics::parse_host(head.authority());
  if (!named || named->kind == semantics::host_kind::empty) return std::nullopt;
  std::string_view host = named->host;
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  origin of = by;
  of.host = base::to_lower(host);
  of.port = named->port.value_or(by.secure ? 443 : 80);
  of.version = http1_1;
  of.choice = speaks::exactly;
  return of;
}

bool same_place(const origin& a, const origin& b) { return a.host == b.host && a.port == b.port; }

/// RFC 9113 §8.4: the server must be authoritative for what it promises.
bool may_promise(const link& on, const origin& named) {
  const origin& server = on.place.at().to;
  if (same_place(server, named)) return true;
  return server.secure && server.verify && named.port == server.port && on.connection->shown_to_be(named.host);
}

/// RFC 9111 §4.1: the fields that Vary names, or that make a request somebody's own, are the same in both.
bool same_selection(const semantics::response_head& answer, const fields& promised, const fields& asked) {
  const auto same = [&](std::string_view name) { return promised.joined(name) == asked.joined(name); };
  const std::string vary = answer.fields.joined("Vary");
  semantics::list_reader names(vary);
  while (const auto name = names.next()) {
    if (*name == "*" || !same(*name)) return false;
  }
  return names.valid();
}

}  // namespace

// --- one -----------------------------------------------------------------------------------------------------------------------

pushed_response::~pushed_response() {
  if (id() != 0) connection().finish(*this);
}

bool pushed_response::answers(const plan& what) const {
  if (failed_ || promised_.method != what.head.method || promised_.target() != what.head.target()) return false;
  if (what.length.what != engine::content_length::kind::none || !same_place(to_, what.to)) return false;
  if (to_.unix_socket != what.to.unix_socket || to_.secure != what.to.secure || to_.verify != what.to.verify) return false;
  const auto named = named_origin(what.head, what.to);
  if (!named || !same_place(*named, to_)) return false;
  const fields& asked = what.head.fields;
  for (const char* own : {"Authorization", "Cookie"}) {
    if (asked.joined(own) != promised_.fields.joined(own)) return false;
  }
  // What asks for something else than the response as it is.
  constexpr std::array special{"Range",         "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range",
                               "Cache-Control", "Pragma",   "Upgrade"};
  if (std::ranges::any_of(special, [&](const char* name) { return asked.contains(name); })) return false;
  return !head_ || same_selection(*head_, promised_.fields, asked);
}

response pushed_response::take() {
  using access = parley::detail::response_access;
  response made = access::from_head(std::move(*head_));
  access::content(made, std::move(content_));
  if (trailers_) access::trailers(made) = std::move(*trailers_);
  return made;
}

void pushed_response::give_up() noexcept { settle(false); }

void pushed_response::on_response(engine::response_event&& event) {
  if (event.informational) return;
  // What failed is asked for anew.
  if (event.head.status >= 400 || incoming().length().value_or(0) > store_.caps().content) return give_up();
  head_ = std::move(event.head);
  incoming().collect(store_.caps().content);
}

void pushed_response::on_received() {
  content_ = std::move(incoming().collected());
  if (const fields* lines = incoming().trailers()) trailers_ = *lines;
  settle(true);
}

void pushed_response::settle(bool whole) noexcept {
  if (!arriving()) return;
  (whole ? whole_ : failed_) = true;
  if (id() != 0) connection().finish(*this);  // which cancels what is not whole
  if (until_settled* waiting = std::exchange(waiting_, nullptr)) waiting->tell();
  store_.settled(*this);
}

// --- all -----------------------------------------------------------------------------------------------------------------------

receiver* push_store::take(const link& on, engine::push_event&& promise) {
  auto named = named_origin(promise.head, on.place.at().to);
  if (!named || !may_promise(on, *named)) return nullptr;
  expire(loop_.now());
  const auto same = [&](const auto& each) {
    return same_place(each->to(), *named) && each->promised().method == promise.head.method &&
           each->promised().target() == promise.head.target();
  };
  if (kept_.size() >= caps_.pushes || std::ranges::any_of(kept_, same)) return nullptr;
  return kept_.emplace_back(std::make_shared<pushed_response>(*this, std::move(*named), std::move(promise.head), loop_.now()))
      .get();
}

std::shared_ptr<pushed_response> push_store::claim(const plan& what) {
  if (kept_.empty()) return nullptr;
  expire(loop_.now());
  const auto at = std::ranges::find_if(kept_, [&](const auto& each) { return each->answers(what); });
  if (at == kept_.end()) return nullptr;
  auto found = std::move(*at);
  kept_.erase(at);
  return found;
}

std::optional<net::time_point> push_store::expire(net::time_point now) {
  while (!kept_.empty() && kept_.front()->since() + keep_time <= now) {
    const auto old = kept_.front();
    kept_.erase(kept_.begin());
    old->give_up();
  }
  if (kept_.empty()) return std::nullopt;
  return kept_.front()->since() + keep_time;
}

void push_store::give_up_promises() {
  const auto all = kept_;  // which giving up changes
  for (const auto& each : all) {
    if (!each->begun()) each->give_up();
  }
}

void push_store::clear() {
  for (const auto& each : std::exchange(kept_, {})) each->give_up();
}

std::vector<std::string> push_store::urls() const {
  std::vector<std::string> all;
  for (const auto& each : kept_) {
    const auto& head = each->promised();
    all.push_back((each->to().secure ? "https://" : "http://") + std::string(head.authority()) + std::string(head.target()));
  }
  return all;
}

bool push_store::quiet() const {
  return std::ranges::none_of(kept_, [](const auto& each) { return each->arriving(); });
}

void push_store::settled(const pushed_response& one) {
  if (one.failed()) {
    // Somebody else may hold it still; it is destroyed only once what calls us has returned.
    const auto at = std::ranges::find(kept_, &one, [](const auto& each) { return each.get(); });
    if (at != kept_.end()) {
      loop_.defer([gone = std::move(*at)] {});
      kept_.erase(at);
    }
  }
  if (!quiet()) return;
  for (until_quiet* each : std::exchange(waiting_, {})) each->tell();
}

}  // namespace parley::fetching
