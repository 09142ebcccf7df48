#include "connection/exchange.hpp"

#include "connection/http_connection.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace parley::connection {

namespace {
// What an exchange may keep between uses, so that one large upload does not hold its memory for good.
constexpr std::size_t keep_capacity = 4096;

void empty_for_reuse(std::string& s) {
  if (s.capacity() > keep_capacity) {
    std::string().swap(s);
  } else {
    s.clear();
  }
}
}  // namespace

// --- incoming ----------------------------------------------------------------------------------------------------------------

bool incoming_content::ready() noexcept { return exchange_.lost_ || (!held_ && (!waiting_.empty() || whole_)); }

std::string_view incoming_content::next() {
  if (exchange_.lost_) throw connection_lost(exchange_.error_ ? std::string(exchange_.error_->message) : "the peer has left");
  pay();
  taken_ = true;
  if (waiting_.empty()) return {};
  handed_out_.clear();
  std::swap(handed_out_, waiting_);
  owed_ = handed_out_.size();
  // In HTTP/1 the next piece may come while this one is used. In HTTP/2 it waits: else each of many readers could hold a window of its
  // own beside what the connection's window allows.
  if (!exchange_.connection_->multiplexes()) pay();
  return handed_out_;
}

void incoming_content::pay() {
  if (owed_ != 0 && exchange_.connection_ != nullptr) exchange_.connection_->consumed(exchange_, std::exchange(owed_, 0));
}

std::string incoming_content::take() {
  std::string all;
  std::swap(all, waiting_);
  if (!all.empty() && exchange_.connection_ != nullptr) exchange_.connection_->consumed(exchange_, all.size());
  return all;
}

void incoming_content::wait(parley::detail::waiter* who) noexcept {
  reader_ = who;
  if (who == nullptr) return;
  pay();
  ask_for_content();
}

void incoming_content::collect(std::size_t limit) {
  collect_limit_ = limit;
  collecting_ = true;
  make_room(static_cast<std::size_t>(std::min<std::uint64_t>(length_.value_or(limit), limit)));
  ask_for_content();
}

void incoming_content::keep(std::size_t most) { make_room(most); }

void incoming_content::make_room(std::size_t most) {
  if (exchange_.connection_ == nullptr || exchange_.lost_ || whole_) return;
  exchange_.connection_->make_room(exchange_, most);
}

void incoming_content::ask_for_content() noexcept {
  if (!std::exchange(wants_continue_, false) || exchange_.connection_ == nullptr || exchange_.head_sent()) return;
  exchange_.connection_->send_continue(exchange_);
}

void incoming_content::wake() noexcept {
  if (reader_ != nullptr) std::exchange(reader_, nullptr)->wake();
}

void incoming_content::reset() noexcept {
  empty_for_reuse(waiting_);
  empty_for_reuse(handed_out_);
  trailers_.reset();
  length_.reset();
  reader_ = nullptr;
  collect_limit_ = owed_ = share_ = 0;
  held_ = collecting_ = too_large_ = whole_ = taken_ = wants_continue_ = false;
}

// --- outgoing ----------------------------------------------------------------------------------------------------------------

bool outgoing_content::ready() noexcept { return room_ || exchange_.lost_; }

void outgoing_content::write(std::string&& owned) {
  if (!owned.empty()) send({engine::chunk::owned{std::move(owned)}});
}

void outgoing_content::write(std::string_view copied) {
  if (!copied.empty()) send({engine::chunk::view{copied}});
}

void outgoing_content::write(parley::detail::file_content slice) {
  send({engine::chunk::file{slice.descriptor, slice.offset, slice.length, std::move(slice.owner)}});
}

void outgoing_content::end() {
  if (exchange_.lost_ || exchange_.connection_ == nullptr) throw connection_lost("the peer has left");
  if (!ended_) (void)exchange_.connection_->end(exchange_);
}

bool outgoing_content::takes_files() const noexcept {
  return exchange_.connection_ == nullptr || exchange_.connection_->takes_files_;
}

void outgoing_content::send(engine::chunk&& piece) {
  if (exchange_.lost_ || exchange_.connection_ == nullptr) throw connection_lost("the peer has left");
  if (!exchange_.connection_->send(exchange_, std::move(piece))) {
    throw std::length_error("more content was written than was announced, or after its end");
  }
}

void outgoing_content::wake() noexcept {
  if (writer_ != nullptr) std::exchange(writer_, nullptr)->wake();
}

void outgoing_content::reset() noexcept {
  trailers_.reset();
  writer_ = nullptr;
  bytes_ = 0;
  room_ = true;
  head_sent_ = ended_ = false;
}

}  // namespace parley::connection
