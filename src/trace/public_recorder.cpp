#include "trace/head_watch.hpp"
#include "trace/recorder.hpp"
#include "trace/timeline.hpp"

#include <parley/trace.hpp>

namespace parley {

class recorder::state {
 public:
  explicit state(std::size_t capacity) : records(capacity) {}
  trace::recorder records;
  trace::clocked clock{records};
};

recorder::recorder(std::size_t capacity) : state_(std::make_unique<state>(capacity)) {}
recorder::~recorder() = default;

engine::observer* recorder::sink() { return &state_->clock; }

std::string recorder::timeline(const timeline_options& how) const {
  const trace::look look{
      .unicode = how.unicode(), .colour = how.colour(), .width = how.width(), .show_secrets = how.show_secrets()};
  std::string text;
  for (const trace::exchange& x : trace::fold(state_->records.records())) {
    if (!text.empty()) text += '\n';
    text += x.role == engine::role::client ? trace::timeline(x, {}, look) : trace::server_lines(x, look);
  }
  return text;
}

std::vector<std::string> recorder::heads() const {
  std::vector<std::string> all;
  for (const trace::recorded& one : state_->records.records()) {
    const auto* head = std::get_if<trace::head_step>(&one.what);
    if (head != nullptr && !head->text.empty()) all.push_back(head->text);
  }
  return all;
}

std::uint64_t recorder::dropped() const { return state_->records.dropped(); }

void recorder::clear() { static_cast<void>(state_->records.take()); }

}  // namespace parley
