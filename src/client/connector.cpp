#include "client/connector.hpp"

#include <algorithm>
#include <utility>

namespace parley::fetching {

namespace {

bool observed(const connect_report& report) { return report.sink != nullptr && *report.sink != nullptr; }

void show(const connect_report& report, auto what) {
  if (observed(report)) (*report.sink)->observe({report.clock->now(), report.connection, 0, what});
}

}  // namespace

void connect_report::resolving(std::string_view host) const { show(*this, engine::observed_resolve{host, {}, false}); }

void connect_report::resolved(std::string_view host, const std::vector<net::endpoint>& addresses) const {
  if (!observed(*this)) return;
  std::string list;
  for (const net::endpoint& one : addresses) list += (list.empty() ? "" : ", ") + one.host;
  show(*this, engine::observed_resolve{host, list, true});
}

void connect_report::connecting(const net::endpoint& to, bool quic) const {
  if (observed(*this)) show(*this, engine::observed_connect{to.to_string(), false, {}, quic});
}

void connect_report::connected(const net::endpoint& to, bool quic) const {
  if (observed(*this)) show(*this, engine::observed_connect{to.to_string(), true, {}, quic});
}

void connect_report::tunnelled(const net::endpoint& to, std::uint64_t through, engine::stream_id stream) const {
  if (observed(*this)) show(*this, engine::observed_connect{to.to_string(), true, {}, false, through, stream});
}

void connect_report::failed(const net::endpoint& to, std::string_view reason, bool quic) const {
  if (observed(*this)) show(*this, engine::observed_connect{to.to_string(), true, reason, quic});
}

void connect_report::shared(std::uint64_t with) const {
  if (observed(*this)) show(*this, engine::observed_close{"connection " + std::to_string(with) + " serves it too"});
}

void connect_report::securing() const { show(*this, engine::observed_handshake{}); }

void connect_report::secured(const tls::session& settled, const tls::error& wrong) const {
  if (!observed(*this)) return;
  const std::string server = settled.server_name();
  engine::observed_handshake seen;
  seen.done = true;
  seen.error = wrong.message;
  seen.version = settled.version();
  seen.cipher = settled.cipher();
  seen.group = settled.group();
  seen.protocol = settled.protocol();
  seen.server_name = server;
  seen.resumed = !wrong && settled.resumed();
  show(*this, seen);
}

// --- looking up --------------------------------------------------------------------------------------------------------------

void resolve_operation::start() {
  asked_ = net::resolve(loop_, to_.host, to_.port, [this](answer found) {
    answer_ = std::move(found);
    complete();
  });
}

resolve_operation::answer resolve_operation::await_resume() {
  finish();
  return std::move(answer_);
}

// --- connecting --------------------------------------------------------------------------------------------------------------

connect_operation::connect_operation(net::loop& on, std::vector<net::endpoint> addresses, const connect_report& report)
    : loop_(on), addresses_(std::move(addresses)), report_(report), next_(on, [this] { try_next(); }) {
  attempts_.reserve(addresses_.size());
}

void connect_operation::try_next() {
  const std::size_t index = attempts_.size();
  if (index == addresses_.size()) return;
  report_.connecting(addresses_[index]);
  attempts_.emplace_back();
  attempts_[index] = net::connect(
      loop_, addresses_[index],
      [this, index](std::expected<std::unique_ptr<net::byte_stream>, std::error_code> result) { ended(index, std::move(result)); });
  if (index + 1 < addresses_.size()) next_.arm(loop_.now() + head_start);
}

void connect_operation::ended(std::size_t index, std::expected<std::unique_ptr<net::byte_stream>, std::error_code> result) {
  const auto over = std::move(attempts_[index]);  // until the end of this call, which is its callback
  const net::endpoint& address = addresses_[index];
  if (result) {
    report_.connected(address);
    stream_ = std::move(*result);
    give_up_rest();
    return complete();
  }
  report_.failed(address, in_words(result.error()));
  failures_.push_back({address.host, result.error()});
  if (failures_.size() == addresses_.size()) return complete();
  next_.cancel();
  try_next();
}

void connect_operation::give_up_rest() {
  next_.cancel();
  for (std::size_t i = 0; i < attempts_.size(); ++i) {
    if (std::exchange(attempts_[i], nullptr)) report_.failed(addresses_[i], "given up");
  }
}

std::unique_ptr<net::byte_stream> connect_operation::await_resume() {
  finish();
  return std::move(stream_);
}

// --- both --------------------------------------------------------------------------------------------------------------------

task<std::vector<net::endpoint>> addresses_of(net::loop& on, const origin& to, const connect_report& report) {
  if (!to.unix_socket.empty()) co_return std::vector<net::endpoint>(1, {to.unix_socket, 0, true});
  report.resolving(to.host);
  resolve_operation asking(on, to);
  resolve_operation::answer addresses = co_await asking;
  if (!addresses) throw resolve_failed(to, addresses.error());
  report.resolved(to.host, *addresses);
  co_return std::move(*addresses);
}

task<std::unique_ptr<net::byte_stream>> connect_to_one(net::loop& on, const origin& to, std::vector<net::endpoint> addresses,
                                                       const connect_report& report, progress& at) {
  at.at = step::connecting;
  connect_operation trying(on, std::move(addresses), report);
  std::unique_ptr<net::byte_stream> stream = co_await trying;
  if (!stream) throw connect_failed(to, trying.failures());
  co_return stream;
}

}  // namespace parley::fetching
