#include "client/core.hpp"

#include "client/attempt.hpp"
#include "client/errors.hpp"
#include "client/journey.hpp"

#include <stdexcept>
#include <utility>

namespace parley {

namespace {

// A URL that came as a text is the peer's or the user's fault, not the program's.
request request_for(const method& m, const std::string& url) {
  try {
    return request(m, url);
  } catch (const std::invalid_argument& e) {
    throw fetch_error(fetch_error::kind::bad_url, e.what());
  }
}

}  // namespace

std::shared_ptr<fetching::pool> client::core::pool_here() {
  net::loop* const here = net::loop::current();
  if (here == nullptr) throw std::logic_error("parley::client works on a loop; use parley::fetch, parley::run, or a handler");
  if (pool_ && !pool_->retired()) {
    if (&pool_->loop() == here) return pool_;
    throw std::logic_error("parley::client: it is in use on another loop; make one for each loop");
  }
  pool_ = std::make_shared<fetching::pool>(*here, settings_);
  pool_->begin();
  return pool_;
}

client::core::~core() {
  if (tickets_) tickets_->put(settings_.tls->tickets());
}

void client::core::keep_tickets(const std::string& folder) {
  change_settings().tls = settings_.tls->fresh_copy();
  tickets_.emplace(folder);
  settings_.tls->resume_with(tickets_->take());
}

fetching::pool_settings& client::core::change_settings() {
  retire();
  return settings_;
}

void client::core::retire() {
  const auto old = std::exchange(pool_, nullptr);
  if (!old) return;
  std::erase_if(retired_, [](const auto& gone) { return gone.expired(); });
  retired_.push_back(old);
  old->retire();
}

void client::core::unobserve() {
  settings_.observer = nullptr;
  for (const auto& each : retired_) {
    if (const auto pool = each.lock()) pool->unobserve();
  }
}

task<response> client::core::fetch(std::shared_ptr<core> self, request req, options how) {
  fetching::plan what;
  fetching::progress at;
  task<response> work;
  if (how.agent() == nullptr && !self->jar_) {
    what = fetching::make_plan(std::move(req), how);
    work = fetching::fetch_planned(self->pool_here(), what, how, at);
  } else {
    work = fetching::travel(self->pool_here(), std::move(req), how, self->jar_, what, at);
  }
  if (!how.timeout()) {
    response got = co_await work;
    co_return got;
  }
  try {
    auto limited = parley::timeout(*how.timeout(), std::move(work));
    response got = co_await limited;
    co_return got;
  } catch (const timed_out&) {
    throw fetching::out_of_time(what.to, at, *how.timeout(), false);
  }
}

namespace {

task<> wait_for_pushes(std::shared_ptr<fetching::pool> of) {
  fetching::push_store::until_quiet quiet(of->pushes());
  co_await quiet;
}

}  // namespace

task<std::vector<std::string>> client::core::pushed(std::shared_ptr<core> self) {
  const auto pool = self->pool_here();
  try {
    auto limited = parley::timeout(fetching::push_store::claim_time, wait_for_pushes(pool));
    co_await limited;
  } catch (const timed_out&) {
    pool->pushes().give_up_promises();
  }
  auto rest = wait_for_pushes(pool);
  co_await rest;
  co_return pool->pushes().urls();
}

namespace {

// Takes the pool along, since who waits may be the last one to know it.
task<> wait_for_tickets(std::shared_ptr<fetching::pool> of) {
  fetching::pool::until_resumable waiting(*of);
  co_await waiting;
}

}  // namespace

task<bool> client::core::resumable(std::shared_ptr<core> self, std::chrono::milliseconds at_most) {
  if (!self->pool_ || self->pool_->retired()) co_return true;
  auto limited = parley::timeout(at_most, wait_for_tickets(self->pool_here()));
  try {
    co_await limited;
  } catch (const timed_out&) {
    co_return false;
  }
  co_return true;
}

task<response> client::core::fetch_url(std::shared_ptr<core> self, method m, std::string url, options how) {
  auto sending = fetch(std::move(self), request_for(m, url), std::move(how));
  response got = co_await sending;
  co_return got;
}

task<response> client::core::fetch_with(std::shared_ptr<core> self, method m, std::string url, std::string content,
                                        std::string type, options how) {
  request req = request_for(m, url);
  req.content(std::move(content), type);
  auto sending = fetch(std::move(self), std::move(req), std::move(how));
  response got = co_await sending;
  co_return got;
}

}  // namespace parley
