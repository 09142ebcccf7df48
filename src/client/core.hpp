// What is behind a client: its settings, and its connections on the loop where it is used.
#pragma once

#include "client/plan.hpp"
#include "client/pool.hpp"
#include "client/ticket_file.hpp"

#include <parley/client.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace parley {

/// Fetches keep it alive, so a client may go before its last fetch has ended.
class client::core final {
 public:
  explicit core(const limits& caps) { settings_.caps = caps; }
  core(const core&) = delete;
  core& operator=(const core&) = delete;

  ~core();

  static task<response> fetch(std::shared_ptr<core> self, request req, options how);
  static task<response> fetch_url(std::shared_ptr<core> self, method m, std::string url, options how);
  static task<response> fetch_with(std::shared_ptr<core> self, method m, std::string url, std::string content, std::string type,
                                   options how);

  static task<std::vector<std::string>> pushed(std::shared_ptr<core> self);
  static task<bool> resumable(std::shared_ptr<core> self, std::chrono::milliseconds at_most);

  /// The pool of the loop that this thread is in. Throws `std::logic_error` outside of a loop, and when another loop has it.
  std::shared_ptr<fetching::pool> pool_here();
  /// Changes apply to connections made from now on; idle ones are closed.
  fetching::pool_settings& change_settings();
  fetching::pool_settings& settings() { return settings_; }
  void cookies(cookie_jar jar) { jar_ = std::move(jar); }
  /// Goes on with the sessions that an earlier client has left in this folder, and leaves its own there at its end.
  void keep_tickets(const std::string& folder);
  /// The client is gone: idle connections close, what runs may end.
  void retire();
  /// The observer may go, though connections of this client may still be there.
  void unobserve();

 private:
  fetching::pool_settings settings_;
  std::optional<cookie_jar> jar_;
  std::optional<fetching::ticket_file> tickets_;
  std::shared_ptr<fetching::pool> pool_;
  std::vector<std::weak_ptr<fetching::pool>> retired_;  // whose last connections may still be open
};

}  // namespace parley
