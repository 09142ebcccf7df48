// A load over HTTP/3, on our own client side. What it counts last is exact: every request was answered between the line that it read
// and the one that it prints.
//
//   h3_load PORT PATH fetch                               prints one response
//   h3_load PORT PATH run CONNECTIONS STREAMS SECONDS [LOSS]   prints "connected", reads a line, keeps STREAMS requests under way on each
//                                                         connection, prints "N requests B bytes"; LOSS (0 to 1) of what comes is dropped
//   h3_load PORT PATH handshakes COUNT                    prints "ready" after a first connection, reads a line, makes COUNT connections
//                                                         one after the other, with one request each; prints "COUNT connections"
//   h3_load PORT PATH idle                                reads numbers; opens so many connections more, with one request each, keeps
//                                                         them, and prints "open N"
#include "connection/message_access.hpp"
#include "h3_load/client.hpp"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <thread>
#include <vector>

namespace {

using h3_load::client;
using h3_load::fail;
using h3_load::load;

void say(const std::string& line) {
  std::puts(line.c_str());
  std::fflush(stdout);
}

std::string read_line() {
  std::string line;
  if (!std::getline(std::cin, line)) std::exit(0);
  return line;
}

parley::limits wide_open() {
  parley::limits caps;
  caps.receive_window = caps.connection_receive_window = std::size_t{2} * 1024 * 1024;
  caps.requests_per_connection = UINT64_MAX;
  caps.quic_idle_time = caps.idle_time = std::chrono::hours(1);
  caps.glitches = caps.resets = SIZE_MAX / 2;
  return caps;
}

parley::semantics::request_head request_for(const std::string& port, const std::string& path) {
  parley::request made(parley::method::parse("GET").value(), "https://127.0.0.1:" + port + path);
  return parley::detail::request_access::to_head(std::move(made));
}

struct program {
  load& all;
  std::vector<std::unique_ptr<client>> clients{};
  std::size_t wanted = 0;

  /// One connection more, whose first request was answered.
  client& open() {
    const std::size_t before = all.answered;
    clients.push_back(std::make_unique<client>(all));
    clients.back()->wanted = 1;
    all.on_turn = [&] {
      if (all.answered > before) all.loop.stop();
    };
    all.loop.run();
    all.on_turn = nullptr;
    if (clients.back()->cipher() != "TLS_AES_128_GCM_SHA256") fail("not what all rows are about: " + clients.back()->cipher());
    return *clients.back();
  }

  void fetch() {
    std::string text;
    all.keep = &text;
    open().close();
    std::fwrite(text.data(), 1, text.size(), stdout);
  }

  void run(std::size_t connections, std::size_t streams, double seconds, double loss) {
    for (std::size_t i = 0; i < connections; ++i) open();
    say("connected");
    read_line();
    all.streams = streams;
    all.loss = loss;
    all.answered = 0;
    all.bytes = all.datagrams = 0;
    bool over = false;
    all.on_turn = [&] {
      if (over && all.under_way == 0) all.loop.stop();
    };
    parley::net::timer end(all.loop, [&] {
      over = true;
      for (auto& one : clients) one->wanted = 0;
    });
    end.arm(std::chrono::steady_clock::now() +
            std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(seconds)));
    all.loop.post([this] {
      for (auto& one : clients) {
        one->wanted = SIZE_MAX;
        one->serve();
      }
    });
    all.loop.run();
    say(std::to_string(all.answered) + " requests " + std::to_string(all.bytes) + " bytes " + std::to_string(all.datagrams) +
        " datagrams " + std::to_string(all.dropped) + " dropped");
  }

  void handshakes(std::size_t count) {
    for (std::size_t i = 0; i <= count; ++i) {
      open().close();
      clients.clear();
      if (i > 0) continue;
      say("ready");
      read_line();
    }
    say(std::to_string(count) + " connections");
  }

  // Connections answer what comes meanwhile.
  void idle() {
    std::thread reader([this] {
      for (std::string line; std::getline(std::cin, line);) {
        all.loop.post([this, line] {
          wanted += std::strtoul(line.c_str(), nullptr, 10);
          all.loop.stop();
        });
      }
      std::_Exit(0);
    });
    for (;;) {
      all.loop.run();
      if (wanted == 0) continue;
      while (clients.size() < wanted) open();
      say("open " + std::to_string(clients.size()));
    }
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: h3_load PORT PATH fetch | run CONNECTIONS STREAMS SECONDS [LOSS] | handshakes COUNT | idle\n");
    return 2;
  }
  rlimit many{};
  if (::getrlimit(RLIMIT_NOFILE, &many) == 0) {
    many.rlim_cur = many.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &many);
  }
  const auto number = [&](int i) { return i < argc ? std::strtod(argv[i], nullptr) : 0.0; };
  const auto count = [&](int i) { return static_cast<std::size_t>(number(i)); };
  const auto loop = parley::net::loop::make();
  parley::tls::client_settings trust;
  trust.system_authorities = trust.verify = trust.resume = false;
  auto credentials = parley::tls::client_credentials::make(trust);
  if (!credentials) fail(credentials.error().message);
  load all{*loop, parley::net::ip_endpoint(parley::net::endpoint{"127.0.0.1", static_cast<std::uint16_t>(count(1)), false}),
           *credentials, wide_open(), request_for(argv[1], argv[2])};
  program self{all, {}};
  const std::string_view what = argv[3];
  if (what == "fetch") {
    self.fetch();
  } else if (what == "run") {
    self.run(count(4), count(5), number(6), number(7));
  } else if (what == "handshakes") {
    self.handshakes(count(4));
  } else if (what == "idle") {
    self.idle();
  } else {
    fail("no " + std::string(what));
  }
}
