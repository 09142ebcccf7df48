// A TLS session of either role: a fuzzer's bytes from the first one on, or a true session whose bytes are changed on their way. Whatever
// comes, content arrives as it was sent or not at all, and an end counts as one only where the peer said so.
//
// Byte 0: 0 to 2, the rest goes raw to a server, to one that asks for certificates, to a client; above, changes follow (at 4 in TLS 1.2), 4 bytes each:
// direction and kind, where (2 bytes), a value. GnuTLS's random numbers differ from run to run, so a find may need some runs.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tls/local_ca_issue.hpp"
#include "tls/session.hpp"

namespace {

using namespace parley::tls;

void require(bool holds) {
  if (!holds) std::abort();
}

struct sides {
  sides() {
    const auto now = std::chrono::system_clock::now();
    const std::vector<std::string> names{"a.test"};
    const auto authority = make_authority("fuzz", names, now).value();
    const auto signer = authority_signer::make(authority, "", now).value();
    const auto leaf = signer.issue(names, now, std::chrono::days(1)).value();
    server_settings s;
    s.certificates = {{leaf.certificate, leaf.key, ""}};
    s.protocols = {"h2", "http/1.1"};
    s.tickets = ticket_key::make();
    server = server_credentials::make(s).value();
    s.clients = client_certificates::asked;
    s.client_authorities = authority.certificate;
    asking = server_credentials::make(s).value();
    client_settings c;
    c.system_authorities = false;
    c.authorities = {authority.certificate};
    c.resume = false;  // an input is to mean the same every time
    client = client_credentials::make(c).value();
    c.tls1_3 = false;
    old_client = client_credentials::make(c).value();
  }
  std::shared_ptr<const server_credentials> server, asking;
  std::shared_ptr<const client_credentials> client, old_client;
};

const sides& all_sides() {
  static const sides made;
  return made;
}

/// Gives bytes to a session, which takes all of them or ends.
std::string feed(session& to, std::string_view bytes) {
  std::string arrived;
  std::array<char, 999> room;
  while (!bytes.empty() || to.has_plaintext()) {
    const bool failed = to.failed();
    const auto done = to.receive(bytes, room);
    require(done.used <= bytes.size() && done.plaintext <= room.size());
    require(!failed || (done.used == 0 && done.plaintext == 0 && to.failed()));
    arrived.append(room.data(), done.plaintext);
    bytes.remove_prefix(done.used);
    if (done.used == 0 && done.plaintext == 0) {
      require(to.failed() || to.peer_closed());
      break;
    }
  }
  require(to.output().size() < 1'000'000);
  return arrived;
}

void feed_raw(session& to, std::string_view bytes) {
  const std::size_t step = bytes.empty() || bytes[0] % 2 == 0 ? bytes.size() + 1 : 1 + static_cast<unsigned char>(bytes[0]) / 2;
  while (!bytes.empty()) {
    require(feed(to, bytes.substr(0, step)).empty());
    bytes.remove_prefix(std::min(step, bytes.size()));
  }
  require(!to.open());
  to.receive_eof();
  require(to.failed());
}

struct change {
  std::uint16_t at;
  std::uint8_t kind, value;
};

/// One direction: what its sender made, with changes at some places.
struct way {
  std::vector<change> changes;
  std::size_t offset = 0;
  std::string arrived;
  bool cut = false;

  std::string altered(std::string_view bytes) {
    std::string out;
    for (const char c : bytes) {
      std::string here(1, c);
      for (const change& ch : changes) {
        if (ch.at != offset) continue;
        if (ch.kind == 0) here[0] = static_cast<char>(here[0] ^ ch.value);
        if (ch.kind == 1) here.clear();
        if (ch.kind == 2) here.insert(0, ch.value, here.empty() ? '\0' : here[0]);
        if (ch.kind == 3) out += out.substr(out.size() - std::min<std::size_t>(out.size(), ch.value));  // again what was just sent
        if (ch.kind == 4) out.append(std::string("\x17\x03\x03\0\0", 5));
        if (ch.kind == 5) out.append({"\x15\x03\x03\0\x02\x01", 6}).append(1, static_cast<char>(ch.value));
        if (ch.kind == 6) cut = true;
      }
      ++offset;
      if (cut) break;
      out += here;
    }
    return out;
  }
};

bool carry(session& from, session& to, way& by) {
  if (by.cut || !from.has_output()) return false;
  const std::string bytes = by.altered(from.output());
  from.written(from.output().size());
  by.arrived += feed(to, bytes);
  if (by.cut) to.receive_eof();
  return true;
}

void exchange(std::string_view program, bool old) {
  session client(old ? all_sides().old_client : all_sides().client, {"a.test", 443, {"http/1.1"}});
  session server(all_sides().server);
  way there, back;
  for (; program.size() >= 4; program.remove_prefix(4)) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(program[i]); };
    const change c{static_cast<std::uint16_t>(byte(1) << 8 | byte(2)), static_cast<std::uint8_t>(byte(0) / 2 % 7), byte(3)};
    (byte(0) % 2 == 0 ? there : back).changes.push_back(c);
  }
  const auto settle = [&] {
    for (bool moved = true; moved;) {
      const bool one = carry(client, server, there);
      const bool other = carry(server, client, back);
      moved = one || other;
    }
  };
  const std::string question(300, 'q');
  const std::string answer(20'000, 'a');
  settle();
  client.send(question);
  settle();
  server.send(answer);
  settle();
  client.send_close();
  server.send_close();
  settle();
  require(question.starts_with(there.arrived) && answer.starts_with(back.arrived));
  if (server.peer_closed()) require(there.arrived == question);
  if (client.peer_closed()) require(back.arrived == answer);
  if (there.changes.empty() && back.changes.empty()) require(server.peer_closed() && client.peer_closed());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  if (all.empty()) return 0;
  const std::string_view rest = all.substr(1);
  if (data[0] < 2) {
    session to(data[0] == 0 ? all_sides().server : all_sides().asking);
    feed_raw(to, rest);
  } else if (data[0] == 2) {
    session to(all_sides().client, {"a.test", 443, {"http/1.1"}});
    feed_raw(to, rest);
  } else {
    exchange(rest, data[0] == 4);
  }
  return 0;
}
