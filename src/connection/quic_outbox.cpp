#include "connection/quic_outbox.hpp"

#include "connection/quic_connection.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace parley::connection {

quic_outbox::~quic_outbox() {
  *alive_ = false;
  if (batch_.empty()) return;
  traffic_ = nullptr;  // its owner may have gone
  blocked_ = false;
  try {
    static_cast<void>(flush());
  } catch (...) {  // no memory: lost on the way
  }
}

bool quic_outbox::flush() {
  if (blocked_) return false;
  if (batch_.empty()) return true;
  if (runs_.empty()) {
    std::uint64_t bytes = 0;
    for (const quic::datagram_run& run : batch_.runs()) {
      runs_.push_back(
          {from_quic(run.where.local), from_quic(run.where.remote), static_cast<std::uint8_t>(run.mark), run.segment, run.bytes});
      bytes += run.bytes.size();
    }
    if (traffic_ != nullptr) traffic_->sent.add(bytes);
  }
  if (!socket_.send(runs_, place_)) {
    blocked_ = true;
    socket_.wait_writable();
    return false;
  }
  runs_.clear();
  place_ = {};
  batch_.clear();
  return true;
}

void quic_outbox::flush_soon() {
  if (std::exchange(flush_scheduled_, true)) return;
  loop_.defer([this, alive = alive_] {
    if (!*alive) return;
    flush_scheduled_ = false;
    flush();
  });
}

void quic_outbox::wait(quic_connection& who) {
  if (std::ranges::find(waiting_, &who) == waiting_.end()) waiting_.push_back(&who);
}

void quic_outbox::forget(quic_connection& who) { std::erase(waiting_, &who); }

void quic_outbox::on_writable() {
  blocked_ = false;
  if (!flush()) return;
  for (quic_connection* who : std::exchange(waiting_, {})) who->go_on();
}

}  // namespace parley::connection
