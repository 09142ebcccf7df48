#include "net/datagram.hpp"
#include "net/epoll_loop.hpp"
#include "net/intrusive.hpp"
#include "net/socket_address.hpp"
#include "net/udp_message.hpp"
#include "net/udp_socket.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <sys/socket.h>
#include <sys/uio.h>
#include <utility>

namespace parley::net {
namespace {

constexpr std::size_t gathered_size = 64UL * 1024;  // what UDP_GRO brings at most
constexpr std::size_t single_size = 2UL * 1024;     // longer datagrams than QUIC ever sends us are of no use
constexpr std::size_t reads_at_once = 16;
constexpr std::size_t writes_at_once = 16;
// Of one turn; then others get theirs, so that a flood does not keep the loop.
constexpr int calls_of_a_turn = 8;

/// Where datagrams arrive: a thread has one room for all of its sockets, since what arrives is handed on at once.
class arrival_room {
 public:
  explicit arrival_room(bool gathered) : size_(gathered ? gathered_size : single_size) {
    char* const bytes = room();
    for (std::size_t i = 0; i < reads_at_once; ++i) {
      parts_[i] = {bytes + i * size_, size_};
      msghdr& one = messages_[i].msg_hdr;
      one = {};
      one.msg_name = &names_[i];
      one.msg_namelen = sizeof names_[i];
      one.msg_iov = &parts_[i];
      one.msg_iovlen = 1;
      one.msg_control = controls_[i].bytes.data();
      one.msg_controllen = controls_[i].bytes.size();
    }
  }
  [[nodiscard]] mmsghdr* messages() { return messages_.data(); }
  [[nodiscard]] std::string_view bytes(std::size_t i) const {
    return {static_cast<const char*>(parts_[i].iov_base), messages_[i].msg_len};
  }

 private:
  // Not written to before something arrives: what of it was never used is no memory of ours.
  static char* room() {
    static thread_local const auto bytes = std::make_unique_for_overwrite<char[]>(gathered_size * reads_at_once);
    return bytes.get();
  }

  std::size_t size_;
  std::array<mmsghdr, reads_at_once> messages_{};
  std::array<iovec, reads_at_once> parts_{};
  std::array<sockaddr_storage, reads_at_once> names_;
  std::array<control_room, reads_at_once> controls_;
};

class udp_core final : public counted<udp_core>, private watcher {
 public:
  udp_core(epoll_loop& on, udp_socket from, const ip_endpoint& peer) : loop_(on), from_(std::move(from)), peer_(peer) {}
  ~udp_core() override { close(); }

  std::error_code watch() { return loop_.watch(from_.socket.get(), *this, when_readable); }
  [[nodiscard]] const ip_endpoint& local() const { return from_.local; }
  [[nodiscard]] const datagram_counters& counters() const { return counters_; }
  std::error_code steer(const steering& how) { return attach_steering(from_.socket.get(), how); }

  void start(datagram_handler* to) {
    if (!from_.socket) return;
    handler_ = to;
    if (!std::exchange(reading_, true)) loop_.wait_begins();
    loop_.look_soon(*this, EPOLLIN);  // an edge may have come before
  }

  void wait_writable() {
    if (!from_.socket || std::exchange(waiting_, true)) return;
    loop_.wait_begins();
    if (writable_) {
      loop_.look_soon(*this, EPOLLOUT);
    } else {
      loop_.watch_for(from_.socket.get(), *this, when_readable | EPOLLOUT);
    }
  }

  void close() {
    if (!from_.socket) return;
    handler_ = nullptr;
    if (std::exchange(reading_, false)) loop_.wait_ends();
    if (std::exchange(waiting_, false)) loop_.wait_ends();
    loop_.forget(*this);
    from_.socket.reset();
  }

  bool send(std::span<const datagram_run> runs, send_place& at) {
    while (at.runs < runs.size()) {
      if (!from_.socket) {  // nobody would hear of it
        at = {runs.size(), 0};
        return true;
      }
      const bool went_on = from_.segments && at.bytes == 0 ? send_runs(runs, at) : send_single(runs, at);
      if (!went_on) {
        writable_ = false;
        return false;
      }
    }
    return true;
  }

 private:
  // Each datagram that leaves its queue is an edge of EPOLLOUT, which would wake the loop for nothing: it is asked for only while somebody waits.
  static constexpr std::uint32_t when_readable = EPOLLIN | EPOLLET;

  void on_events(std::uint32_t events) override {
    const intrusive<udp_core> self(this);
    if (!writable_ && (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0) {
      writable_ = true;
      loop_.watch_for(from_.socket.get(), *this, when_readable);
    }
    if (handler_ != nullptr && (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0 && receive_some()) loop_.look_soon(*this, EPOLLIN);
    if (handler_ == nullptr || !waiting_ || !writable_) return;
    waiting_ = false;
    loop_.wait_ends();
    handler_->on_writable();
  }

  /// Whether more may wait.
  bool receive_some() {
    for (int call = 0; call < calls_of_a_turn; ++call) {
      arrival_room room(from_.gathers);
      const int n = recvmmsg(from_.socket.get(), room.messages(), reads_at_once, MSG_DONTWAIT, nullptr);
      if (n < 0) {
        const int error = errno;
        if (error == EAGAIN || error == EBADF) return false;
        if (error != EINTR) handler_->on_error({error, std::system_category()});
        if (handler_ == nullptr) return false;
        continue;
      }
      ++counters_.reads;
      give(room, static_cast<std::size_t>(n));
      if (handler_ == nullptr) return false;
      if (static_cast<std::size_t>(n) < reads_at_once) return false;
    }
    return true;
  }

  void give(arrival_room& room, std::size_t n) {
    std::array<datagram_run, reads_at_once> runs;
    std::size_t count = 0;
    for (std::size_t i = 0; i < n; ++i) {
      msghdr& one = room.messages()[i].msg_hdr;
      if ((one.msg_flags & MSG_TRUNC) != 0) {
        ++counters_.truncated;
        continue;
      }
      const std::string_view bytes = room.bytes(i);
      if (bytes.empty()) continue;
      const received_control with = read_control(one);
      datagram_run& run = runs[count++];
      run.remote = from_.connected ? peer_ : ip_endpoint(one.msg_name, one.msg_namelen);
      run.local = from_.local;
      if (from_.tells_local && !with.local.empty()) {
        run.local = with.local;
        run.local.port(from_.local.port());
      }
      run.ecn = with.ecn;
      run.segment = with.segment != 0 ? with.segment : bytes.size();
      run.bytes = bytes;
      counters_.datagrams_in += run.count();
    }
    if (count > 0) handler_->on_datagrams(std::span(runs).first(count));
  }

  struct outgoing {
    std::array<mmsghdr, writes_at_once> messages{};
    std::array<iovec, writes_at_once> parts{};
    std::array<control_room, writes_at_once> controls{};
    std::size_t count = 0;
  };

  void add(outgoing& to, const datagram_run& run, std::string_view bytes, bool segmented) {
    const std::size_t i = to.count++;
    to.parts[i] = {const_cast<char*>(bytes.data()), bytes.size()};  // sendmsg does not write to it
    msghdr& one = to.messages[i].msg_hdr;
    one.msg_iov = &to.parts[i];
    one.msg_iovlen = 1;
    if (!from_.connected) {
      one.msg_name = const_cast<void*>(run.remote.data());
      one.msg_namelen = static_cast<socklen_t>(run.remote.size());
    }
    const bool with_local =
        from_.tells_local && !run.local.empty() && !run.local.any_address() && run.local.v6() == run.remote.v6();
    write_control(one, to.controls[i], run, with_local, segmented);
  }

  /// How many messages the system took; nothing: it takes none now. 0: the first one failed with `errno`.
  std::optional<std::size_t> give_to_system(outgoing& all) {
    int n = 0;
    do n = sendmmsg(from_.socket.get(), all.messages.data(), static_cast<unsigned>(all.count), MSG_DONTWAIT | MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n > 0) {
      ++counters_.writes;
      return static_cast<std::size_t>(n);
    }
    // ENOBUFS: the device's queue is full. That is for now as well, but no edge tells when it is over, so it counts as lost on the way.
    if (errno == EAGAIN) return std::nullopt;
    return 0;
  }

  /// Several runs with one call, each cut into its datagrams by the system.
  bool send_runs(std::span<const datagram_run> runs, send_place& at) {
    outgoing all;
    for (std::size_t i = at.runs; i < runs.size() && all.count < writes_at_once; ++i) {
      add(all, runs[i], runs[i].bytes, runs[i].count() > 1);
    }
    const auto taken = give_to_system(all);
    if (!taken) return false;
    if (*taken == 0) {
      const int error = errno;
      const datagram_run& failed = runs[at.runs];
      // The device cannot (EIO: it sums no checksums), or a segment does not fit into its MTU: one by one then, of this or of all.
      if (failed.count() > 1 && (error == EIO || error == EOPNOTSUPP)) {
        from_.segments = false;
      } else if (failed.count() > 1 && (error == EINVAL || error == EMSGSIZE)) {
        return send_single(runs, at);
      } else {
        lost(failed.count(), error);
        ++at.runs;
      }
      return true;
    }
    for (std::size_t i = 0; i < *taken; ++i) counters_.datagrams_out += runs[at.runs + i].count();
    at.runs += *taken;
    return true;
  }

  /// The datagrams of one run, as many with one call as it takes.
  bool send_single(std::span<const datagram_run> runs, send_place& at) {
    const datagram_run& run = runs[at.runs];
    outgoing all;
    for (std::size_t from = at.bytes; from < run.bytes.size() && all.count < writes_at_once; from += run.segment) {
      add(all, run, run.bytes.substr(from, run.segment), false);
    }
    const auto taken = all.count > 0 ? give_to_system(all) : std::optional<std::size_t>(0);
    if (!taken) return false;
    if (*taken == 0 && all.count > 0) lost(1, errno);
    counters_.datagrams_out += *taken;
    at.bytes += std::max<std::size_t>(*taken, 1) * run.segment;
    if (at.bytes >= run.bytes.size()) at = {at.runs + 1, 0};
    return true;
  }

  // What the network does not take is lost, as anything in it may be. An ICMP message that came for an earlier datagram shows here too.
  void lost(std::size_t datagrams, int error) {
    counters_.dropped += datagrams;
    if (error != ECONNREFUSED || handler_ == nullptr) return;
    loop_.defer([self = intrusive<udp_core>(this), error] {
      if (self->handler_ != nullptr) self->handler_->on_error({error, std::system_category()});
    });
  }

  epoll_loop& loop_;
  udp_socket from_;
  ip_endpoint peer_;
  datagram_handler* handler_ = nullptr;
  datagram_counters counters_;
  bool reading_ = false;
  bool waiting_ = false;
  bool writable_ = true;
};

class udp_datagrams final : public datagram_socket {
 public:
  explicit udp_datagrams(intrusive<udp_core> core) : core_(std::move(core)) {}
  ~udp_datagrams() override { core_->close(); }

  [[nodiscard]] const ip_endpoint& local() const override { return core_->local(); }
  void start(datagram_handler* to) override { core_->start(to); }
  bool send(std::span<const datagram_run> runs, send_place& at) override { return core_->send(runs, at); }
  void wait_writable() override { core_->wait_writable(); }
  std::error_code steer(const steering& how) override { return core_->steer(how); }
  void close() override { core_->close(); }
  [[nodiscard]] const datagram_counters& counters() const override { return core_->counters(); }

 private:
  intrusive<udp_core> core_;
};

}  // namespace

std::expected<std::unique_ptr<datagram_socket>, std::error_code> epoll_loop::open_datagram_socket(const ip_endpoint& at,
                                                                                                  const datagram_options& options) {
  auto socket = open_udp_socket(at, options);
  if (!socket) return std::unexpected(socket.error());
  intrusive<udp_core> core(new udp_core(*this, std::move(*socket), options.peer));
  if (const std::error_code error = core->watch()) return std::unexpected(error);
  return std::make_unique<udp_datagrams>(std::move(core));
}

}  // namespace parley::net
