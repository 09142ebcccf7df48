#include "client/attempt.hpp"

#include "client/call.hpp"
#include "semantics/connection_options.hpp"

#include <exception>
#include <utility>

namespace parley::fetching {

namespace {

using call_ptr = std::shared_ptr<call>;

// The attempt does not count: it is to be made again, on a new connection.
struct stale_connection {};

// RFC 9110 §10.1.1: content is held back until the server asks for it or refuses it, but not for ever.
task<> wait_for_go(call_ptr c) {
  call::wait go(*c, call::condition::may_go_on);
  co_await go;
}

task<> hold_back(call_ptr c, std::chrono::milliseconds limit) {
  try {
    auto limited = parley::timeout(limit, wait_for_go(c));
    co_await limited;
  } catch (const timed_out&) {
    // Then the content is sent without having been asked for.
  }
}

// RFC 9112 §9.5: who answers with an error before all content has come does not want the rest.
task<> settle_producer(call_ptr c) {
  if (c->status() >= 400) {
    c->stop_producer();
    co_return;
  }
  call::wait sent(*c, call::condition::produced);
  co_await sent;
}

task<response> talk(call_ptr c, plan& what, const options& how, progress& at) {
  c->begin(what);
  if (what.expect_continue) {
    at.at = step::holding;
    auto holding = hold_back(c, *what.expect_continue);
    co_await holding;
  }
  // An answer that came instead of a 100 says that the content is not wanted; one right behind a 100 may well be waiting for it.
  if (!c->is(call::condition::answered) || c->asked_to_go_on()) c->send_content(what);

  at.at = step::waiting;
  call::wait head(*c, call::condition::answered);
  co_await head;
  c->check();
  if (c->status() == 101) throw protocol_switched(what.to, c->head());
  if (how.streamed()) co_return c->take_streamed();

  at.at = step::receiving;
  call::wait end(*c, call::condition::received);
  co_await end;
  c->check();
  auto settling = settle_producer(c);
  co_await settling;
  c->check();
  co_return c->take_collected();
}

// RFC 9110 §9.2.2: whether the request may go out once more although it may have been processed.
bool repeatable(const call& c, const plan& what) {
  return what.content_at_hand() && (c.untouched() || what.head.method.idempotent());
}

// RFC 9110 §15.5.9: a server may say 408 before it closes an idle connection, and our request crossed that on its way.
bool answers_nobody(const call& c, const response& answer) {
  return answer.status() == 408 && c.reused() && semantics::parse_connection_options(answer.fields()).close;
}

task<response> attempt(std::shared_ptr<pool> through, plan& what, const options& how, progress& at, bool fresh) {
  auto acquiring = through->acquire(what.to, fresh, how.connect_timeout(), at);
  lease on = co_await acquiring;
  const auto c = std::make_shared<call>(through, std::move(on), what, how);

  auto talking = talk(c, what, how, at);
  parley::detail::end_awaiter<response> end(talking);
  co_await end;
  parley::detail::outcome<response> result = parley::detail::take_outcome(talking);
  const bool stale = result ? answers_nobody(*c, *result) : c->stale();
  const bool again = stale && !fresh && repeatable(*c, what);
  if (result && !again && how.streamed()) co_return std::move(*result);

  // A producer may use what lives in the frames above, so nothing returns before it has ended.
  if (!result) c->give_up();
  call::until_produced produced(*c);
  co_await produced;
  c->close();
  if (again) throw stale_connection();
  if (!result) std::rethrow_exception(result.error());
  co_return std::move(*result);
}

}  // namespace

task<response> fetch_planned(std::shared_ptr<pool> through, plan& what, const options& how, progress& at) {
  bool fresh = false;
  for (;;) {
    try {
      auto trying = attempt(through, what, how, at, fresh);
      response got = co_await trying;
      // RFC 9110 §10.1.1: the expectation was refused, not the request.
      if (got.status() != 417 || !what.expect_continue || !what.content_at_hand()) co_return got;
      drop_expectation(what);
    } catch (const stale_connection&) {
      fresh = true;
    }
  }
}

}  // namespace parley::fetching
