// A network in memory on virtual time, with a server's endpoint and any number of clients on it.
#pragma once

#include "base/random.hpp"
#include "quic/connection.hpp"
#include "quic/endpoint.hpp"
#include "quic/stream_peer.hpp"
#include "support/certificates.hpp"

#include <arpa/inet.h>
#include <chrono>
#include <cstdint>
#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <netinet/in.h>
#include <string>
#include <string_view>
#include <vector>

namespace parley::quic {

using namespace std::chrono_literals;

inline address ipv4(const char* host, std::uint16_t port) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  inet_pton(AF_INET, host, &v4.sin_addr);
  return {&v4, sizeof v4};
}

/// How datagrams fare on their way. Chances are per mille.
struct weather {
  std::chrono::microseconds delay{5'000};
  unsigned loss = 0;
  unsigned late = 0;  // arrives up to four delays later: overtaken by others
  unsigned twice = 0;
  unsigned broken = 0;      // one bit turned
  std::size_t mtu = 1'472;  // Ethernet's; larger payloads vanish
  unsigned congested = 0;   // marked CE, where the sender can read that (RFC 3168)
};

class memory_net {
 public:
  struct server_side {
    stream_peer engine{engine::role::server};
    std::unique_ptr<connection> transport;
  };
  struct client_side {
    stream_peer engine{engine::role::client};
    std::unique_ptr<connection> transport;
    path by;
    unsigned from = 0;  // the index of its address
  };

  explicit memory_net(std::uint64_t seed = 1) : random(seed), fate(seed + 1000) {
    authority = std::make_unique<test::test_authority>();
    tls::server_settings s;
    s.certificates.push_back(authority->server({"localhost"}));
    s.protocols = {"h3"};
    s.tickets = tls::ticket_key::make();
    server_tls = s;
    tls::client_settings c;
    c.system_authorities = false;
    c.authorities.push_back(authority->pem());
    credentials = tls::client_credentials::make(c).value();
    settings.keys = endpoint_keys::make(random);
    settings.transport.bidirectional_streams = 100;
    client_transport.unidirectional_streams = 100;
  }

  /// The server begins, with `settings` as they are now.
  void serve() {
    settings.credentials = tls::server_credentials::make(server_tls).value();
    home = std::make_unique<endpoint>(settings, random, now);
  }

  client_side& connect(std::optional<tls::quic_ticket> resume = {}, bool early = false) {
    auto made = std::make_unique<client_side>();
    made->from = next_port++;
    made->by = {ipv4("10.0.0.1", static_cast<std::uint16_t>(made->from)), server_address};
    client_setup setup;
    setup.credentials = credentials;
    setup.to = {"localhost", 4433, offered};
    setup.by = made->by;
    setup.settings = client_transport;
    setup.resume = std::move(resume);
    setup.early = early;
    made->transport = connection::connect(std::move(setup), made->engine, random, now);
    clients.push_back(std::move(made));
    return *clients.back();
  }

  // --- the wire ----------------------------------------------------------------------------------------------------------------
  struct flying {
    path by;  // as its receiver sees it
    ecn mark = ecn::none;
    std::string bytes;
  };

  /// A datagram leaves; what becomes of it is the weather's.
  void launch(const path& sender, ecn mark, std::string_view bytes) {
    ++sent;
    if (bytes.size() > sky.mtu || fate.below(1000) < sky.loss) {
      ++lost;
      return;
    }
    std::string copy(bytes);
    if (mark == ecn::ect0 && fate.below(1000) < sky.congested) mark = ecn::ce;
    if (fate.below(1000) < sky.broken) copy[fate.below(copy.size())] ^= static_cast<char>(1U << fate.below(8));
    const bool of_a_client = !(sender.local == server_address);
    const path seen{sender.remote, rebind && of_a_client ? rebind(sender.local) : sender.local};
    auto at = now + sky.delay;
    if (fate.below(1000) < sky.late) at += sky.delay * static_cast<int>(1 + fate.below(4));
    air.emplace(at, flying{seen, mark, copy});
    if (fate.below(1000) < sky.twice) air.emplace(at + sky.delay, flying{seen, mark, std::move(copy)});
  }

  void launch(batch& from) {
    for (const datagram_run& run : from.runs()) {
      ++runs;
      EXPECT_LE(run.count(), batch::most_segments);
      for (std::size_t at = 0; at < run.bytes.size(); at += run.segment) {
        launch(run.where, run.mark, run.bytes.substr(at, run.segment));
      }
    }
    from.clear();
  }

  /// Everybody says what there is to say now.
  void speak() {
    batch out;
    const auto drain = [&](auto&& send) {
      const std::uint64_t before = sent;
      while (send(out)) launch(out);
      launch(out);
      most_at_once = std::max(most_at_once, sent - before);
    };
    if (home) {
      drain([&](batch& b) { return home->send(b); });
      for (auto& s : servers) drain([&](batch& b) { return s->transport->send(b, now); });
      if (reap) std::erase_if(servers, [](const auto& s) { return s->transport->closed(); });
    }
    for (auto& c : clients) {
      if (speaking) speaking(c.get());
      drain([&](batch& b) { return c->transport->send(b, now); });
      if (speaking) speaking(nullptr);
    }
  }

  void arrive(const flying& one) {
    if (one.by.local == server_address) {
      if (!home) return;
      const arrival a = home->receive(one.by, one.mark, one.bytes, now);
      last = a;
      if (a.is == arrival::what::known) a.to->receive(one.by, one.mark, one.bytes, now);
      if (a.is != arrival::what::fresh) return;
      auto made = std::make_unique<server_side>();
      if (prepare) prepare(*made);
      made->transport = home->accept(made->engine, now);
      if (made->transport) servers.push_back(std::move(made));
      return;
    }
    for (auto& c : clients) {
      const bool its = one.by.local == (rebind ? rebind(c->by.local) : c->by.local);
      if (its) c->transport->receive({c->by.local, one.by.remote}, one.mark, one.bytes, now);
    }
  }

  /// Goes on until `done`, at most for so long; whether it came to that.
  bool run(std::chrono::milliseconds most, const std::function<bool()>& done = [] { return false; }) {
    const time_point end = now + most;
    for (;;) {
      speak();
      if (done()) return true;
      time_point next = end;
      if (!air.empty()) next = std::min(next, air.begin()->first);
      const auto look = [&](const std::optional<time_point>& at) {
        if (at) next = std::min(next, *at);
      };
      if (home) look(home->deadline());
      for (auto& s : servers) look(s->transport->deadline());
      for (auto& c : clients) look(c->transport->deadline());
      if (next >= end) {
        now = end;
        return false;
      }
      now = std::max(now, next);
      // Many may have come by the time one looks.
      while (!air.empty() && air.begin()->first <= now) {
        const flying one = std::move(air.begin()->second);
        air.erase(air.begin());
        arrive(one);
      }
      const auto wake = [&](auto& of) {
        const auto at = of.deadline();
        if (at && *at <= now) of.expired(now);
      };
      if (home) wake(*home);
      for (auto& s : servers) wake(*s->transport);
      for (auto& c : clients) wake(*c->transport);
    }
  }

  bool handshake(client_side& of) {
    return run(20s,
               [&] { return of.transport->handshake_done() && !servers.empty() && servers.back()->transport->handshake_done(); });
  }

  time_point now{1h};
  base::seeded_random random;
  base::seeded_random fate;
  weather sky;
  std::function<address(const address&)> rebind;  // a NAT in front of the clients
  std::function<void(server_side&)> prepare;
  std::function<void(client_side*)> speaking;  // the client that sends now; null: it has sent
  std::unique_ptr<test::test_authority> authority;
  tls::server_settings server_tls;
  std::shared_ptr<const tls::client_credentials> credentials;
  endpoint_settings settings;
  transport_settings client_transport;
  std::vector<std::string> offered{"h3"};  // by clients
  address server_address = ipv4("10.0.0.2", 4433);
  std::unique_ptr<endpoint> home;
  std::vector<std::unique_ptr<server_side>> servers;
  std::vector<std::unique_ptr<client_side>> clients;
  std::multimap<time_point, flying> air;
  arrival last;
  std::uint64_t sent = 0;
  std::uint64_t lost = 0;
  std::uint64_t runs = 0;
  std::uint64_t most_at_once = 0;  // datagrams of one connection at one moment
  unsigned next_port = 40'000;
  bool reap = true;
};

/// Text that repeats nowhere soon, so that bytes in a wrong place show.
inline std::string pattern(std::size_t n, std::uint64_t seed) {
  base::seeded_random random(seed);
  std::string text(n, '\0');
  random.fill(std::as_writable_bytes(std::span(text)));
  return text;
}

}  // namespace parley::quic
