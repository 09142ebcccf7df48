#include "trace/recorder.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace parley::trace {

namespace {

bool is_run(const recorded& one) {
  return std::holds_alternative<bytes_step>(one.what) || std::holds_alternative<data_step>(one.what);
}

/// Adds `more` to `run` when both are the same kind of step in the same direction of the same stream.
bool joined(recorded& run, const recorded& more) {
  if (run.connection != more.connection || run.stream != more.stream) return false;
  if (auto* bytes = std::get_if<bytes_step>(&run.what)) {
    const auto* next = std::get_if<bytes_step>(&more.what);
    if (next == nullptr || next->way != bytes->way) return false;
    bytes->size += next->size;
    bytes->file_bytes += next->file_bytes;
    bytes->calls += next->calls;
    bytes->last = next->last;
    return true;
  }
  if (auto* data = std::get_if<data_step>(&run.what)) {
    const auto* next = std::get_if<data_step>(&more.what);
    if (next == nullptr || next->way != data->way) return false;
    data->size += next->size;
    data->pieces += next->pieces;
    data->last = next->last;
    return true;
  }
  return false;
}

}  // namespace

void recorder::observe(const engine::observation& seen) noexcept {
  const std::lock_guard lock(mutex_);
  try {
    const auto* frame = std::get_if<engine::observed_frame>(&seen.what);
    // RST_STREAM is how an exchange ends that is not whole.
    if (frame != nullptr && !frames_ && frame->type != "RST_STREAM") return;
    recorded one = record(seen);
    if (is_run(one) && extend_run(one)) return;
    if (records_.size() >= capacity_) {
      ++dropped_;
      return;
    }
    if (is_run(one)) {
      runs_.push_back(records_.size());
    } else if (frame == nullptr) {
      // A head or an end lies between what came before and what comes now, so the connection's runs are over.
      std::erase_if(runs_, [&](std::size_t i) { return records_[i].connection == one.connection; });
    }
    records_.push_back(std::move(one));
  } catch (const std::bad_alloc&) {
    ++dropped_;  // watching must not end the session
  }
}

bool recorder::extend_run(const recorded& one) {
  return std::ranges::any_of(runs_, [&](std::size_t i) { return joined(records_[i], one); });
}

std::vector<recorded> recorder::records() const {
  const std::lock_guard lock(mutex_);
  return records_;
}

std::vector<recorded> recorder::take() {
  const std::lock_guard lock(mutex_);
  runs_.clear();
  dropped_ = 0;
  return std::exchange(records_, {});
}

std::uint64_t recorder::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

}  // namespace parley::trace
