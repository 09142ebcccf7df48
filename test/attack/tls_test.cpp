// Hostile TLS: floods of handshakes, records of every wrong kind, messages that only cost, ends that are none.
#include "attack/tls_attacker.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <memory>
#include <vector>

namespace parley::attack {
namespace {

using namespace std::chrono_literals;

/// In which no deadline closes anything: what closes is the rule that was broken.
limits patient() {
  limits caps;
  caps.handshake_time = 1h;
  caps.head_time = 1h;
  caps.idle_time = 1h;
  return caps;
}

void reset(raw& connection) {
  const linger at_once{1, 0};
  setsockopt(connection.descriptor(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  connection.close();
}

/// A hello that a padding extension (RFC 7685) makes as large as this.
std::string padded(const std::string& record, std::size_t size) {
  std::string message = record.substr(5);
  std::size_t at = 4 + 2 + 32;                                                                             // version, random
  at += 1 + static_cast<unsigned char>(message[at]);                                                       // session
  at += 2 + (static_cast<unsigned char>(message[at]) << 8 | static_cast<unsigned char>(message[at + 1]));  // cipher suites
  at += 1 + static_cast<unsigned char>(message[at]);                                                       // compression
  const std::size_t more = size - message.size() - 4;
  message += number(21, 2) + number(more, 2) + std::string(more, '\0');
  message.replace(at, 2, number(message.size() - at - 2, 2));
  message.replace(1, 3, number(message.size() - 4, 3));
  return message;
}

/// A handshake message in records of `n` bytes each.
std::string fragments(std::string_view message, std::size_t n) {
  std::string records;
  for (; !message.empty(); message.remove_prefix(std::min(n, message.size()))) {
    records += plain_record(handshake_message, message.substr(0, n));
  }
  return records;
}

// --- floods of handshakes ----------------------------------------------------------------------------------------------------

// What is held for each is stated in docs/security.md; here, that all of it ends.
TEST(attack_tls, hellos_and_then_nothing) {
  limits caps;
  caps.handshake_time = 3s;
  secure_arena on(caps);
  on.open();
  constexpr std::size_t many = 200;
  std::vector<std::unique_ptr<tls_attacker>> held;
  for (std::size_t i = 0; i < many; ++i) {
    held.push_back(std::make_unique<tls_attacker>(on.https));
    // One in two says that more follows; the others read nothing of the server's flight.
    const std::string hello = held.back()->hello();
    held.back()->wire.send(i % 2 == 0 ? hello.substr(0, hello.size() - 1) : hello);
  }
  EXPECT_TRUE(on.serves_others_securely());
  EXPECT_TRUE(on.counted("limit.handshake_time", many));
  EXPECT_EQ(on.count("handshakes_failed"), many);
  EXPECT_TRUE(on.empties());
  EXPECT_TRUE(on.serves_others_securely());
}

TEST(attack_tls, full_handshakes_one_after_the_other) {
  limits caps;
  caps.handshakes_per_address = 1;
  caps.count_loopback = true;
  secure_arena on(caps);
  on.open();
  std::size_t done = 0;
  std::size_t refused = 0;
  // Ten are in store, and one comes each second: 60 of them are more than a slow machine takes a minute for.
  for (int i = 0; i < 60; ++i) {
    tls_attacker one(on.https);
    one.shake_hands() ? ++done : ++refused;
  }
  EXPECT_GE(done, 10u);
  EXPECT_GT(refused, 0u);
  EXPECT_EQ(on.count("limit.handshakes_per_address"), refused);
  EXPECT_EQ(on.count("connections_refused"), refused);
  EXPECT_EQ(on.count("handshakes_failed"), 0u) << "they never began";
  EXPECT_NE(on.messages().find("limit handshakes_per_address: 127.0.0.1 begins more than 1"), std::string::npos) << on.messages();
  EXPECT_TRUE(on.serves_others_securely("127.0.0.2")) << "who comes from elsewhere";
  EXPECT_TRUE(on.serves_others()) << "http costs no handshake";
}

TEST(attack_tls, connections_cut_anywhere_in_the_handshake) {
  secure_arena on(patient());
  on.open();
  std::size_t cut = 0;
  for (const std::size_t at : {std::size_t{0}, std::size_t{1}, std::size_t{4}, std::size_t{5}, std::size_t{6}, std::size_t{9},
                               std::size_t{60}, std::size_t{9999}}) {
    for (int how = 0; how < 3; ++how) {
      tls_attacker one(on.https);
      const std::string hello = one.hello();
      one.wire.send(std::string_view(hello).substr(0, std::min(at, hello.size())));
      ++cut;
      if (how == 0) one.wire.end();
      if (how == 1) one.wire.close();
      if (how == 2) reset(one.wire);
    }
  }
  EXPECT_TRUE(on.counted("handshakes_failed", cut));
  EXPECT_TRUE(on.empties());
  EXPECT_TRUE(on.serves_others_securely());
}

// --- hellos in pieces --------------------------------------------------------------------------------------------------------

TEST(attack_tls, a_hello_a_byte_a_segment) {
  secure_arena on(patient());
  on.open();
  tls_attacker slow(on.https);
  const int yes = 1;
  setsockopt(slow.wire.descriptor(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  for (const char byte : slow.hello()) slow.wire.send({&byte, 1});
  EXPECT_TRUE(slow.shake_hands());
  EXPECT_TRUE(on.serves_others_securely());
}

// A rightful hello may come in pieces; one above 32 KiB, or more than 64 KiB of records around it, may not.
TEST(attack_tls, a_hello_in_many_records) {
  secure_arena on(patient());
  on.open();
  struct row {
    std::size_t size, piece;
    bool taken;
  };
  for (const row& r : std::vector<row>{
           {0, 1, true}, {10 * 1024, 1, true}, {31 * 1024, 100, true}, {31 * 1024, 1, false}, {33 * 1024, 100, false}}) {
    SCOPED_TRACE(std::to_string(r.size) + " in " + std::to_string(r.piece));
    const std::uint64_t failed = on.count("handshakes_failed");
    tls_attacker one(on.https);
    const std::string hello = one.hello();
    one.wire.send(fragments(r.size == 0 ? hello.substr(5) : padded(hello, r.size), r.piece));
    one.wire.receive();
    const char answer = one.wire.received.empty() ? '\0' : one.wire.received[0];
    one.wire.close();
    if (r.taken) {
      EXPECT_EQ(answer, handshake_message);
    } else {
      EXPECT_NE(answer, handshake_message);
      EXPECT_TRUE(on.counted("handshakes_failed", failed + 1));
    }
    EXPECT_TRUE(on.serves_others_securely());
  }
}

// --- records of every wrong kind ---------------------------------------------------------------------------------------------

TEST(attack_tls, what_is_no_handshake) {
  secure_arena on(patient());
  on.open();
  const std::string hello = tls_attacker(on.https).hello();
  EXPECT_TRUE(on.counted("handshakes_failed", 1)) << "the one that was only asked for its hello";
  std::string noise;
  for (std::uint32_t i = 0, x = 1; i < 5000; ++i) noise += static_cast<char>(0x80 | (x = x * 1664525 + 1013904223) >> 24);
  struct row {
    const char* what;
    std::string bytes;
  };
  const std::vector<row> rows{
      {"noise", noise},
      {"a record of 65,535 bytes", std::string("\x16\x03\x01\xff\xff", 5) + std::string(65535, 'x')},
      {"a record of 18,433 bytes", std::string("\x16\x03\x01\x48\x01", 5) + std::string(18433, 'x')},
      {"a message of 16 MiB", fragments(std::string("\x01\xff\xff\xff", 4) + std::string(100'000, 'x'), 16000)},
      {"SSL 2", std::string("\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10", 11) + std::string(37, 'x')},
      {"zeros", std::string(100, '\0')},
      {"no version that there is", std::string("\x16\x7f\x7f\x00\x04", 5) + "xxxx"},
      {"content before a handshake", plain_record(application_data, "GET / HTTP/1.1\r\n\r\n")},
      {"a Finished first", plain_record(handshake_message, std::string("\x14\x00\x00\x0c", 4) + std::string(12, 'x'))},
      {"an unknown type of record", plain_record(99, "xxxx")},
      {"a heartbeat", plain_record(24, std::string("\x01\x40\x00", 3) + std::string(16, 'x'))},
      {"empty records", repeated(plain_record(handshake_message, ""), 60'000)},
      {"warnings", repeated(plain_record(alert, "\x01\x5a"), 1000)},
      {"change_cipher_spec", repeated(plain_record(change_cipher_spec, "\x01"), 50'000)},
      {"change_cipher_spec behind a hello", hello + repeated(plain_record(change_cipher_spec, "\x01"), 50'000)},
      {"empty records behind a hello", hello + repeated(plain_record(application_data, ""), 60'000)},
      {"warnings behind a hello", hello + repeated(plain_record(alert, "\x01\x5a"), 1000)},
      {"another hello behind a hello", hello + hello},
      {"a fatal alert of no kind", plain_record(alert, "\x02\xff")},
      {"a fatal alert", plain_record(alert, "\x02\x28")},
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    SCOPED_TRACE(rows[i].what);
    raw attacker(on.https);
    attacker.send(rows[i].bytes);
    attacker.until_close();
    attacker.close();  // else the server waits for that, for linger_time
    EXPECT_TRUE(on.counted("handshakes_failed", i + 2));
  }
  EXPECT_EQ(on.count("requests"), 0u);
  EXPECT_TRUE(on.empties());
  EXPECT_TRUE(on.serves_others_securely());
}

class attack_tls_session : public testing::TestWithParam<const char*> {};

/// After a handshake, a request and its answer: what follows ends the session, and is counted.
void end_by(secure_arena& on, const char* version, const std::function<void(tls_attacker&)>& attack) {
  const std::uint64_t before = on.count("tls_errors");
  tls_attacker one(on.https, version);
  ASSERT_TRUE(one.shake_hands());
  one.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  attack(one);
  one.wire.received.clear();
  while (one.wire.receive()) one.wire.received.clear();
  EXPECT_FALSE(one.wire.timed_out) << "it was not closed";
  EXPECT_TRUE(on.counted("tls_errors", before + 1));
  EXPECT_TRUE(on.serves_others_securely());
}

TEST_P(attack_tls_session, records_that_do_not_decrypt) {
  secure_arena on(patient());
  on.open();
  end_by(on, GetParam(), [](tls_attacker& one) { one.wire.send(plain_record(application_data, std::string(100, 'x'))); });
  end_by(on, GetParam(), [](tls_attacker& one) {
    std::string changed = one.sealed(application_data, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    changed.back() ^= 1;
    one.wire.send(changed);
  });
  end_by(on, GetParam(), [](tls_attacker& one) {  // the same record twice
    const std::string again = one.sealed(application_data, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    one.wire.send(again + again);
  });
  end_by(on, GetParam(),
         [](tls_attacker& one) { one.wire.send(std::string("\x17\x03\x03\xff\xff", 5) + std::string(65535, 'x')); });
}

TEST_P(attack_tls_session, empty_records) {
  secure_arena on(patient());
  on.open();
  end_by(on, GetParam(), [](tls_attacker& one) {
    std::string all;
    for (int i = 0; i < 20'000; ++i) all += one.sealed(application_data, "");
    one.wire.send(all);
  });
}

// One at a time, so that no burst is seen: what ends it is the sum.
TEST_P(attack_tls_session, empty_records_one_by_one) {
  secure_arena on(patient());
  on.open();
  const std::uint64_t before = on.count("tls_errors");
  tls_attacker one(on.https, GetParam());
  ASSERT_TRUE(one.shake_hands());
  one.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  const int yes = 1;
  setsockopt(one.wire.descriptor(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  // 22 or 29 bytes each; the server ends it long before the last.
  int sent = 0;
  for (; sent < 100'000; ++sent) {
    const std::string record = one.sealed(application_data, "");
    if (::send(one.wire.descriptor(), record.data(), record.size(), MSG_NOSIGNAL) <= 0) break;
  }
  EXPECT_LT(sent, 100'000);
  EXPECT_TRUE(on.counted("tls_errors", before + 1));
  EXPECT_TRUE(on.serves_others_securely());
}

TEST_P(attack_tls_session, warnings) {
  secure_arena on(patient());
  on.open();
  end_by(on, GetParam(), [](tls_attacker& one) {
    for (int i = 0; i < 1000; ++i) one.wire.send(one.sealed(alert, "\x01\x5a"));  // user_canceled
  });
}

TEST_P(attack_tls_session, handshake_messages_where_none_belong) {
  secure_arena on(patient());
  on.open();
  for (const std::string_view message : {std::string_view("\x0b\x00\x00\x04\x00\x00\x00\x00", 8),  // Certificate
                                         std::string_view("\x14\x00\x00\x04xxxx", 8),              // Finished
                                         std::string_view("\x04\x00\x00\x04xxxx", 8),              // NewSessionTicket
                                         std::string_view("\x63\x00\x00\x04xxxx", 8)}) {           // none that there is
    end_by(on, GetParam(), [&](tls_attacker& one) { one.wire.send(one.sealed(handshake_message, message)); });
  }
  end_by(on, GetParam(), [](tls_attacker& one) {  // a KeyUpdate of 64 KiB
    one.wire.send(one.sealed(handshake_message, std::string("\x18\x00\xff\xff", 4)));
    for (int i = 0; i < 5; ++i) one.wire.send(one.sealed(handshake_message, std::string(16000, 'x')));
  });
}

INSTANTIATE_TEST_SUITE_P(, attack_tls_session, testing::Values(tls_attacker::tls13, tls_attacker::tls12),
                         [](const auto& version) { return version.index == 0 ? "tls13" : "tls12"; });

TEST(attack_tls, key_updates) {
  secure_arena on(patient());
  on.open();
  end_by(on, tls_attacker::tls13, [](tls_attacker& one) {
    for (int i = 0; i < 1000; ++i) one.update_key();
  });
}

TEST(attack_tls, renegotiation) {
  secure_arena on(patient());
  on.open();
  const std::uint64_t before = on.count("tls_errors");
  tls_attacker one(on.https, tls_attacker::tls12);
  ASSERT_TRUE(one.shake_hands());
  one.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_FALSE(one.shake_hands()) << "again";
  EXPECT_TRUE(on.counted("tls_errors", before + 1));
  EXPECT_TRUE(on.serves_others_securely());
}

// --- ends that are none ------------------------------------------------------------------------------------------------------

// Whoever can cut the connection must not be able to make half an upload look whole (RFC 8446 §6.1).
TEST(attack_tls, an_upload_without_close_notify) {
  secure_arena on(patient());
  std::atomic<int> whole{0};
  on.app.route("POST /upload", [&](const request&) {
    ++whole;
    return text("taken");
  });
  on.open();
  const std::string head = "POST /upload HTTP/1.1\r\nHost: x\r\n";
  const std::vector<std::string> halves{
      head + "Content-Length: 100\r\n\r\n" + std::string(50, 'x'),
      head + "Transfer-Encoding: chunked\r\n\r\n32\r\n" + std::string(50, 'x') + "\r\n",
      head + "Transfer-Encoding: chunked\r\n\r\n32\r\n" + std::string(50, 'x') + "\r\n0\r\n",
      head.substr(0, 20),
  };
  std::uint64_t truncated = 0;
  for (const std::string& half : halves) {
    for (const bool said : {false, true}) {
      tls_attacker one(on.https);
      ASSERT_TRUE(one.shake_hands());
      one.send(half);
      if (said) {
        one.say_close();
      } else {
        ++truncated;
      }
      one.wire.end();
      EXPECT_EQ(one.until_close().find("taken"), std::string::npos);
    }
  }
  EXPECT_TRUE(on.counted("tls_truncated", truncated));
  EXPECT_TRUE(on.empties());
  EXPECT_EQ(on.count("tls_truncated"), truncated);
  EXPECT_EQ(whole, 0);
  EXPECT_TRUE(on.serves_others_securely());
}

}  // namespace
}  // namespace parley::attack
