#include "server/ending_watch.hpp"

#include <parley/event_stream.hpp>

#include <utility>

namespace parley {

namespace server_room {

namespace {
thread_local ending_watch* this_loops_ending = nullptr;
}

ending_watch::~ending_watch() {
  if (this_loops_ending == this) this_loops_ending = nullptr;
}

ending_watch* ending_watch::current() { return this_loops_ending; }

void ending_watch::make_current() { this_loops_ending = this; }

void ending_watch::end() {
  ended_ = true;
  for (ending_wait* const each : std::exchange(waiting_, {})) {
    each->watch_ = nullptr;
    each->tell();
  }
}

void ending_wait::start() {
  ending_watch* const here = ending_watch::current();
  if (here == nullptr) return;
  if (here->ended_) return tell();
  watch_ = here;
  place_ = here->waiting_.size();
  here->waiting_.push_back(this);
}

void ending_wait::cancel() noexcept {
  if (watch_ == nullptr) return;
  auto& all = watch_->waiting_;
  all[place_] = all.back();
  all[place_]->place_ = place_;
  all.pop_back();
  watch_ = nullptr;
}

}  // namespace server_room

task<> server_ending() {
  server_room::ending_wait waiting;
  co_await waiting;
}

}  // namespace parley
