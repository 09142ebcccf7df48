#include "client/pool.hpp"

#include "client/secure.hpp"
#include "connection/make_engine.hpp"

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

task<lease> pool::acquire(const origin& to, bool fresh, std::chrono::milliseconds connect_timeout, progress& at) {
  at.at = step::queued;
  origin_connections& here = origins_.try_emplace(to, origin_connections{to, 0, {}, {}}).first->second;
  turn_operation waiting(*this, here, fresh);
  turn_operation::result turn = co_await waiting;
  if (turn.connection) co_return std::move(turn.connection);
  auto connecting = connect(std::move(turn.place), connect_timeout, at);
  lease made = co_await connecting;
  co_return made;
}

task<lease> pool::connect(slot place, std::chrono::milliseconds limit, progress& at) {
  const origin& to = place.at().to;
  const std::uint64_t id = next_connection_id();
  const connect_report report{&settings_.observer, id, &loop_};
  std::unique_ptr<net::byte_stream> stream;
  try {
    auto connecting = open_stream(loop_, to, *settings_.tls, report, at);
    auto limited = parley::timeout(limit, std::move(connecting));
    std::unique_ptr<net::byte_stream> connected = co_await limited;
    stream = std::move(connected);
  } catch (const timed_out&) {
    throw out_of_time(to, at.at, limit, true);
  }
  co_return add(std::move(place), std::move(stream), id);
}

lease pool::add(slot place, std::unique_ptr<net::byte_stream> stream, std::uint64_t id) {
  const connection::http1_options how{.allow_http09 = true, .secure = place.at().to.secure};
  auto engine = connection::make_http1_engine(engine::role::client, settings_.caps, how, loop_.now());
  auto made = std::make_unique<link>();
  made->place = std::move(place);
  connection::exchange_owner& owner = *this;
  made->connection = std::make_unique<connection::tcp_connection>(loop_, std::move(stream), std::move(engine), owner,
                                                                  engine::role::client, settings_.caps, id, settings_.observer);
  made->connection->owner_index = links_.size();
  made->leased = true;
  links_.push_back(std::move(made));
  links_.back()->connection->start();
  return {*this, *links_.back()};
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
  [[nodiscard]] bool await_ready() const { return pool_.open_ == 0; }
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
    self->abort_all();
  }
  until_empty empty(*self);
  co_await empty;
  self->sweep_.reset();
}

void pool::retire() {
  if (std::exchange(retired_, true)) return;
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

void pool::abort_all() {
  retired_ = ending_ = true;
  for (const auto& each : links_) each->connection->abort("the loop ends");  // removed only later, see `remove_soon`
}

}  // namespace parley::fetching
