#include "client/alternatives.hpp"

#include "client/alternatives_file.hpp"

#include <algorithm>
#include <utility>

namespace parley::fetching {

alternatives::alternatives() = default;
alternatives::~alternatives() = default;

// The loop's clock goes on evenly, whatever happens to the time of day; in tests it goes as it likes.
wall_time alternatives::wall(net::time_point now) const {
  if (!anchor_) {
    anchor_ = now;
    anchored_ = std::chrono::system_clock::now();
  }
  return std::chrono::floor<std::chrono::seconds>(anchored_ + std::chrono::floor<std::chrono::microseconds>(now - *anchor_));
}

known_alternative* alternatives::find(std::string_view host, std::uint16_t port) {
  const auto at = std::ranges::find_if(known_, [&](const known_alternative& each) { return each.is_for(host, port); });
  return at == known_.end() ? nullptr : &*at;
}

void alternatives::changed(std::string_view host, std::uint16_t port) {
  if (file_) file_->changed(host, port, known_);
}

void alternatives::learn(std::string_view host, std::uint16_t port, const semantics::alt_svc& said, net::time_point now) {
  const auto h3 = std::ranges::find(said.services, "h3", &semantics::alternative_service::protocol);
  // RFC 7838 §3: what is said now replaces all that was said before.
  if (h3 == said.services.end() || h3->max_age.count() == 0) return forget(host, port);
  if (host.size() > longest_host || h3->host.size() > longest_host) return;
  known_alternative fresh;
  fresh.host = host;
  fresh.port = port;
  if (h3->host != host) fresh.at_host = h3->host;
  fresh.at_port = h3->port;
  fresh.learned = wall(now);
  fresh.until = fresh.learned + h3->max_age;
  fresh.persist = h3->persist;
  if (known_alternative* const before = find(host, port)) {
    const bool same = before->at_host == fresh.at_host && before->at_port == fresh.at_port && before->persist == fresh.persist;
    // Said with each response: a file is not written for every one of them.
    const bool nearly = same && fresh.until - before->until < h3->max_age / 10 && fresh.until >= before->until;
    if (nearly) return;
    if (same) {
      fresh.failures = before->failures;
      fresh.paused_until = before->paused_until;
    }
    known_.erase(known_.begin() + (before - known_.data()));
  }
  if (known_.size() == most) known_.erase(known_.begin());
  known_.push_back(std::move(fresh));
  changed(host, port);
}

const known_alternative* alternatives::usable(std::string_view host, std::uint16_t port, net::time_point now) const {
  const auto at = std::ranges::find_if(known_, [&](const known_alternative& each) { return each.is_for(host, port); });
  if (at == known_.end()) return nullptr;
  const wall_time today = wall(now);
  // One that was learned tomorrow says that the clock was set back, so nobody knows its age.
  constexpr std::chrono::hours slack{1};
  if (today >= at->until || at->learned > today + slack) return nullptr;
  if (today < at->paused_until && at->paused_until <= today + longest_pause) return nullptr;
  return &*at;
}

void alternatives::failed(std::string_view host, std::uint16_t port, net::time_point now) {
  known_alternative* const one = find(host, port);
  if (one == nullptr) return;
  std::chrono::seconds pause = first_pause;
  for (unsigned i = 0; i < one->failures && pause < longest_pause; ++i) pause *= 2;
  ++one->failures;
  one->paused_until = wall(now) + std::min(pause, longest_pause);
  changed(host, port);
}

void alternatives::worked(std::string_view host, std::uint16_t port) {
  known_alternative* const one = find(host, port);
  if (one == nullptr || one->failures == 0) return;
  one->failures = 0;
  one->paused_until = {};
  changed(host, port);
}

void alternatives::forget(std::string_view host, std::uint16_t port) {
  if (std::erase_if(known_, [&](const known_alternative& each) { return each.is_for(host, port); }) > 0) changed(host, port);
}

std::string alternatives::keep_in(const std::string& folder, net::time_point now) {
  static_cast<void>(wall(now));
  file_ = std::make_unique<alternatives_file>(folder);
  auto read = file_->read();
  if (!read) return read.error();
  for (known_alternative& one : *read) {
    if (find(one.host, one.port) == nullptr && known_.size() < most) known_.push_back(std::move(one));
  }
  std::ranges::sort(known_, {}, &known_alternative::learned);
  return {};
}

}  // namespace parley::fetching
