// What the client commands show of a session: heads for -v, the timeline for --show, notes of what did not happen.
#pragma once

#include "tool/fetch_options.hpp"
#include "trace/frames.hpp"
#include "trace/head_watch.hpp"
#include "trace/live.hpp"

#include <string>
#include <vector>

namespace parley::tool {

/// Watches the connections: for -v and -i as it happens, for --show and for messages an exchange at a time.
class session_view {
 public:
  /// `plan` outlives it.
  explicit session_view(const fetch_plan& plan);

  [[nodiscard]] engine::observer* sink() { return &clock_; }
  /// Of the last final response.
  [[nodiscard]] const std::string& response_head() const { return response_head_; }
  /// Another URL.
  void begin();
  /// What the exchange that failed was doing last.
  [[nodiscard]] std::string doing();
  /// With --show: what was seen since `begin`.
  void show(const std::string& title);

 private:
  void see_head(const trace::head_step& head);
  void see_handshake(const trace::handshake_step& step);
  void see_version(parley::version v);
  [[nodiscard]] bool tells_of_early_data() const;

  const fetch_plan& plan_;
  trace::head_watch heads_;
  trace::live exchanges_;
  trace::handshake_watch handshakes_;
  trace::trailers_watch trailers_;
  trace::frame_watch frames_;
  trace::frame_list frame_list_;
  trace::fan_out sinks_;
  trace::clocked clock_{sinks_};
  std::vector<trace::exchange> seen_;
  std::vector<trace::exchange> pushed_;
  std::string response_head_;
  bool version_seen_ = false;
  bool proxy_seen_ = false;
};

}  // namespace parley::tool
