#include "client/attempt.hpp"

#include "client/call.hpp"
#include "client/errors.hpp"
#include "semantics/connection_options.hpp"

#include <exception>
#include <utility>

namespace parley::fetching {

namespace {

using call_ptr = std::shared_ptr<call>;

// How often a request is sent once more that its server certainly did nothing with.
constexpr int most_refusals = 3;
// Also where each of these connections did answer others: a server that ends each connection after a few requests is a slow one.
constexpr int most_attempts = 100;

// The attempt does not count: it is to be made again, on another connection.
struct try_again {};

// What was tried so far, and what the next attempt needs.
struct attempts {
  wish next;
  int made = 0;
  int refusals = 0;
};

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

// What the end of an attempt means for the next one; false: there is none.
bool learn(attempts& so_far, const call& c, const response* answer, pool& through, plan& what) {
  const link& on = c.on().on();
  if (++so_far.made >= most_attempts || !what.content_at_hand()) return false;
  if (answer != nullptr && answer->status() == 421) {  // RFC 9110 §15.5.20
    // Not every proxy takes `:scheme` http over TLS: in absolute-form it may.
    if (what.to.relays == relaying::requests && what.to.open_to_any() && answer->version() >= http2) {
      what.to.choice = speaks::exactly;
      return true;
    }
    if (through.alternative_misdirected(c.on(), what.to)) {
      what.to.choice = speaks::over_tcp;
      return true;
    }
    if (so_far.next.own || !through.misdirected(c.on(), what.to)) return false;
    so_far.next.own = true;
    return true;
  }
  // RFC 8470 §5.2: once, and not before the handshake is done.
  const bool too_early = answer != nullptr && answer->status() == 425 && c.early();
  if (too_early || (answer == nullptr && c.early_lost())) {
    // Where nobody listens at one of the host's addresses, nobody has read it either: it goes to another, with the same ticket.
    const bool nobody = !too_early && on.connection->transport_error() == std::errc::connection_refused;
    if (nobody) so_far.next.without.push_back(on.connection->peer());
    so_far.next.early = nobody;
    if (!too_early) so_far.next.after = on.id();
    return true;
  }
  if (answer == nullptr && c.refused()) {
    const bool of_use = on.draining && on.answers > 0;
    if (!of_use && ++so_far.refusals >= most_refusals) return false;
    // Its settings say by now how many requests it takes at once; what it refuses in spite of them needs another connection.
    if (so_far.refusals > 1) so_far.next.after = on.id();
    return true;
  }
  if (answer == nullptr && c.http1_wanted() && what.to.open_to_any()) {
    what.to.choice = speaks::exactly;
    return true;
  }
  if (answer == nullptr && c.tcp_wanted() && what.to.open_to_any()) {
    what.to.choice = speaks::over_tcp;
    return true;
  }
  const bool stale = answer != nullptr ? answers_nobody(c, *answer) : c.stale();
  if (!stale || so_far.next.fresh || !repeatable(c, what)) return false;
  so_far.next.fresh = true;
  so_far.next.after = on.id();
  return true;
}

task<response> attempt(std::shared_ptr<pool> through, plan& what, const options& how, progress& at, attempts& so_far) {
  auto acquiring = through->acquire(what.to, so_far.next, how.connect_timeout(), at);
  lease on = co_await acquiring;
  const auto c = std::make_shared<call>(through, std::move(on), what, how);

  auto talking = talk(c, what, how, at);
  parley::detail::end_awaiter<response> end(talking);
  co_await end;
  parley::detail::outcome<response> result = parley::detail::take_outcome(talking);
  const bool again = learn(so_far, *c, result ? &*result : nullptr, *through, what);
  if (result && !again && how.streamed()) co_return std::move(*result);

  // A producer may use what lives in the frames above, so nothing returns before it has ended.
  if (!result) c->give_up();
  call::until_produced produced(*c);
  co_await produced;
  c->close();
  if (again) throw try_again();
  if (!result) std::rethrow_exception(result.error());
  co_return std::move(*result);
}

task<> wait_for_push(std::shared_ptr<pushed_response> pushed) {
  pushed_response::until_settled settled(*pushed);
  co_await settled;
}

// What is promised may never come: then it is given up, and the request goes as if nobody had promised anything.
task<> receive_push(std::shared_ptr<pushed_response> pushed) {
  try {
    auto limited = parley::timeout(push_store::claim_time, wait_for_push(pushed));
    co_await limited;
    co_return;
  } catch (const timed_out&) {
    if (!pushed->begun()) pushed->give_up();
  }
  auto rest = wait_for_push(pushed);
  co_await rest;
}

}  // namespace

task<response> fetch_planned(std::shared_ptr<pool> through, plan& what, const options& how, progress& at) {
  // RFC 9113 §8.4: what the server has pushed need not be asked for.
  if (const auto pushed = through->pushes().claim(what)) {
    at.at = step::receiving;
    auto receiving = receive_push(pushed);
    co_await receiving;
    if (!pushed->failed() && pushed->answers(what)) {
      response got = pushed->take();
      if (!how.streamed() && got.content().size() > how.content_limit()) throw more_than_collected(what.to, how.content_limit());
      co_return got;
    }
  }
  attempts so_far;
  so_far.next.early = what.early;
  for (;;) {
    try {
      auto trying = attempt(through, what, how, at, so_far);
      response got = co_await trying;
      // RFC 9110 §10.1.1: the expectation was refused, not the request.
      const bool ours = what.expect_continue && !what.expectation_given;
      if (got.status() != 417 || !ours || !what.content_at_hand()) co_return got;
      drop_expectation(what);
    } catch (const try_again&) {
    }
  }
}

}  // namespace parley::fetching
