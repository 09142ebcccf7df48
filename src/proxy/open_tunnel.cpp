// CONNECT: from the request to the tunnel's end.
#include "client/connector.hpp"
#include "connection/message_access.hpp"
#include "net/loop.hpp"
#include "net/resolve.hpp"
#include "proxy/far_end.hpp"
#include "proxy/forward_settings.hpp"

#include <parley/response.hpp>

#include <algorithm>
#include <utility>

namespace parley::proxying {

namespace {

/// Looks a host up.
class look_up final : public detail::operation {
 public:
  using answer = std::expected<std::vector<net::endpoint>, std::error_code>;
  look_up(net::loop& on, const destination& to) : loop_(on), to_(to) {}
  answer await_resume() {
    finish();
    return std::move(answer_);
  }

 private:
  void start() override {
    asked_ = net::resolve(loop_, to_.host, to_.port, [this](answer found) {
      answer_ = std::move(found);
      complete();
    });
  }
  void cancel() noexcept override { asked_.reset(); }

  net::loop& loop_;
  const destination& to_;
  std::unique_ptr<net::pending> asked_;
  answer answer_;
};

std::string name_of(const destination& to) { return to.host + " port " + std::to_string(to.port); }

/// A name is looked up once, here, and what was looked at is what is connected to: a second answer of its name server has no use (DNS
/// rebinding).
task<std::unique_ptr<net::byte_stream>> reach(forward_service& in, const destination& to) {
  net::loop& on = *net::loop::current();
  look_up looking(on, to);
  look_up::answer found = co_await looking;
  if (!found) {
    ++in.counts().failed;
    refuse(in, 502, "dns_error", "The host " + to.host + " cannot be found.");
  }
  std::vector<net::endpoint> addresses = std::move(*found);
  std::erase_if(addresses, [&in](const net::endpoint& each) { return !in.takes_address(each.host); });
  if (addresses.empty()) {
    ++in.counts().not_public;
    refuse(in, 403, "destination_ip_prohibited",
           "The host " + to.host + " has no public address, and this proxy goes to no other.");
  }
  const fetching::connect_report unseen;
  fetching::connect_operation trying(on, std::move(addresses), unseen);
  std::unique_ptr<net::byte_stream> stream = co_await trying;
  if (stream) co_return stream;
  ++in.counts().failed;
  const bool refused = !trying.failures().empty() && trying.failures().front().error == std::errc::connection_refused;
  const bool silent = !trying.failures().empty() && trying.failures().front().error == std::errc::timed_out;
  if (silent) refuse(in, 504, "connection_timeout", "There was no answer from " + name_of(to) + ".");
  if (refused) refuse(in, 502, "connection_refused", "Nobody listens at " + name_of(to) + ".");
  refuse(in, 502, "destination_ip_unroutable", "No connection to " + name_of(to) + " came about.");
}

struct tunnel_life {
  tunnel_life(forward_service& service, net::loop& on, request& asked, std::unique_ptr<net::byte_stream> to)
      : in(service), req(asked), far(std::move(to)), time(on) {}

  /// Throws `over_limit` when it is too much.
  void carried(std::size_t n);

  forward_service& in;
  request& req;  // lives as long as its exchange, and so longer than this
  far_end far;
  carried_time time;
  std::uint64_t bytes = 0;
};

void tunnel_life::carried(std::size_t n) {
  time.moved();
  bytes += n;
  in.counts().bytes.fetch_add(n, std::memory_order_relaxed);
  if (in.how().bytes == 0 || bytes <= in.how().bytes) return;
  ++in.counts().over_bytes;
  throw over_limit();
}

// Each side's end is passed on alone, behind what it had sent; the other direction goes on.
task<> carry_out(tunnel& near, tunnel_life& life) {
  for (;;) {
    auto reading = near.read();
    const std::string_view piece = co_await reading;
    if (piece.empty()) break;
    detail::request_access::notes(life.req).tunnelled += piece.size();
    life.carried(piece.size());
    auto writing = life.far.write(piece);
    co_await writing;
  }
  life.far.end();
}

task<> carry_in(tunnel& near, tunnel_life& life) {
  for (;;) {
    auto reading = life.far.read();
    const std::string_view piece = co_await reading;
    if (piece.empty()) break;
    life.carried(piece.size());
    auto writing = near.write(piece);
    co_await writing;
  }
  near.end();
}

task<> carry(tunnel& near, std::shared_ptr<tunnel_life> life, std::shared_ptr<forward_service::place>) {
  bool whole = false;
  try {
    auto both = when_all(carry_out(near, *life), carry_in(near, *life));
    auto either = when_any(std::move(both), watch_times(life->in, life->time));
    co_await either;
    whole = true;
  } catch (const over_limit&) {
    // counted already
  } catch (const connection_lost&) {
    ++life->in.counts().failed;
  } catch (const cancelled&) {
    // the client gave it up
  }
  if (whole) co_return;
  // What is cut off must not look like an end, on either side.
  life->far.abort();
  throw cancelled();
}

}  // namespace

task<> watch_times(const forward_service& in, const carried_time& of) {
  for (;;) {
    const net::time_point until = std::min(of.last + in.how().idle_time, of.began + in.how().total_time);
    if (of.loop.now() >= until) break;
    auto waiting = sleep_until(until);
    co_await waiting;
  }
  ++in.counts().over_time;
  throw over_limit();
}

task<response> open_tunnel(std::shared_ptr<forward_service> in, request& req) {
  const auto to = req.path().empty() ? destination_of(req.authority(), 0) : std::nullopt;
  if (!to) throw problem_error(400, "CONNECT takes a host and a port, such as example.org:443.");
  if (!in->how().allowed.allow(*to, in->how().tunnel_ports)) {
    ++in->counts().denied;
    refuse(*in, 403, "http_request_denied", "This proxy has no way to " + name_of(*to) + ".");
  }
  auto place = in->enter(req);
  std::unique_ptr<net::byte_stream> stream;
  bool late = false;
  try {
    auto reaching = timeout(in->how().connect_time, reach(*in, *to));
    stream = co_await reaching;
  } catch (const timed_out&) {
    late = true;
  }
  if (late) {
    ++in->counts().over_time;
    refuse(*in, 504, "connection_timeout", "No connection to " + name_of(*to) + " came about in time.");
  }
  ++in->counts().tunnels;
  auto life = std::make_shared<tunnel_life>(*in, *net::loop::current(), req, std::move(stream));
  co_return accept_tunnel([life, place, in](tunnel& near) { return carry(near, life, place); });
}

}  // namespace parley::proxying
