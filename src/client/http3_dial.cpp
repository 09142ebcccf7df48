#include "client/http3_dial.hpp"

#include "client/pool.hpp"

#include <algorithm>
#include <utility>

namespace parley::fetching {

http3_dial::http3_dial(pool& in, const origin& to, where there, const connect_report& report, done tell)
    : pool_(in), to_(to), there_(std::move(there)), report_(report), tell_(std::move(tell)),
      next_(in.loop(), [this] { try_next(); }), alive_(std::make_shared<http3_dial*>(this)) {
  attempts_.reserve(there_.addresses.size());
}

void http3_dial::start() {
  if (!there_.addresses.empty()) {
    ticket_first();
    return try_next();
  }
  asked_ = net::resolve(pool_.loop(), there_.host, there_.port, [this](resolve_operation::answer found) {
    const auto over = std::move(asked_);  // until the end of this call, which is its callback
    if (!found) {
      failed_dial why;
      why.address = there_.host;
      why.reason = "the host " + there_.host + " cannot be found";
      failures_.push_back(std::move(why));
      return tell({});
    }
    there_.addresses = allowed_of(std::move(*found), pool_.settings());
    if (there_.addresses.empty()) {
      failed_dial why;
      why.address = there_.host;
      why.reason = "none of the addresses of " + there_.host + " is allowed";
      failures_.push_back(std::move(why));
      return tell({});
    }
    attempts_.reserve(there_.addresses.size());
    ticket_first();
    try_next();
  });
}

// Early data goes to where the server was, since a ticket is used once (RFC 8446 §C.4): what it is spent on at an address where nobody is
// cannot go anywhere else.
void http3_dial::ticket_first() {
  if (!there_.early) return;
  const std::string known = pool_.ticket_address(to_);
  const auto at = std::ranges::find(there_.addresses, known, &net::endpoint::host);
  if (!known.empty() && at != there_.addresses.end()) std::rotate(there_.addresses.begin(), at, at + 1);
}

void http3_dial::try_next() {
  const std::size_t index = attempts_.size();
  if (index == there_.addresses.size()) return;
  const net::endpoint& address = there_.addresses[index];
  report_.connecting(address, true);
  attempts_.emplace_back();
  const auto ready = [alive = alive_, index](const connection::http3_outcome& how) {
    if (*alive != nullptr) (*alive)->ended(index, how);
  };
  auto made = pool_.dial(to_, address, report_.connection, there_.early, ready);
  if (made) {
    attempts_[index] = std::move(*made);
    if (there_.early && attempts_[index].on().connection->can_send_request()) {
      // The ticket of an earlier connection says how to speak with it, before it has said anything.
      return pool_.loop().defer([alive = alive_, index] {
        if (*alive != nullptr && (*alive)->attempts_[index]) (*alive)->use(index, std::move((*alive)->attempts_[index]));
      });
    }
    if (index + 1 < there_.addresses.size()) next_.arm(pool_.loop().now() + head_start);
    return;
  }
  pool_.loop().defer([alive = alive_, index, why = made.error()] {
    if (*alive != nullptr) (*alive)->failed(index, {(*alive)->there_.addresses[index].host, why, {}, {}});
  });
}

void http3_dial::ended(std::size_t index, const connection::http3_outcome& how) {
  dialed one = std::move(attempts_[index]);
  if (!how.done || one.on().closed || one.on().draining) {
    failed_dial why{there_.addresses[index].host, how.error, how.tls, how.reason};
    if (how.done) why.reason = "the connection was closed as soon as it was there";
    return failed(index, std::move(why));
  }
  use(index, std::move(one));
}

void http3_dial::use(std::size_t index, dialed made) {
  report_.connected(there_.addresses[index], true);
  give_up_rest();
  tell(std::move(made));
}

void http3_dial::failed(std::size_t index, failed_dial why) {
  report_.failed(there_.addresses[index], in_words(why), true);
  failures_.push_back(std::move(why));
  if (failures_.size() == there_.addresses.size()) return tell({});
  next_.cancel();
  try_next();
}

void http3_dial::tell(dialed made) {
  *alive_ = nullptr;
  if (auto told = std::exchange(tell_, nullptr)) told(std::move(made));
}

void http3_dial::give_up_rest() {
  next_.cancel();
  for (std::size_t i = 0; i < attempts_.size(); ++i) {
    if (!attempts_[i]) continue;
    attempts_[i].give_up();
    report_.failed(there_.addresses[i], "given up", true);
  }
}

void http3_dial::time_out() {
  if (asked_) {
    failed_dial unknown;  // by name: g++ 12 at -O3 takes a temporary's members for uninitialised
    unknown.address = there_.host;
    unknown.reason = "the host " + there_.host + " was not found in time";
    failures_.push_back(std::move(unknown));
  }
  for (std::size_t i = 0; i < attempts_.size(); ++i) {
    if (attempts_[i]) failures_.push_back({there_.addresses[i].host, std::make_error_code(std::errc::timed_out), {}, {}});
  }
  give_up();
}

void http3_dial::give_up() {
  *alive_ = nullptr;
  tell_ = nullptr;
  asked_.reset();
  give_up_rest();
}

}  // namespace parley::fetching
