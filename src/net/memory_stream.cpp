// Both ends of a connection in memory.
#include "net/intrusive.hpp"
#include "net/memory_network.hpp"

#include <algorithm>
#include <cstring>
#include <deque>
#include <unistd.h>

namespace parley::net {
namespace {

/// What one end has written and the other has not read.
struct memory_direction {
  struct piece {
    time_point arrives;
    std::string bytes;
  };
  std::shared_ptr<memory_link> link;
  std::deque<piece> pieces;
  std::size_t size = 0;
  std::optional<time_point> ended;  // when the reader learns that no more comes
  bool reset = false;
  bool abandoned = false;  // nobody reads any more
  [[nodiscard]] std::size_t room() const { return link->capacity > size ? link->capacity - size : 0; }
};

std::size_t copy_segment(const base::segment& from, std::size_t most, std::string& to) {
  const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(from.size(), most));
  if (from.descriptor < 0) {
    to.append(from.bytes.substr(0, n));
    return n;
  }
  std::string room(n, '\0');
  const ssize_t got = pread(from.descriptor, room.data(), n, static_cast<off_t>(from.offset));
  if (got <= 0) return 0;
  to.append(room, 0, static_cast<std::size_t>(got));
  return static_cast<std::size_t>(got);
}

class memory_end : public counted<memory_end> {
 public:
  memory_end(loop& on, std::shared_ptr<memory_direction> in, std::shared_ptr<memory_direction> out)
      : loop_(on), in_(std::move(in)), out_(std::move(out)), arrival_(on, [this] { give(); }) {}
  ~memory_end() {
    if (peer_ != nullptr) peer_->peer_ = nullptr;
  }

  static void join(memory_end& a, memory_end& b) {
    a.peer_ = &b;
    b.peer_ = &a;
  }
  void handler(stream_handler* to) { handler_ = to; }

  void read() {
    if (closed_) return;
    wanted_ = true;
    look_soon();
  }
  void cancel_read() { wanted_ = false; }

  write_result write(std::span<const base::segment> segments) {
    if (const std::error_code error = write_error()) return {0, false, error};
    write_result result;
    std::string bytes;
    for (const base::segment& s : segments) {
      const std::size_t n = copy_segment(s, out_->room() - bytes.size(), bytes);
      if (n == s.size()) continue;
      result.blocked = bytes.size() == out_->room();
      if (!result.blocked) result.error = make_error_code(std::errc::io_error);  // the file has become shorter
      break;
    }
    result.written = bytes.size();
    if (bytes.empty()) return result;
    out_->size += bytes.size();
    out_->pieces.push_back({loop_.now() + out_->link->delay, std::move(bytes)});
    tell_peer();
    return result;
  }

  [[nodiscard]] std::uint64_t unsent() const { return closed_ ? 0 : out_->size; }

  void wait_writable() {
    if (closed_) return;
    waiting_ = true;
    look_soon();
  }

  void shutdown_write() {
    if (closed_ || out_->ended) return;
    out_->ended = loop_.now() + out_->link->delay;
    tell_peer();
  }

  void close() {
    if (closed_) return;
    // As TCP does: what was never read makes it a reset.
    if (in_->size > 0) return abort();
    shutdown_write();
    leave();
  }

  void abort() {
    if (closed_) return;
    for (memory_direction* d : {in_.get(), out_.get()}) {
      d->reset = true;
      d->pieces.clear();
      d->size = 0;
    }
    leave();
  }

 private:
  void leave() {
    closed_ = true;
    handler_ = nullptr;
    in_->abandoned = true;
    arrival_.cancel();
    tell_peer();
  }

  void tell_peer() {
    if (peer_ != nullptr) peer_->look_soon();
  }

  // Whatever changed, it is told later and from here only: a handler is never called from within a call of its own.
  void look_soon() {
    if (closed_ || looking_) return;
    looking_ = true;
    loop_.defer([self = intrusive<memory_end>(this)] {
      self->looking_ = false;
      self->give();
      self->give_hangup();
      self->give_room();
    });
  }

  [[nodiscard]] std::error_code write_error() const {
    if (closed_) return make_error_code(std::errc::not_connected);
    if (out_->reset) return make_error_code(std::errc::connection_reset);
    if (out_->ended || out_->abandoned) return make_error_code(std::errc::broken_pipe);
    return {};
  }

  void give() {
    if (closed_ || !wanted_ || handler_ == nullptr) return;
    if (in_->reset) return give_read(0, make_error_code(std::errc::connection_reset));
    const time_point now = loop_.now();
    if (const std::size_t n = take_arrived(now); n > 0) {
      if (peer_ != nullptr && peer_->waiting_) peer_->look_soon();
      return give_read(n, {});
    }
    if (!in_->pieces.empty()) return arrival_.arm(in_->pieces.front().arrives);
    if (!in_->ended) return;
    if (*in_->ended <= now) return give_read(0, {});
    arrival_.arm(*in_->ended);
  }

  void give_read(std::size_t n, std::error_code error) {
    wanted_ = false;
    if (n == 0) hangup_told_ = true;
    handler_->on_read(n, error);
  }

  void give_hangup() {
    if (closed_ || wanted_ || hangup_told_ || handler_ == nullptr) return;
    if (!in_->reset && (!in_->ended || *in_->ended > loop_.now())) return;
    hangup_told_ = true;
    handler_->on_hangup(in_->reset ? make_error_code(std::errc::connection_reset) : std::error_code());
  }

  std::size_t take_arrived(time_point now) {
    if (in_->pieces.empty() || in_->pieces.front().arrives > now) return 0;
    const std::span<char> into = handler_->read_room();
    const std::size_t most = std::min(into.size(), std::max<std::size_t>(in_->link->fragment, 1));
    std::size_t n = 0;
    while (n < most && !in_->pieces.empty() && in_->pieces.front().arrives <= now) {
      std::string& bytes = in_->pieces.front().bytes;
      const std::size_t part = std::min(bytes.size(), most - n);
      std::memcpy(into.data() + n, bytes.data(), part);
      n += part;
      bytes.erase(0, part);
      if (bytes.empty()) in_->pieces.pop_front();
    }
    in_->size -= n;
    return n;
  }

  void give_room() {
    if (closed_ || !waiting_ || handler_ == nullptr) return;
    const std::error_code error = write_error();
    if (!error && out_->room() == 0) return;
    waiting_ = false;
    handler_->on_writable(error);
  }

  loop& loop_;
  std::shared_ptr<memory_direction> in_;
  std::shared_ptr<memory_direction> out_;
  timer arrival_;
  memory_end* peer_ = nullptr;
  stream_handler* handler_ = nullptr;
  bool wanted_ = false;
  bool waiting_ = false;
  bool looking_ = false;
  bool hangup_told_ = false;
  bool closed_ = false;
};

class memory_stream final : public byte_stream {
 public:
  memory_stream(intrusive<memory_end> end, endpoint local, endpoint peer)
      : end_(std::move(end)), local_(std::move(local)), peer_(std::move(peer)) {}
  ~memory_stream() override { end_->close(); }

  void handler(stream_handler* to) override { end_->handler(to); }
  void read() override { end_->read(); }
  void cancel_read() override { end_->cancel_read(); }
  using byte_stream::write;
  write_result write(std::span<const base::segment> segments, bool) override { return end_->write(segments); }
  void wait_writable() override { end_->wait_writable(); }
  [[nodiscard]] std::uint64_t unsent() const override { return end_->unsent(); }
  void shutdown_write() override { end_->shutdown_write(); }
  void close() override { end_->close(); }
  void abort() override { end_->abort(); }
  [[nodiscard]] const endpoint& peer() const override { return peer_; }
  [[nodiscard]] const endpoint& local() const override { return local_; }

 private:
  intrusive<memory_end> end_;
  endpoint local_;
  endpoint peer_;
};

}  // namespace

memory_pair memory_loop::make_pair(const memory_link& link) {
  const std::uint16_t n = next_port_;
  next_port_ = static_cast<std::uint16_t>(n + 2);
  return make_pair_between(link, {"memory", n, false}, {"memory", static_cast<std::uint16_t>(n + 1), false});
}

memory_pair memory_loop::make_pair_between(const memory_link& link, const endpoint& a, const endpoint& b) {
  auto a_to_b = std::make_shared<memory_direction>();
  auto b_to_a = std::make_shared<memory_direction>();
  a_to_b->link = std::make_shared<memory_link>(link);
  b_to_a->link = std::make_shared<memory_link>(link);
  const intrusive<memory_end> end_a(new memory_end(*this, b_to_a, a_to_b));
  const intrusive<memory_end> end_b(new memory_end(*this, a_to_b, b_to_a));
  memory_end::join(*end_a, *end_b);
  memory_pair made;
  made.a = std::make_unique<memory_stream>(end_a, a, b);
  made.b = std::make_unique<memory_stream>(end_b, b, a);
  made.a_to_b = a_to_b->link;
  made.b_to_a = b_to_a->link;
  return made;
}

}  // namespace parley::net
