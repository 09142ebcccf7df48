#include "net/epoll_loop.hpp"

#include "net/sigpipe.hpp"
#include "net/socket_address.hpp"
#include "net/task_scope.hpp"

#include <cerrno>
#include <climits>
#include <stdexcept>
#include <sys/eventfd.h>
#include <unistd.h>

namespace parley::net {
namespace {

constexpr std::uint64_t waker_token = 0;  // places begin with 1

std::uint64_t token_of(std::size_t place, std::uint32_t generation) {
  return static_cast<std::uint64_t>(generation) << 32 | (place + 1);
}

}  // namespace

std::unique_ptr<loop> loop::make() { return std::make_unique<epoll_loop>(); }

epoll_loop& real(loop& on) {
  auto* found = dynamic_cast<epoll_loop*>(&on);
  if (found == nullptr) throw std::logic_error("parley: a virtual loop has no sockets of the system");
  return *found;
}

epoll_loop::epoll_loop() : epoll_(epoll_create1(EPOLL_CLOEXEC)), waker_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!epoll_ || !waker_) throw std::system_error(last_error(), "parley: a loop");
  epoll_event wanted{};
  wanted.events = EPOLLIN | EPOLLET;  // each write to it is an edge, so it need not be read
  wanted.data.u64 = waker_token;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, waker_.get(), &wanted) != 0) throw std::system_error(last_error(), "parley: a loop");
}

epoll_loop::~epoll_loop() {
  remote_.retire();
  stop_asked_ = false;
  wind_up();
}

// --- descriptors -------------------------------------------------------------------------------------------------------------

std::error_code epoll_loop::watch(int descriptor, watcher& who, std::uint32_t events) {
  if (free_places_.empty()) {
    places_.emplace_back();
    free_places_.push_back(static_cast<std::uint32_t>(places_.size() - 1));
  }
  const std::uint32_t at = free_places_.back();
  epoll_event wanted{};
  wanted.events = events;
  wanted.data.u64 = token_of(at, places_[at].generation);
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &wanted) != 0) return last_error();
  free_places_.pop_back();
  places_[at].who = &who;
  who.token_ = wanted.data.u64;
  return {};
}

void epoll_loop::watch_for(int descriptor, const watcher& who, std::uint32_t events) {
  epoll_event wanted{};
  wanted.events = events;
  wanted.data.u64 = who.token_;
  if (who.token_ != 0) epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, descriptor, &wanted);
}

void epoll_loop::unwatch(int descriptor, watcher& who) {
  if (who.token_ == 0) return;
  forget(who);
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, descriptor, nullptr);
}

void epoll_loop::forget(watcher& who) {
  if (who.token_ == 0) return;
  const auto at = static_cast<std::uint32_t>(who.token_) - 1;
  places_[at].who = nullptr;
  ++places_[at].generation;
  free_places_.push_back(at);
  who.token_ = 0;
}

// --- running -----------------------------------------------------------------------------------------------------------------

/// The frame around every callback: a new turn, what the callback does, and then all that this made ready.
template <class F>
void epoll_loop::turn(F&& callback) {
  forget_time();
  std::forward<F>(callback)();
  ready_.drain();
}

void epoll_loop::tell(const news& of) {
  if (!watches(of.token)) return;  // forgotten meanwhile
  watcher* who = places_[static_cast<std::uint32_t>(of.token) - 1].who;
  turn([&] { who->on_events(of.events); });
}

void epoll_loop::run() {
  const entered here(*this);
  const sigpipe_blocked quiet;
  if (stop_asked_.exchange(false)) return;
  turn([] {});
  while (!stop_asked_) go_round();
  stop_asked_ = false;
}

void epoll_loop::run_until_idle() {
  const entered here(*this);
  const sigpipe_blocked quiet;
  turn([] {});
  while (!stop_asked_ && !idle()) go_round();
  stop_asked_ = false;
}

void epoll_loop::wind_up() {
  if (scope().running == 0) return;
  const entered here(*this);
  const sigpipe_blocked quiet;
  turn([this] { scope().state.cancel(); });
  while (scope().running > 0 && !idle()) go_round();
}

bool epoll_loop::idle() {
  return waits_ == 0 && outside_ == 0 && timers_.armed() == 0 && looks_.empty() && next_turn_.empty() && ready_.empty() &&
         posted_now_.empty() && !any_posted_;
}

void epoll_loop::stop() {
  stop_asked_ = true;
  if (current() != this) wake();
}

void epoll_loop::wake() const {
  const std::uint64_t one = 1;
  static_cast<void>(::write(waker_.get(), &one, sizeof one));  // full: it is awake
}

void epoll_loop::post(base::unique_function<void()> work) {
  bool first = false;
  {
    const std::scoped_lock lock(mutex_);
    posted_.push_back(std::move(work));
    first = !any_posted_.exchange(true);
  }
  if (first && current() != this) wake();
}

bool epoll_loop::take_posted() {
  if (!any_posted_) return false;
  const std::scoped_lock lock(mutex_);
  any_posted_ = false;
  for (auto& work : posted_) posted_now_.push(std::move(work));
  posted_.clear();
  return true;
}

// One round: what the system tells, what was to be looked at again, what other threads posted, timers. Each callback is a turn, after
// each of which the loop may have been stopped; what is left is kept for the next round. Nothing that a callback adds is done in the same
// round, so that nobody starves.
void epoll_loop::go_round() {
  if (next_event_ == event_count_) ask_system();
  while (next_event_ < event_count_ && !stop_asked_) {
    const epoll_event& e = events_[next_event_++];
    if (e.data.u64 != waker_token) tell({e.data.u64, e.events});
  }
  for (std::size_t rest = next_turn_.size(); rest > 0 && !stop_asked_; --rest) {
    turn([this] { ready_.resume_soon(next_turn_.pop()); });
  }
  for (std::size_t rest = looks_.size(); rest > 0 && !stop_asked_; --rest) tell(looks_.pop());
  take_posted();
  for (std::size_t rest = posted_now_.size(); rest > 0 && !stop_asked_; --rest) {
    auto work = posted_now_.pop();
    turn(work);
  }
  fire_timers();
}

void epoll_loop::ask_system() {
  const int n = epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), patience());
  next_event_ = 0;
  event_count_ = n > 0 ? static_cast<std::size_t>(n) : 0;
  forget_time();
}

/// How long to wait for news, in milliseconds; -1: until they come.
int epoll_loop::patience() {
  if (!looks_.empty() || !next_turn_.empty() || !posted_now_.empty() || !ready_.empty() || any_posted_ || stop_asked_) return 0;
  if (timers_.armed() == 0) return -1;
  const std::optional<time_point> due = timers_.next_look();
  if (!due) return -1;
  forget_time();
  if (*due <= now()) return 0;
  // Rounded up: a timer that is looked at too early costs a round.
  const auto rest = std::chrono::ceil<std::chrono::milliseconds>(*due - now()).count();
  return static_cast<int>(std::min<long long>(rest, INT_MAX));
}

void epoll_loop::fire_timers() {
  const std::optional<time_point> first = timers_.next_look();
  if (!first) return;
  forget_time();
  const time_point due = now();
  if (*first > due) return;
  // A callback may arm its timer for now: no more of them than stand in the queue at first, so that sockets get their turn.
  for (std::size_t rest = timers_.size(); rest > 0 && !stop_asked_; --rest) {
    timer* next = timers_.take_due(due);
    if (next == nullptr) return;
    turn([&] { timer_queue::fire(*next); });
  }
}

}  // namespace parley::net
