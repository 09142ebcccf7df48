#include "client/race.hpp"

#include "client/errors.hpp"
#include "client/links.hpp"

#include <string>
#include <utility>

namespace parley::fetching {

namespace {

std::string in_words(const std::exception_ptr& why) {
  try {
    std::rethrow_exception(why);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return {};
  }
}

}  // namespace

race::race(pool& in, const origin& to, ways by, const connect_report& report, progress& at)
    : pool_(in), to_(to), by_(std::move(by)), report_(report), at_(at),
      dial_(in, to, {by_.quic, by_.quic_host, by_.quic_port, by_.early}, report, [this](dialed made) { on_quic(std::move(made)); }),
      tcp_turn_(in.loop(), [this] { begin_tcp(); }), quic_end_(in.loop(), [this] { stop_quic(); }) {}

bool race::decided() const {
  if (made_ || shared_ != nullptr || (tcp_ && *tcp_)) return true;
  return quic_ended_ && (by_.tcp.empty() || tcp_);
}

void race::begin(until_decided& waiting) {
  waiting_ = &waiting;
  at_.at = step::connecting_quic;
  begun_ = pool_.loop().now();
  if (!by_.tcp.empty()) tcp_turn_.arm(pool_.loop().now() + head_start);
  dial_.start();
}

void race::begin_tcp() {
  if (std::exchange(tcp_begun_, true)) return;
  tcp_turn_.cancel();
  shared_ = pool_.shared_now(to_);
  if (shared_ != nullptr) return look();
  auto opening = open_stream(pool_.loop(), to_, by_.tcp, *pool_.settings().tls, report_, at_);
  parley::detail::start(std::move(opening), &tcp_chain_,
                        [this](parley::detail::outcome<opened_stream> how) { on_tcp(std::move(how)); });
}

void race::on_quic(dialed made) {
  quic_ended_ = true;
  made_ = std::move(made);
  if (!made_ && !by_.tcp.empty()) begin_tcp();
  look();
}

void race::on_tcp(parley::detail::outcome<opened_stream> how) {
  tcp_.emplace(std::move(how));
  if (!*tcp_ && !quic_ended_) {
    // Whoever answers over UDP alone is mostly there by now; and who turns TCP away at once is no silent firewall.
    at_.at = step::connecting_quic;
    at_.failed = in_words(tcp_->error());
    quic_end_.arm(begun_ + quic_alone);
  }
  look();
  if (when_settled_) pool_.loop().resume_soon(std::exchange(when_settled_, nullptr));
}

void race::stop_quic() {
  if (std::exchange(quic_ended_, true)) return;
  dial_.time_out();
  look();
}

void race::look() {
  if (waiting_ != nullptr && decided()) std::exchange(waiting_, nullptr)->tell();
}

bool race::settle() {
  tcp_turn_.cancel();
  quic_end_.cancel();
  dial_.give_up();
  // What it had opened closes with the race.
  if (tcp_begun_ && shared_ == nullptr && !tcp_) tcp_chain_.cancel();
  return !tcp_begun_ || shared_ != nullptr || tcp_;
}

opened_stream race::over_tcp() {
  if (tcp_ && *tcp_) return std::move(**tcp_);
  if (!tcp_) throw http3_failed(to_, dial_.failures(), pool_.settings().tls->local_trouble());
  if (dial_.failures().empty()) std::rethrow_exception(tcp_->error());
  try {
    std::rethrow_exception(tcp_->error());
  } catch (const fetch_error& error) {
    // A wrong certificate is the same one both times.
    if (error.why() == fetch_error::kind::certificate) throw;
    throw fetch_error(error.why(), std::string(error.what()) + "; over UDP (HTTP/3): " + in_words(dial_.failures()));
  }
}

}  // namespace parley::fetching
