// A client of ours, whole, and a server with https, with and without HTTP/3, on the network in memory.
#pragma once

#include "client/scripted_peer.hpp"
#include "engine/observer.hpp"
#include "http3_site.hpp"
#include "support/scratch_folder.hpp"

#include <parley/client.hpp>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace http3_tests {

using namespace std::chrono_literals;
using client_tests::started;

inline const std::string site_url = "https://a.example/";

/// What a client tells of how its connections come about.
struct connect_log final : engine::observer {
  std::vector<std::string> lines;
  std::size_t requests = 0;  // sent
  void observe(const engine::observation& seen) noexcept override {
    if (const auto* c = std::get_if<engine::observed_connect>(&seen.what)) {
      std::string line = c->quic ? "udp " : "tcp ";
      line.append(c->address).append(c->done ? (c->error.empty() ? " done" : " failed: ") : " begins");
      lines.push_back(line.append(c->error));
    } else if (const auto* head = std::get_if<engine::observed_head>(&seen.what)) {
      requests += head->way == engine::direction::out && head->request != nullptr;
    } else if (const auto* h = std::get_if<engine::observed_handshake>(&seen.what); h != nullptr && h->done && h->error.empty()) {
      lines.push_back("settled " + std::string(h->protocol) + (h->resumed ? " resumed" : "") +
                      (h->early.empty() ? "" : " early data ") + std::string(h->early));
    }
  }
};

/// A site whose TCP and UDP can be there or not; handlers tell by which version they were asked.
struct client_world {
  enum class serves { both, tcp_only, udp_only };

  explicit client_world(serves how = serves::both, const parley::limits& caps = {}) : to(caps) {
    ::setenv("XDG_DATA_HOME", (scratch / "data").c_str(), 1);
    to.plain("GET /", [](const parley::request& req) { return parley::text(std::string(parley::name(req.version()))); });
    to.plain("POST /", [](const parley::request& req) {
      return parley::text(std::string(req.content()) + " by " + std::string(parley::name(req.version())));
    });
    to.route("GET /slow", [](parley::request& req) -> parley::task<parley::response> {
      auto pause = parley::sleep_for(5s);
      co_await pause;
      co_return parley::text("slow " + std::string(parley::name(req.version())));
    });
    start(how);
    to.loop->add_name("a.example", {"127.0.0.1"});
    http.trust(to.files.authority_file());
    http.observe(&log);
  }
  ~client_world() {
    http = parley::client();
    settle();
  }

  template <class T>
  std::unique_ptr<started<T>> start(parley::task<T> work) {
    auto made = std::make_unique<started<T>>();
    parley::detail::start(std::move(work), &made->chain,
                          [of = made.get()](parley::detail::outcome<T> end) { of->end.emplace(std::move(end)); });
    return made;
  }
  void settle() {
    while (to.loop->run_one_turn()) {
    }
  }
  template <class T>
  void finish(started<T>& work) {
    const auto limit = to.loop->now() + 1h;
    settle();
    while (!work.ended() && to.loop->now() < limit) to.loop->run_for(10ms);
  }
  template <class T>
  std::unique_ptr<started<T>> run(parley::task<T> work) {
    auto made = start(std::move(work));
    finish(*made);
    return made;
  }
  /// The content, or what went wrong.
  std::string get(const std::string& url, parley::options how = {}) {
    auto got = run(http.get(url, std::move(how)));
    return got->succeeded() ? std::string(got->value().content()) : got->error();
  }
  [[nodiscard]] std::uint64_t requests_by(parley::server_room::count which) const { return to.counted(which); }

  parley::test::scratch_folder scratch;
  site to;
  connect_log log;
  parley::client http;

 private:
  void start(serves how) {
    auto made = std::make_unique<net::memory_loop>();
    to.loop = made.get();
    to.core.https.prepare();
    to.worker = std::make_unique<parley::server_room::worker>(to.core, 0, std::move(made));
    const net::endpoint at{"127.0.0.1", 443, false};
    if (how != serves::udp_only) to.worker->listen(at, true, true);
    if (how != serves::tcp_only) {
      EXPECT_FALSE(to.worker->open_datagrams(at, true));
    }
    to.worker->start_listening();
  }
};

inline parley::options only_http3() { return parley::options().version(parley::http3); }
inline parley::options http3_first() { return parley::options().http3_first(); }

}  // namespace http3_tests
