#include "client/http3_dial.hpp"

#include "client/pool.hpp"

#include <utility>

namespace parley::fetching {

http3_dial::http3_dial(pool& in, const origin& to, std::vector<net::endpoint> addresses, const connect_report& report, done tell)
    : pool_(in), to_(to), addresses_(std::move(addresses)), report_(report), tell_(std::move(tell)),
      next_(in.loop(), [this] { try_next(); }), alive_(std::make_shared<http3_dial*>(this)) {
  attempts_.reserve(addresses_.size());
}

void http3_dial::try_next() {
  const std::size_t index = attempts_.size();
  if (index == addresses_.size()) return;
  const net::endpoint& address = addresses_[index];
  report_.connecting(address, true);
  attempts_.emplace_back();
  const auto ready = [alive = alive_, index](const connection::http3_outcome& how) {
    if (*alive != nullptr) (*alive)->ended(index, how);
  };
  auto made = pool_.dial(to_, address, report_.connection, ready);
  if (made) {
    attempts_[index] = std::move(*made);
    if (index + 1 < addresses_.size()) next_.arm(pool_.loop().now() + head_start);
    return;
  }
  pool_.loop().defer([alive = alive_, index, why = made.error()] {
    if (*alive != nullptr) (*alive)->failed(index, {(*alive)->addresses_[index].host, why, {}, {}});
  });
}

void http3_dial::ended(std::size_t index, const connection::http3_outcome& how) {
  dialed one = std::move(attempts_[index]);
  if (!how.done || one.on().closed || one.on().draining) {
    failed_dial why{addresses_[index].host, how.error, how.tls, how.reason};
    if (how.done) why.reason = "the connection was closed as soon as it was there";
    return failed(index, std::move(why));
  }
  report_.connected(addresses_[index], true);
  give_up_rest();
  tell(std::move(one));
}

void http3_dial::failed(std::size_t index, failed_dial why) {
  report_.failed(addresses_[index], in_words(why), true);
  failures_.push_back(std::move(why));
  if (failures_.size() == addresses_.size()) return tell({});
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
    report_.failed(addresses_[i], "given up", true);
  }
}

void http3_dial::give_up() {
  *alive_ = nullptr;
  tell_ = nullptr;
  give_up_rest();
}

}  // namespace parley::fetching
