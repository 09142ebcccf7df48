#include "connection/http_connection.hpp"

#include "base/block_pool.hpp"
#include "base/number.hpp"
#include "semantics/fields_access.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>
#include <vector>

// What the engine says and what the owner commands.

namespace parley::connection {

namespace {
std::optional<std::uint64_t> announced_length(const parley::fields& of) {
  const auto* line = parley::detail::fields_access::find(of, semantics::field_id::content_length);
  if (line == nullptr) return std::nullopt;
  return base::parse_decimal(parley::detail::fields_access::value(of, *line));
}
}  // namespace

http_connection::http_connection(net::loop& on, std::unique_ptr<engine::message_engine> engine, exchange_owner& owner,
                                 engine::role as, const limits& caps, std::uint64_t id, engine::observer* observer,
                                 std::string peer_name)
    : loop_(on), engine_(std::move(engine)), owner_(owner), limits_(caps), observer_(observer), id_(id),
      peer_name_(std::move(peer_name)), is_client_(as == engine::role::client) {
  if (observer_ != nullptr) engine_->observe(observer_, id_);
}

http_connection::~http_connection() = default;

void http_connection::unobserve() {
  observer_ = nullptr;
  engine_->observe(nullptr, id_);
}

void http_connection::schedule_turn() {
  if (in_turn_ || turn_scheduled_ || closed_) return;
  turn_scheduled_ = true;
  loop_.defer([this] {
    turn_scheduled_ = false;
    turn();
  });
}

// --- exchanges ---------------------------------------------------------------------------------------------------------------

void http_connection::bind(exchange& x, engine::stream_id id) {
  x.connection_ = this;
  x.id_ = id;
  x.lost_ = x.unprocessed_ = x.detached_ = false;
  x.error_.reset();
  exchanges_.insert(id, &x);
  idle_told_ = false;
  if (peer_ended_) bound_late();
}

void http_connection::lose(exchange& x) {
  if (std::exchange(x.lost_, true)) return;
  x.cancel_.cancel();
  x.incoming_.wake();
  x.outgoing_.wake();
  owner_.on_reset(x);
}

void http_connection::finish(exchange& x) {
  const auto id = x.id_;
  exchanges_.erase(id);
  const bool paid_for = x.incoming_.collecting_ && !x.incoming_.held_;
  if (x.incoming_.share_ > 0) give_up_share(x);
  if (!closed_) {
    // What was received but never read gives its credit back, so that the engine can drain the rest.
    if (const std::size_t left = x.incoming_.owed_ + (paid_for ? 0 : x.incoming_.waiting_.size()); left > 0) {
      engine_->consume(id, left);
    }
    const bool whole = x.outgoing_.ended_ && x.incoming_.whole_;
    if (multiplexes()) {
      // A lost one counts among limits::streams until the engine hears that nothing runs for it any more. A server's answer is still to be
      // sent: then the engine stops the request by itself.
      // A tunnel's other direction has nobody any more.
      const bool needs_both = is_client_ || x.detached_;
      if (x.lost_ || !(needs_both ? whole : x.outgoing_.ended_)) engine_->reset(id, loop_.now());
    } else {
      const bool drains = !is_client_ && x.outgoing_.ended_;
      if (x.lost_ ? !x.outgoing_.ended_ : !whole && !drains) reset_in_engine(id);
    }
  }
  x.connection_ = nullptr;
  x.id_ = 0;
  x.incoming_.reset();
  x.outgoing_.reset();
  // A cancelled state stays cancelled: the next use gets a fresh one.
  std::destroy_at(&x.cancel_);
  std::construct_at(&x.cancel_);
  if (closed_) {
    if (!in_turn_ && exchanges_.empty()) loop_.defer([this] { check_closed(); });
    return;
  }
  schedule_turn();
}

// --- events ------------------------------------------------------------------------------------------------------------------

void http_connection::handle(engine::event& e) {
  struct visitor {
    http_connection& c;
    void operator()(engine::request_event& r) { c.on_request_event(r); }
    void operator()(engine::response_event& r) { c.on_response_event(r); }
    void operator()(engine::data_event& d) {
      if (exchange* x = c.find(d.id)) return c.on_data(*x, d.bytes);
      c.engine_->consume(d.id, d.bytes.size());  // nobody reads it any more: drained
    }
    void operator()(engine::trailers_event& t) {
      if (exchange* x = c.find(t.id)) x->incoming_.trailers_ = std::make_unique<parley::fields>(std::move(t.trailers));
    }
    void operator()(engine::complete_event& d) {
      if (exchange* x = c.find(d.id)) c.on_complete(*x);
    }
    void operator()(engine::reset_event& r) { c.on_reset_event(r); }
    void operator()(engine::writable_event& w) {
      exchange* x = c.find(w.id);
      if (x == nullptr) return;
      x->outgoing_.room_ = true;
      x->outgoing_.wake();
    }
    void operator()(engine::detached_event& d) {
      exchange* x = c.find(d.id);
      if (x == nullptr) return;
      x->incoming_.whole_ = false;  // the request is whole, the byte stream behind it is not
      x->detached_ = true;
      c.owner_.on_detached(*x);
    }
    void operator()(engine::push_event& p) { c.on_push_event(p); }
    void operator()(engine::goaway_event&) {
      if (!std::exchange(c.draining_told_, true)) c.owner_.on_draining(c);
    }
  };
  std::visit(visitor{*this}, e);
}

void http_connection::on_request_event(engine::request_event& e) {
  const auto id = e.id;
  const bool ended = e.ended;
  const bool expects = e.expects_continue;
  const auto length = announced_length(e.head.fields);
  ++requests_;
  exchange& x = owner_.on_request(*this, std::move(e));
  bind(x, id);
  x.incoming_.wants_continue_ = expects;
  x.incoming_.length_ = length;
  x.incoming_.whole_ = ended;
  owner_.on_begin(x);
  if (ended && find(id) == &x && !x.lost_) owner_.on_received(x);
}

void http_connection::on_response_event(engine::response_event& e) {
  exchange* x = find(e.id);
  if (x == nullptr) return;
  const auto id = e.id;
  const bool ended = e.ended && !e.informational;
  if (!e.informational) x->incoming_.length_ = announced_length(e.head.fields);
  owner_.on_response(*x, std::move(e));
  if (ended && find(id) == x) on_complete(*x);
}

void http_connection::on_push_event(engine::push_event& e) {
  const auto id = e.id;
  exchange* x = owner_.on_push(*this, std::move(e));
  if (x == nullptr) return engine_->reset(id, loop_.now());
  bind(*x, id);
  x->outgoing_.head_sent_ = x->outgoing_.ended_ = true;  // nobody sends anything for it
}

void http_connection::on_data(exchange& x, std::string_view bytes) {
  auto& in = x.incoming_;
  if (in.held_) [[unlikely]] {
    engine_->set_aside(x.id_, bytes.size());
  } else if (in.collecting_) {
    engine_->consume(x.id_, bytes.size());
  }
  if (in.collecting_) {
    if (in.too_large_ || in.waiting_.size() + bytes.size() > in.collect_limit_) {
      if (!std::exchange(in.too_large_, true)) owner_.on_too_large(x);
      return;
    }
    in.waiting_.append(bytes);
    return;
  }
  in.waiting_.append(bytes);
  if (!in.held_) in.wake();
}

void http_connection::on_complete(exchange& x) {
  x.incoming_.whole_ = true;
  if (x.incoming_.held_) {  // no more comes, so there is nothing to wait for
    give_up_share(x);
    let_go_on(x);
  } else {
    x.incoming_.wake();
  }
  owner_.on_received(x);
}

// Content that is collected needs a place among what its connection may collect. Where one exchange at a time is served, there is no
// need to count; what a client collects is its program's to bound.
void http_connection::make_room(exchange& x, std::size_t wanted) {
  auto& in = x.incoming_;
  if (is_client_ || closed_ || in.share_ > 0 || !multiplexes()) return;
  if (collected_.enter(x, wanted, limits_.connection_content)) return;
  owner_.on_limit(*this, "connection_content");
  if (!in.waiting_.empty()) engine_->set_aside(x.id_, in.waiting_.size());
}

void http_connection::give_up_share(exchange& x) {
  collected_.leave(x);
  while (exchange* const next = collected_.next(limits_.connection_content)) let_go_on(*next);
}

// There is room for it now.
void http_connection::let_go_on(exchange& x) {
  if (!closed_ && x.incoming_.collecting_ && !x.incoming_.waiting_.empty()) engine_->consume(x.id_, x.incoming_.waiting_.size());
  x.incoming_.wake();
  schedule_turn();
}

void http_connection::on_reset_event(engine::reset_event& e) {
  // One of the connection is told once, at its first reset.
  const bool told = multiplexes() && e.error.scope == engine::error_scope::stream ? false : std::exchange(violation_told_, true);
  if (!told) owner_.on_violation(*this, e.error);
  exchange* x = find(e.id);
  if (x == nullptr) {
    if (!is_client_) owner_.on_refused(*this, e.id, e.error);
    return;
  }
  x->error_ = std::make_unique<engine::protocol_error>(e.error);
  x->unprocessed_ = e.unprocessed;
  lose(*x);
}

void http_connection::consumed(exchange& x, std::size_t n) {
  if (closed_) return;
  engine_->consume(x.id_, n);
  schedule_turn();
}

// --- commands ----------------------------------------------------------------------------------------------------------------

std::expected<void, engine::misuse> http_connection::send_request(exchange& x, const semantics::request_head& head,
                                                                  engine::content_length length) {
  if (closed_) return std::unexpected(engine::misuse::closing);
  const auto id = engine_->send_request(head, length, loop_.now());
  if (!id) return std::unexpected(id.error());
  bind(x, *id);
  x.outgoing_.head_sent_ = true;
  x.outgoing_.ended_ = length.what == engine::content_length::kind::none;
  had_capacity_ = engine_->can_send_request();
  schedule_turn();
  return {};
}

std::expected<void, engine::misuse> http_connection::send_response(exchange& x, const semantics::response_head& head,
                                                                   engine::content_length length) {
  if (closed_) return std::unexpected(engine::misuse::closing);
  const auto done = engine_->send_response(x.id_, head, length, loop_.now());
  if (done && head.status >= 200) x.outgoing_.head_sent_ = true;
  schedule_turn();
  return done;
}

void http_connection::send_continue(exchange& x) noexcept {
  semantics::response_head head;
  head.status = 100;
  (void)engine_->send_response(x.id_, head, engine::content_length::no_content(), loop_.now());
  schedule_turn();
}

void http_connection::refuse(engine::stream_id id, const semantics::response_head& head, std::string content) {
  if (closed_) return;
  const auto now = loop_.now();
  const auto length = engine::content_length::of(content.size());
  if (engine_->send_response(id, head, length, now)) {
    (void)engine_->send_data(id, {engine::chunk::owned{std::move(content)}}, now);
    (void)engine_->send_end(id, nullptr, now);
  }
  schedule_turn();
}

bool http_connection::can_push(const exchange& parent) const {
  return !closed_ && !parent.lost_ && !parent.outgoing_.ended_ && engine_->can_push(parent.id_);
}

std::expected<void, engine::misuse> http_connection::push(exchange& parent, exchange& x, const semantics::request_head& promised) {
  if (closed_) return std::unexpected(engine::misuse::closing);
  const auto id = engine_->push(parent.id_, promised, loop_.now());
  if (!id) return std::unexpected(id.error());
  bind(x, *id);
  x.incoming_.whole_ = true;
  schedule_turn();
  return {};
}

bool http_connection::send(exchange& x, engine::chunk&& piece) {
  if (closed_ || piece.size() == 0) return true;
  x.outgoing_.bytes_ += piece.size();
  if (!takes_files_ && !read_file(piece)) return false;
  const auto room = engine_->send_data(x.id_, std::move(piece), loop_.now());
  x.outgoing_.room_ = room.value_or(true);
  schedule_turn();
  return room.has_value();
}

// Only a file that lies in the system's memory comes here (server/file_sender.hpp), so this does not wait for a disk.
bool http_connection::read_file(engine::chunk& piece) {
  const auto* file = std::get_if<engine::chunk::file>(&piece.content);
  if (file == nullptr) return true;
  const auto size = static_cast<std::size_t>(file->length);
  const base::block room = base::acquire_block(size);
  std::shared_ptr<const void> owner(room.data, [room](const void*) { base::release_block(room); });
  for (std::size_t at = 0; at < size;) {
    const ssize_t n = pread(file->descriptor, room.data + at, size - at, static_cast<off_t>(file->offset + at));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += static_cast<std::size_t>(n);
  }
  piece.content = engine::chunk::shared{{room.data, size}, std::move(owner)};
  return true;
}

std::expected<void, engine::misuse> http_connection::end(exchange& x) {
  x.outgoing_.ended_ = true;
  if (closed_) return {};
  const auto done = engine_->send_end(x.id_, x.outgoing_.trailers_.get(), loop_.now());
  schedule_turn();
  // Where no content can follow, the head was the end already.
  const bool ended_before = !done && x.outgoing_.bytes_ == 0 &&
                            (done.error() == engine::misuse::after_end || done.error() == engine::misuse::unknown_stream);
  if (ended_before) return {};
  return done;
}

void http_connection::reset(exchange& x) {
  if (closed_) return;
  reset_in_engine(x.id_);
  schedule_turn();
}

void http_connection::reset_in_engine(engine::stream_id id) {
  engine_->reset(id, loop_.now());
  // Ended at once: what was sent would look whole if the stream closed in order (RFC 9112 §6.3).
  if (engine_->ended()) cut_off_ = true;
}

// --- the end -----------------------------------------------------------------------------------------------------------------

void http_connection::tell_closing() {
  if (!std::exchange(draining_told_, true)) owner_.on_draining(*this);
  lose_all();
  // A turn that is under way, or `finish` of the last exchange, tells the owner.
  if (!in_turn_) loop_.defer([this] { check_closed(); });
}

void http_connection::check_closed() {
  if (closed_ && exchanges_.empty() && !std::exchange(closed_told_, true)) owner_.on_closed(*this);
}

void http_connection::tell_violation() {
  if (violation_told_ || !engine_->error()) return;
  violation_told_ = true;
  owner_.on_violation(*this, *engine_->error());
}

void http_connection::lose_all() {
  // Not while walking over them: `on_reset` may finish them, and others too.
  std::vector<engine::stream_id> open;
  open.reserve(exchanges_.size());
  exchanges_.for_each([&](const exchange& x) { open.push_back(x.id_); });
  std::ranges::sort(open);
  for (const engine::stream_id id : open) {
    if (exchange* x = find(id)) lose(*x);
  }
}

void http_connection::tell_idle() {
  if (!is_client_ || closed_) return;
  const bool could = std::exchange(had_capacity_, can_send_request());
  if (!could && had_capacity_) owner_.on_capacity(*this);
  const bool idle_now = exchanges_.empty() && engine_->can_send_request();
  if (idle_now && !std::exchange(idle_told_, true)) owner_.on_idle(*this);
}

}  // namespace parley::connection
