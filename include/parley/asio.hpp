// Parley's tasks and Asio's coroutines, each awaited in the other. Opt-in: the only public header that names Asio, and it uses
// the one that you include and link; the library's own copy is hidden and does not meet it.
//
// Asio up to 1.24 (Debian 12 has 1.22) does not see that clang has coroutines. This header tells it when it comes first; in a
// file that includes Asio before it, compile with -DASIO_HAS_CO_AWAIT.
#pragma once

#include <parley/detail/threads.hpp>
#include <parley/task.hpp>

#if defined(__clang__) && !defined(ASIO_HAS_CO_AWAIT) && !defined(ASIO_DETAIL_CONFIG_HPP)
#define ASIO_HAS_CO_AWAIT 1
#endif

#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/awaitable.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/error.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>

#if !defined(ASIO_HAS_CO_AWAIT)
#error "parley/asio.hpp needs Asio's coroutines: with clang and Asio up to 1.24 compile with -DASIO_HAS_CO_AWAIT."
#endif

#include <memory>
#include <system_error>

namespace parley {
namespace detail {

// --- a parley task in an Asio coroutine ------------------------------------------------------------------------------------

template <class T>
struct asio_ride {
  explicit asio_ride(task<T> of) : work(std::move(of)) {}
  task<T> work;
  std::weak_ptr<cancel_state> chain;  // the background loop's thread only, as is the state
  std::optional<outcome<T>> end;      // set there, read when Asio's coroutine goes on
};

/// Asio's initiating function: begins the ride and calls the handler, on its own executor, when it has ended.
template <class T>
struct begin_ride {
  template <class Handler>
  void operator()(Handler handler, std::shared_ptr<asio_ride<T>> ride) const {
    auto slot = asio::get_associated_cancellation_slot(handler);
    if (slot.is_connected()) {
      slot.assign([ride](asio::cancellation_type) {
        post_to_background([ride] {
          if (const auto chain = ride->chain.lock()) chain->cancel();
        });
      });
    }
    auto guard = asio::make_work_guard(asio::get_associated_executor(handler));
    post_to_background([ride, guard = std::move(guard), handler = std::move(handler)]() mutable {
      auto chain = std::make_shared<cancel_state>();
      ride->chain = chain;
      task<T> work = std::move(ride->work);
      start(std::move(work), chain.get(),
            [ride, chain, guard = std::move(guard), handler = std::move(handler)](outcome<T> end) mutable {
              ride->end.emplace(std::move(end));
              auto executor = guard.get_executor();
              asio::post(executor, std::move(handler));
            });
    });
  }
};

// --- an Asio coroutine in a parley task ------------------------------------------------------------------------------------

/// Awaited until Asio's coroutine has ended. Not cut short: cancelling asks Asio to end it.
template <class T>
class asio_call {
 public:
  [[nodiscard]] bool await_ready() const noexcept { return end_.has_value(); }
  void await_suspend(std::coroutine_handle<> waiter) noexcept { waiter_ = waiter; }
  outcome<T> await_resume() { return std::move(*end_); }

  /// Any thread, once.
  static void finish(std::shared_ptr<asio_call> call, outcome<T> end) {
    const way_back back = call->back_;
    back.finish([call = std::move(call), end = std::move(end)]() mutable {
      call->end_.emplace(std::move(end));
      if (call->waiter_) resume_soon(call->waiter_);
    });
  }

  asio::cancellation_signal signal;  // Asio's side only, once begun

 private:
  way_back back_;
  std::optional<outcome<T>> end_;
  std::coroutine_handle<> waiter_;
};

template <class T, class Executor, class AwaitableExecutor>
void begin_asio(const Executor& executor, asio::awaitable<T, AwaitableExecutor> work, std::shared_ptr<asio_call<T>> call) {
  auto slot = call->signal.slot();
  if constexpr (std::is_void_v<T>) {
    asio::co_spawn(executor, std::move(work), asio::bind_cancellation_slot(slot, [call](std::exception_ptr error) {
                     asio_call<T>::finish(call, error ? outcome<T>(std::unexpected(std::move(error))) : outcome<T>());
                   }));
  } else {
    asio::co_spawn(executor, std::move(work), asio::bind_cancellation_slot(slot, [call](std::exception_ptr error, T value) {
                     asio_call<T>::finish(call,
                                          error ? outcome<T>(std::unexpected(std::move(error))) : outcome<T>(std::move(value)));
                   }));
  }
}

template <class T, class Executor, class AwaitableExecutor>
task<T> run_asio(Executor executor, asio::awaitable<T, AwaitableExecutor> work) {
  current_token here;
  const cancel_token token = co_await here;
  if (token.cancelled()) throw cancelled();
  auto call = std::make_shared<asio_call<T>>();
  begin_asio(executor, std::move(work), call);
  const cancel_registration stop(
      token, [executor, call] { asio::post(executor, [call] { call->signal.emit(asio::cancellation_type::all); }); });
  asio_call<T>& wait = *call;
  outcome<T> end = co_await wait;
  if (!end && token.cancelled()) throw cancelled();
  if (!end) std::rethrow_exception(std::move(end.error()));
  if constexpr (!std::is_void_v<T>) co_return std::move(*end);
}

}  // namespace detail

/// A parley task as an Asio coroutine: `auto getting = parley::to_asio(http.get("https://…")); auto res = co_await std::move(getting);`
/// The task runs on the library's background loop, on a thread of its own; the coroutine goes on on its own executor. So what
/// the task uses is used on another thread. Cancelling the coroutine cancels the task, and then this throws
/// `std::system_error` with `asio::error::operation_aborted` where the task throws `cancelled`.
template <class T>
asio::awaitable<T> to_asio(task<T> work) {
  auto ride = std::make_shared<detail::asio_ride<T>>(std::move(work));
  const asio::use_awaitable_t<> token;
  auto ended = asio::async_initiate<const asio::use_awaitable_t<>, void()>(detail::begin_ride<T>(), token, ride);
  co_await std::move(ended);
  detail::outcome<T>& end = *ride->end;
  if (!end) {
    try {
      std::rethrow_exception(end.error());
    } catch (const cancelled&) {
      throw std::system_error(asio::error::operation_aborted);
    }
  }
  if constexpr (!std::is_void_v<T>) co_return std::move(*end);
}

/// An Asio coroutine as a parley task: `auto work = parley::from_asio(io.get_executor(), talk(std::move(socket)));`
/// The coroutine runs on `executor`, whose context must be run by some thread, one at a time (a strand, when there are several);
/// the task goes on on its own loop. Cancelling the task emits `cancellation_type::all` and waits for the coroutine's end, so
/// that it may use what the task owns; then this throws `cancelled`, unless the coroutine gave a value nonetheless.
/// T must be default-constructible, as Asio wants it.
template <class T, class Executor, class AwaitableExecutor>
[[nodiscard]] task<T> from_asio(Executor executor, asio::awaitable<T, AwaitableExecutor> work) {
  return detail::run_asio(std::move(executor), std::move(work));
}

}  // namespace parley
