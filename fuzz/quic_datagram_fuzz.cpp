// A server's endpoint and a client, wired to each other, with a fuzzer between them: datagrams from nowhere, and frames of its choice within
// packets that are protected as they must be. Whatever comes, what the streams bring is what was sent, nothing stays of a connection that
// is closed, and no more than a few hundred connection ids are known.
//
// Operations: a byte that says which (modulo 6; 255: one of the client's own datagrams again, changed), one for a length, and so many bytes.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <ngtcp2/ngtcp2_crypto.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "quic/endpoint.hpp"
#include "quic/stream_peer.hpp"
#include "tls/local_ca_issue.hpp"

namespace {

using namespace parley;
using namespace std::chrono_literals;

std::string smuggled;

void require(bool holds, int line = __builtin_LINE()) {
  if (holds) return;
  std::fprintf(stderr, "line %d does not hold\n", line);
  std::abort();
}

struct sides {
  sides() {
    const auto now = std::chrono::system_clock::now();
    const std::vector<std::string> names{"a.test"};
    const auto authority = tls::make_authority("fuzz", names, now).value();
    const auto leaf = tls::authority_signer::make(authority, "", now).value().issue(names, now, std::chrono::days(1)).value();
    tls::server_settings s;
    s.certificates = {{leaf.certificate, leaf.key, ""}};
    s.tickets = tls::ticket_key::make();
    server = tls::server_credentials::make(s).value();
    tls::client_settings c;
    c.system_authorities = false;
    c.authorities = {authority.certificate};
    c.resume = false;
    client = tls::client_credentials::make(c).value();
  }
  std::shared_ptr<const tls::server_credentials> server;
  std::shared_ptr<const tls::client_credentials> client;
};

quic::address host(unsigned char last) {
  std::array<unsigned char, 16> v4{2, 0, 0x11, 0x51, 10, 0, 0, last};
  return {v4.data(), v4.size()};
}

struct world {
  world() : random(1) {
    static const sides both;
    quic::endpoint_settings e;
    e.keys = quic::endpoint_keys::make(random);
    e.credentials = both.server;
    e.transport.bidirectional_streams = 10;
    e.transport.datagrams = 1200;
    home = std::make_unique<quic::endpoint>(e, random, now);
    quic::client_setup setup;
    setup.credentials = both.client;
    setup.to = {"a.test", 4433, {"h3"}};
    setup.by = {host(1), host(2)};
    setup.settings.datagrams = 1200;
    client = quic::connection::connect(std::move(setup), client_engine, random, now);
  }

  void to_server(const quic::path& by, std::string_view bytes) {
    const auto found = home->receive(by, quic::ecn::none, bytes, now);
    if (found.is == quic::arrival::what::known) found.to->receive(by, quic::ecn::none, bytes, now);
    if (found.is != quic::arrival::what::fresh) return;
    if (servers.size() > 20) return home->refuse(now);
    auto engine = std::make_unique<quic::stream_peer>(engine::role::server);
    auto made = home->accept(*engine, now);
    if (made) servers.emplace_back(std::move(engine), std::move(made));
  }

  /// What the client once sent comes again: `which` of them, from whom, then pairs of a place and what is changed there.
  void again(std::string_view how) {
    if (how.size() < 2 || seen.empty()) return;
    std::string copy = seen[static_cast<unsigned char>(how[0]) % seen.size()];
    const quic::path from{host(2), host(static_cast<unsigned char>(1 + static_cast<unsigned char>(how[1]) % 5))};
    for (how.remove_prefix(2); how.size() >= 2; how.remove_prefix(2))
      copy[static_cast<unsigned char>(how[0]) % copy.size()] ^= how[1];
    to_server(from, copy);
  }

  template <class Give>
  void wire(quic::connection& from, Give&& give) {
    for (bool more = true; more;) {
      more = from.send(out, now);
      for (const auto& run : out.runs()) {
        for (std::size_t at = 0; at < run.bytes.size(); at += run.segment) {
          give(quic::path{run.where.remote, run.where.local}, std::string(run.bytes.substr(at, run.segment)));
        }
      }
      out.clear();
    }
  }

  void exchange(int times) {
    for (int i = 0; i < times; ++i) {
      std::vector<std::pair<quic::path, std::string>> there, back;
      wire(*client, [&](const quic::path& by, std::string b) { there.emplace_back(by, std::move(b)); });
      for (auto& [engine, s] : servers) wire(*s, [&](const quic::path& by, std::string b) { back.emplace_back(by, std::move(b)); });
      while (home->send(out)) out.clear();
      out.clear();
      std::erase_if(servers, [](const auto& s) { return s.second->closed(); });
      for (const auto& [by, b] : there) {
        if (seen.size() < 16) seen.push_back(b);
        to_server(by, b);
      }
      for (const auto& [by, b] : back) {
        if (by.local == host(1)) client->receive(by, quic::ecn::none, b, now);
      }
      if (there.empty() && back.empty()) break;
    }
  }

  void wait(std::chrono::milliseconds time) {
    now += time;
    if (const auto at = client->deadline(); at && *at <= now) client->expired(now);
    for (auto& [engine, s] : servers) {
      if (const auto at = s->deadline(); at && *at <= now) s->expired(now);
    }
    home->expired(now);
  }

  base::seeded_random random;
  quic::time_point now{1h};
  quic::batch out;
  std::unique_ptr<quic::endpoint> home;
  std::vector<std::pair<std::unique_ptr<quic::stream_peer>, std::unique_ptr<quic::connection>>> servers;
  quic::stream_peer client_engine{engine::role::client};
  std::unique_ptr<quic::connection> client;
  std::vector<std::string> seen;  // the client's first datagrams
};

}  // namespace

// Ours stands before the library's.
int ngtcp2_crypto_encrypt_cb(std::uint8_t* dest, const ngtcp2_crypto_aead* aead, const ngtcp2_crypto_aead_ctx* aead_ctx,
                             const std::uint8_t* plaintext, std::size_t plaintextlen, const std::uint8_t* nonce,
                             std::size_t noncelen, const std::uint8_t* aad, std::size_t aadlen) {
  std::string changed;
  if (!smuggled.empty() && (aad[0] & 0x80) == 0 && smuggled.size() <= plaintextlen) {
    changed = std::exchange(smuggled, {});
    changed.resize(plaintextlen, '\0');
    plaintext = reinterpret_cast<const std::uint8_t*>(changed.data());
  }
  return ngtcp2_crypto_encrypt(dest, aead, aead_ctx, plaintext, plaintextlen, nonce, noncelen, aad, aadlen) != 0
             ? NGTCP2_ERR_CALLBACK_FAILURE
             : 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  world w;
  smuggled.clear();
  bool honest = true;
  const std::string question(700, 'q');
  w.client_engine.open(question);
  w.exchange(10);
  require(w.client->handshake_done() && w.servers.size() == 1);
  for (int steps = 0; rest.size() >= 2 && steps < 100; ++steps) {
    const auto what = static_cast<unsigned char>(rest[0]) == 255 ? 6 : static_cast<unsigned char>(rest[0]) % 6;
    const std::size_t n =
        std::min<std::size_t>(static_cast<unsigned char>(rest[1]) * (what == 0 || what == 4 ? 6 : 1), rest.size() - 2);
    const std::string bytes(rest.substr(2, n));
    rest.remove_prefix(2 + n);
    switch (what) {
      case 0: w.to_server({host(2), host(static_cast<unsigned char>(3 + n % 5))}, bytes); break;
      case 1:
        w.client_engine.open(std::string(500, 'q'), false);
        smuggled = bytes;
        honest = honest && bytes.empty();
        w.exchange(1);
        break;
      case 2:
        if (w.servers.empty()) break;
        w.servers[0].first->open(std::string(500, 'q'), false, true);
        smuggled = bytes;
        honest = honest && bytes.empty();
        w.exchange(1);
        break;
      case 3: w.wait(std::chrono::milliseconds(n)); break;
      case 6: w.again(bytes); break;
      case 4: w.client->receive({host(1), host(2)}, quic::ecn::none, bytes, w.now); break;
      default: w.exchange(3); break;
    }
    smuggled.clear();
    require(w.home->ids() < 1'000);
  }
  w.exchange(10);
  // Time has passed as the fuzzer liked, so not all of it may have come.
  if (honest) require(question.starts_with(w.client_engine.streams[0].in));
  w.client->close(0x100, "done", w.now);
  w.exchange(3);
  require(w.client->closed());
  // What is left of them all goes with the time.
  for (int i = 0; i < 8; ++i) {
    w.wait(15s);
    w.exchange(3);
  }
  require(w.servers.empty() && w.home->connections() == 0 && w.home->half_open() == 0);
  w.wait(60s);
  require(w.home->ids() == 0);
  return 0;
}
