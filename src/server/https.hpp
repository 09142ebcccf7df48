// What a server needs for https: its certificates and policy, and the credentials made of them, replaced whole when they are read
// anew.
#pragma once

#include "tls/credentials.hpp"
#include "tls/replay_guard.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace parley::server_room {

class https {
 public:
  /// How often the local authority's certificate is looked at: it ends (60 days before that it is made anew), and the machine's
  /// addresses change.
  static constexpr std::chrono::milliseconds certificate_look = std::chrono::hours(12);

  /// `message` takes what a look cannot do, from a thread of its own.
  explicit https(std::function<void(std::string_view)> message, std::chrono::milliseconds look = certificate_look);
  ~https();
  https(const https&) = delete;
  https& operator=(const https&) = delete;

  // --- set up: one thread, before the server runs. All throw `listen_error`. ---------------------------------------------------
  /// Where the local authority is, which issues the certificate when none is added. Empty: this user's.
  void data_folder(std::string path);
  /// The first is the default; more are chosen by the name that the client asks for. Both files are read and checked at once.
  void add_certificate(std::string certificate_file, std::string key_file);
  void client_certificates(std::string authorities_file, bool required);
  /// Whether ALPN offers `h2`, before all else; so it is unless this says no.
  void http2(bool offered);
  /// Takes early data over QUIC, and remembers so many of their first messages in order to refuse copies; 0: none is taken.
  void early_data(std::size_t replays);
  /// How many copies were refused, or could not be told from others. Any thread.
  [[nodiscard]] std::uint64_t refused_replays() const;
  /// Where secrets are kept across restarts; empty: nowhere.
  [[nodiscard]] std::string kept_folder();
  /// Makes the credentials, once there is something to listen for. From here on the local authority's certificate is looked after.
  void prepare();

  // --- any thread ----------------------------------------------------------------------------------------------------------------
  /// What new connections take. Null before `prepare`.
  [[nodiscard]] std::shared_ptr<const tls::server_credentials> credentials() const;
  /// Reads all files again; before `prepare`, nothing. On an error all stays as it was, and it is what is returned.
  [[nodiscard]] tls::error reload();

 private:
  struct files {
    std::string certificate;
    std::string key;
  };
  using made = std::expected<std::shared_ptr<const tls::server_credentials>, tls::error>;
  [[nodiscard]] made make();
  [[nodiscard]] tls::error replace();
  void look_again_and_again();
  [[nodiscard]] std::shared_ptr<const tls::ticket_key> key_for(const std::string& policy);

  using all_read = std::expected<std::vector<tls::certificate_source>, tls::error>;
  [[nodiscard]] all_read read_certificates() const;

  std::vector<files> files_;
  std::string data_folder_;
  std::string authorities_file_;
  tls::client_certificates clients_ = tls::client_certificates::none;
  bool http2_ = true;
  std::shared_ptr<tls::replay_guard> replays_;  // one for all loops and all reloads

  std::mutex reloading_;       // one at a time; guards the settings above and the next two
  std::string ticket_policy_;  // what `tickets_` was made for
  std::shared_ptr<const tls::ticket_key> tickets_;
  mutable std::mutex mutex_;  // of what follows
  std::shared_ptr<const tls::server_credentials> now_;

  const std::function<void(std::string_view)> message_;
  const std::chrono::milliseconds look_;
  std::mutex ending_mutex_;
  std::condition_variable ending_soon_;
  bool ending_ = false;
  std::thread looking_;
};

}  // namespace parley::server_room
