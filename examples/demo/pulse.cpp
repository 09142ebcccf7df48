#include "pulse.hpp"

#include <algorithm>
#include <iterator>

namespace demo {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kept_beats = 60;

std::uint64_t value_of(const std::vector<parley::counter>& all, std::string_view name) {
  const auto found = std::ranges::find(all, name, &parley::counter::name);
  return found == all.end() ? 0 : found->value;
}

std::string two_digits(std::uint64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); }

}  // namespace

std::string beat::uptime() const {
  return std::to_string(number / 3600) + ":" + two_digits(number / 60 % 60) + ":" + two_digits(number % 60);
}

void pulse::look() {
  const auto at = std::chrono::steady_clock::now();
  if (!beats_.empty() && at - looked_ < 900ms) return;
  const auto all = counters_();
  beat seen;
  seen.number = static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::seconds>(at - began_).count());
  seen.number = std::max<std::uint64_t>(seen.number, 1);
  seen.connections = value_of(all, "connections_open");
  const std::uint64_t total = value_of(all, "requests");
  const std::uint64_t second = value_of(all, "requests_http2");
  const std::uint64_t third = value_of(all, "requests_http3");
  seen.requests = {total, total - std::min(total, second + third), second, third};
  if (!beats_.empty()) {
    const std::chrono::duration<double> between = at - looked_;
    const by_version& before = beats_.back().requests;
    for (std::size_t i = 0; i < seen.rate.size(); ++i) {
      seen.rate[i] = static_cast<double>(seen.requests[i] - std::min(seen.requests[i], before[i])) / between.count();
    }
    seen.number = std::max(seen.number, beats_.back().number + 1);
  }
  looked_ = at;
  beats_.push_back(seen);
  if (beats_.size() > kept_beats) beats_.pop_front();
}

beat pulse::now() {
  const std::lock_guard lock(mutex_);
  look();
  return beats_.back();
}

std::vector<beat> pulse::since(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  look();
  std::vector<beat> later;
  std::ranges::copy_if(beats_, std::back_inserter(later), [number](const beat& each) { return each.number > number; });
  return later;
}

}  // namespace demo
