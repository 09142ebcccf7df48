// The background loop, and ways back from other threads to a loop.
#include "net/loop.hpp"
#include "net/remote.hpp"

#include <parley/detail/threads.hpp>

#include <signal.h>

#include <latch>
#include <stdexcept>
#include <thread>

namespace parley::detail {
namespace {

/// Never destroyed: its tasks may still run when `main` has returned.
class background {
 public:
  background() {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);  // signals are for the program's own threads
    std::thread([this] {
      loop_ = net::loop::make();
      ready_.count_down();
      loop_->run();
    }).detach();
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    ready_.wait();
  }
  void post(std::move_only_function<void()> work) { loop_->post(std::move(work)); }

 private:
  std::latch ready_{1};
  std::unique_ptr<net::loop> loop_;
};

}  // namespace

struct way_back::state {
  net::errand errand;
};

way_back::way_back() {
  if (net::loop::current() == nullptr) throw std::logic_error("parley: this thread runs no loop to come back to");
  state_ = std::make_shared<const state>();
}

void way_back::finish(std::move_only_function<void()> work) const { state_->errand.finish(std::move(work)); }

void post_to_background(std::move_only_function<void()> work) {
  static background* const one = new background;
  one->post(std::move(work));
}

}  // namespace parley::detail
