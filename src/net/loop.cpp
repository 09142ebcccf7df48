#include "net/loop.hpp"

#include "net/task_scope.hpp"

#include <mutex>

namespace parley::net {
namespace {

thread_local loop* current_loop = nullptr;

}  // namespace

loop::loop() : remote_(*this), scope_(std::make_unique<task_scope>()) {}
loop::~loop() = default;
loop* loop::current() { return current_loop; }

loop::entered::entered(loop& now) : before_(current_loop) { current_loop = &now; }
loop::entered::~entered() { current_loop = before_; }

struct remote::state {
  std::mutex mutex;
  loop* to = nullptr;  // null once it is gone
};

remote::remote(loop& to) : state_(std::make_shared<state>()) { state_->to = &to; }

bool remote::post(base::unique_function<void()> work) const {
  // The lock is held while posting, so that the loop cannot be destroyed in between.
  const std::scoped_lock lock(state_->mutex);
  if (state_->to == nullptr) return false;
  state_->to->post(std::move(work));
  return true;
}

void remote::retire() const {
  const std::scoped_lock lock(state_->mutex);
  state_->to = nullptr;
}

errand::errand() : errand(*loop::current()) {}
errand::errand(loop& on) : on_(&on), back_(on.remote()) { on.outside_begins(); }

void errand::finish(base::unique_function<void()> work) const {
  // Two posts rather than one that holds `work`: it would not fit into a function without an allocation. The second comes right
  // behind the first.
  if (back_.post(std::move(work))) back_.post([] { loop::current()->outside_ends(); });
}

void errand::drop() const { on_->outside_ends(); }

timer::timer(loop& on, function callback) : loop_(on), callback_(std::move(callback)) {}
timer::~timer() { loop_.forget(*this); }
void timer::cancel() { loop_.cancel(*this); }

}  // namespace parley::net
