#include "server/tls_gate.hpp"

#include <utility>

namespace parley::server_room {

tls_gate::~tls_gate() = default;

void tls_gate::enter(std::unique_ptr<net::byte_stream> stream, std::shared_ptr<const tls::server_credentials> with,
                     std::uint64_t id, engine::observer* observer, address_counts::place place) {
  auto made = std::make_unique<entry>();
  entry& e = *made;
  e.stream = std::make_unique<connection::tls_stream>(loop_, std::move(stream), std::move(with));
  e.id = id;
  e.observer = observer;
  e.index = waiting_.size();
  e.place = std::move(place);
  waiting_.push_back(std::move(made));
  if (observer != nullptr) connection::observe_handshake(*observer, loop_.now(), id, nullptr, {});
  const connection::tls_stream::handshake_limits within{.handshake = limits_.handshake_time, .linger = limits_.linger_time};
  e.stream->handshake(within, [this, &e](const tls::error& error) { done(e, error); });
}

std::unique_ptr<tls_gate::entry> tls_gate::take(entry& e) {
  const std::size_t at = e.index;
  std::swap(waiting_[at], waiting_.back());
  waiting_[at]->index = at;
  std::unique_ptr<entry> taken = std::move(waiting_.back());
  waiting_.pop_back();
  return taken;
}

void tls_gate::done(entry& e, const tls::error& error) {
  const std::unique_ptr<entry> mine = take(e);
  if (mine->observer != nullptr) {
    connection::observe_handshake(*mine->observer, loop_.now(), mine->id, mine->stream.get(), error);
    if (error) mine->observer->observe({loop_.now(), mine->id, 0, engine::observed_close{error.message}});
  }
  if (!error) return owner_.on_secured(std::move(mine->stream), mine->id, std::move(mine->place));
  mine->stream->close();
  owner_.on_refused_handshake(error);
}

void tls_gate::clear() { waiting_.clear(); }

std::size_t tls_gate::clear_silent() {
  const std::size_t before = waiting_.size();
  std::erase_if(waiting_, [](const std::unique_ptr<entry>& e) { return !e->stream->heard(); });
  for (std::size_t i = 0; i < waiting_.size(); ++i) waiting_[i]->index = i;
  return before - waiting_.size();
}

}  // namespace parley::server_room
