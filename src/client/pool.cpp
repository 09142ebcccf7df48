#include "client/pool.hpp"

#include "base/random.hpp"
#include "client/race.hpp"
#include "client/secure.hpp"
#include "connection/tcp_connection.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

// How a connection comes about, and the pool's own life. Who gets which connection is decided in pool_links.cpp.

namespace parley::fetching {

namespace {

// For observers, which may watch several clients of the process.
std::uint64_t next_connection_id() {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace

// --- getting one -------------------------------------------------------------------------------------------------------------

task<lease> pool::acquire(const origin& to, wish what, std::chrono::milliseconds connect_timeout, progress& at) {
  for (;;) {
    at.at = step::queued;
    origin_connections& here = origins_.try_emplace(to, origin_connections{.to = to}).first->second;
    turn_operation waiting(*this, here, what);
    turn_operation::result turn = co_await waiting;
    if (turn.connection) co_return std::move(turn.connection);
    auto connecting = connect(std::move(turn.place), what, connect_timeout, at);
    lease made = co_await connecting;
    if (made) co_return made;
  }
}

task<lease> pool::connect(slot place, wish what, std::chrono::milliseconds limit, progress& at) {
  const origin& to = place.at().to;
  const std::uint64_t id = next_connection_id();
  const connect_report report{&settings_.observer, id, &loop_};
  opened got;
  try {
    auto opening = open(to, place.races(), what, report, at);
    auto limited = parley::timeout(limit, std::move(opening));
    opened made = co_await limited;
    got = std::move(made);
  } catch (const timed_out&) {
    // Who waited for how this would turn out does not have to wait for the next one.
    place.at().found = origin_connections::known::http1;
    throw out_of_time(to, at, limit, true);
  } catch (const fetch_error&) {
    if (place.undecided()) fail_waiting(place.at(), std::current_exception());
    throw;
  }
  if (got.quic) co_return adopt(std::move(place), std::move(got.quic), std::move(got.alternative));
  if (got.shared == nullptr) co_return add(std::move(place), std::move(got.way), id);
  // Another origin's connection serves this one as well.
  share(*got.shared, place.at());
  report.shared(got.shared->id());
  if (got.shared->room() == 0) co_return lease();
  take_from_idle(*got.shared);
  co_return lease(*this, *got.shared);
}

std::vector<net::endpoint> allowed_of(std::vector<net::endpoint> addresses, const pool_settings& by) {
  if (by.allowed) std::erase_if(addresses, [&](const net::endpoint& e) { return !e.unix_socket && !by.allowed(e.host); });
  return addresses;
}

task<pool::opened> pool::open(const origin& to, bool races, wish what, const connect_report& report, progress& at) {
  // First, since what is wrong with them needs no connection to be seen.
  if (to.secure) static_cast<void>(settings_.tls->credentials(to.verify));
  opened got;
  if (to.via) {
    auto tunnelling = open_tunnel(to, report, at);
    opened_stream made = co_await tunnelling;
    got.way = std::move(made);
    co_return got;
  }
  at.at = step::looking_up;
  auto looking_up = addresses_of(loop_, to, report);
  std::vector<net::endpoint> addresses = co_await looking_up;
  addresses = allowed_of(std::move(addresses), settings_);
  if (addresses.empty()) throw not_allowed(to);
  std::optional<known_alternative> alternative;
  if (const known_alternative* const known = races ? alternative_of(to) : nullptr) alternative = *known;
  got.shared = coalescible(to, addresses, what);
  // Beside an alternative, what is there over TCP is what the race falls back to.
  if (alternative && got.shared != nullptr && got.shared->connection->version() != parley::version::http3) got.shared = nullptr;
  if (got.shared != nullptr) co_return got;
  if (!alternative && !tries_quic(to)) {
    auto opening = open_stream(loop_, to, std::move(addresses), *settings_.tls, report, at);
    opened_stream made = co_await opening;
    got.way = std::move(made);
    co_return got;
  }
  race::ways by;
  by.quic = addresses;
  by.early = what.early;
  if (alternative) {
    for (net::endpoint& each : by.quic) each.port = alternative->at_port;
    if (!alternative->at_host.empty()) {
      by.quic.clear();
      by.quic_host = alternative->at_host;
      by.quic_port = alternative->at_port;
    }
  }
  // With early data refused at one address, another may take it; where there is none, what is wrong shows without.
  const auto nobody = [&](const net::endpoint& each) {
    const auto same = [&](const net::endpoint& other) { return other.host == each.host && other.port == each.port; };
    return std::ranges::any_of(what.without, same);
  };
  if (!what.without.empty() && std::ranges::all_of(by.quic, nobody)) {
    by.early = false;
  } else if (!what.without.empty()) {
    std::erase_if(by.quic, nobody);
  }
  if (!to.only_http3()) by.tcp = std::move(addresses);
  race between(*this, to, std::move(by), report, at);
  race::until_decided decided(between);
  std::exception_ptr failure;
  try {
    co_await decided;
  } catch (...) {
    failure = std::current_exception();
  }
  race::until_settled settled(between);
  co_await settled;
  if (failure) std::rethrow_exception(failure);
  got.quic = between.over_quic();
  if (!got.quic) got.shared = between.shared();
  if (!got.quic && got.shared == nullptr) got.way = between.over_tcp();
  if (alternative && got.quic) {
    settings_.known->worked(to.host, to.port);
    got.alternative = alternative_name(to, *alternative);
  } else if (got.quic) {
    http3_worked(to);
  } else if (alternative) {
    settings_.known->failed(to.host, to.port, loop_.now());
  }
  co_return got;
}

connection::http2_options pool::http2_options_for(const origin& to) const {
  connection::http2_options how;
  how.push = settings_.push && to.relays == relaying::nothing;
  how.secure = to.secure;
  how.seed = base::system_random().next();
  return how;
}

std::unique_ptr<engine::byte_engine> pool::make_engine(const origin& to, bool http2) {
  using engine::role;
  const auto now = loop_.now();
  if (http2) return connection::make_http2_engine(role::client, settings_.caps, http2_options_for(to), now);
  return connection::make_http1_engine(role::client, settings_.caps, {.allow_http09 = true, .secure = to.secure}, now);
}

lease pool::add(slot place, opened_stream way, std::uint64_t id) {
  place.race_over();
  const origin& to = place.at().to;
  const bool http2 = way.tls != nullptr ? way.tls->session().protocol() == "h2" : to.version == parley::version::http2;
  auto made = std::make_unique<link>();
  made->place = std::move(place);
  connection::exchange_owner& owner = *this;
  auto over_tcp = std::make_unique<connection::tcp_connection>(loop_, std::move(way.stream), make_engine(to, http2), owner,
                                                               engine::role::client, settings_.caps, id, settings_.observer);
  connection::tcp_connection& tcp = *over_tcp;
  tcp.over(way.tls);
  made->connection = std::move(over_tcp);
  made->connection->owner_index = links_.size();
  links_.push_back(std::move(made));
  link& one = *links_.back();
  tcp.start();
  lease first(*this, one);
  origin_connections& at = one.place.at();
  if (http2) share(one, at);
  if (!http2 && to.open_to_any()) at.found = origin_connections::known::http1;
  // Who waits sends behind the one that the connection was made for: see `lease::begun`.
  if (http2 || to.choice != speaks::upgrade) one.place.decide(http2);
  return first;
}

// --- the pool's life ---------------------------------------------------------------------------------------------------------

/// Ends when the pool is retired and its last connection is gone, or with `cancelled` when the loop ends.
class pool::until_over final : public parley::detail::operation {
 public:
  explicit until_over(pool& of) : pool_(of) {}
  void await_resume() { finish(); }
  void tell() { complete(); }

 private:
  bool ready() noexcept override { return pool_.over(); }
  void start() override { pool_.watcher_ = this; }
  void cancel() noexcept override { pool_.watcher_ = nullptr; }
  pool& pool_;
};

/// Ends when the last connection is gone. That wait is not cut short, since connections must go before their loop.
class pool::until_empty {
 public:
  explicit until_empty(pool& of) : pool_(of) {}
  [[nodiscard]] bool await_ready() const { return pool_.nothing_open(); }
  void await_suspend(std::coroutine_handle<> waiter) { pool_.when_empty_ = waiter; }
  void await_resume() const {}

 private:
  pool& pool_;
};

void pool::begin() { parley::spawn(watch_loop(shared_from_this())); }

task<> pool::watch_loop(std::shared_ptr<pool> self) {
  until_over ending(*self);
  try {
    co_await ending;
  } catch (const cancelled&) {
    self->end_all();
  }
  until_empty empty(*self);
  co_await empty;
  self->sweep_.reset();
  self->last_wait_.reset();
}

void pool::retire() {
  if (std::exchange(retired_, true)) return;
  pushes_.clear();
  close_idle("the client is done");
  tell_over();
}

void pool::unobserve() {
  settings_.observer = nullptr;
  for (const auto& each : links_) each->connection->unobserve();
}

void pool::tell_over() {
  if (!over()) return;
  if (until_over* watcher = std::exchange(watcher_, nullptr)) watcher->tell();
  if (when_empty_) loop_.resume_soon(std::exchange(when_empty_, nullptr));
}

// Links are removed only later, see `remove_soon`.
void pool::end_all() {
  constexpr std::chrono::seconds at_most{2};
  retired_ = ending_ = true;
  pushes_.clear();
  for (const auto& each : links_) end(*each, "the loop ends");
  last_wait_.emplace(loop_, [this] {
    for (const auto& each : links_) each->connection->abort("the loop ends");
  });
  last_wait_->arm(loop_.now() + at_most);
}

}  // namespace parley::fetching
