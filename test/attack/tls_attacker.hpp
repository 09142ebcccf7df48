// A TLS client that breaks rules: GnuTLS for the handshake, and records of any kind sealed with the keys that it settled.
#pragma once

#include "attack/arena.hpp"
#include "support/certificate_files.hpp"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace parley::attack {

/// Types of records and the messages in them (RFC 8446 §B.1, §B.3).
inline constexpr char change_cipher_spec = 20;
inline constexpr char alert = 21;
inline constexpr char handshake_message = 22;
inline constexpr char application_data = 23;

/// A number in network order.
inline std::string number(std::uint64_t n, std::size_t bytes) {
  std::string text;
  for (std::size_t i = bytes; i > 0; --i) text += static_cast<char>(n >> (8 * (i - 1)));
  return text;
}
inline std::string plain_record(char type, std::string_view content) {
  return type + std::string("\x03\x03") + number(content.size(), 2) + std::string(content);
}
inline std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

class tls_attacker {
 public:
  static constexpr const char* tls13 = "NONE:+VERS-TLS1.3:+AES-128-GCM:+AEAD:+GROUP-X25519:+SIGN-ALL:+CTYPE-X509";
  static constexpr const char* tls12 =
      "NONE:+VERS-TLS1.2:+AES-128-GCM:+AEAD:+ECDHE-ECDSA:+GROUP-X25519:+SIGN-ALL:+CTYPE-X509:+COMP-NULL";

  /// Connects, and does nothing yet.
  explicit tls_attacker(std::uint16_t port, const char* priorities = tls13, const char* from = nullptr) : wire(port, from) {
    gnutls_init(&session_, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL);
    gnutls_priority_set_direct(session_, priorities, nullptr);
    gnutls_certificate_allocate_credentials(&nobody_);
    gnutls_credentials_set(session_, GNUTLS_CRD_CERTIFICATE, nobody_);
    gnutls_transport_set_ptr(session_, this);
    gnutls_transport_set_pull_function(session_, pull);
    gnutls_transport_set_pull_timeout_function(session_, [](gnutls_transport_ptr_t, unsigned) { return 1; });
    gnutls_transport_set_push_function(session_, push);
  }
  ~tls_attacker() {
    gnutls_deinit(session_);
    gnutls_certificate_free_credentials(nobody_);
  }
  tls_attacker(const tls_attacker&) = delete;
  tls_attacker& operator=(const tls_attacker&) = delete;

  /// The record of the hello that it would begin with.
  std::string hello() {
    held_back_ = true;
    gnutls_handshake(session_);
    held_back_ = false;
    return hello_;
  }
  /// True: it is done.
  bool shake_hands() {
    int done = GNUTLS_E_AGAIN;
    while (done < 0 && gnutls_error_is_fatal(done) == 0) done = gnutls_handshake(session_);
    last_alert = gnutls_alert_get(session_);
    return done == 0;
  }
  void send(std::string_view text) { gnutls_record_send(session_, text.data(), text.size()); }
  /// KeyUpdate, which asks for one in return (RFC 8446 §4.6.3).
  void update_key() { gnutls_session_key_update(session_, GNUTLS_KU_PEER); }
  void say_close() { gnutls_bye(session_, GNUTLS_SHUT_WR); }

  /// A record of any type, also an empty one; sealed as the session's next, for the caller to send all of them in order.
  std::string sealed(char type, std::string_view content) {
    gnutls_datum_t mac{};
    gnutls_datum_t iv{};
    gnutls_datum_t key{};
    std::array<unsigned char, 8> sequence{};
    gnutls_record_get_state(session_, 0, &mac, &iv, &key, sequence.data());
    const bool modern = gnutls_protocol_get_version(session_) == GNUTLS_TLS1_3;
    const std::string counted(reinterpret_cast<const char*>(sequence.data()), sequence.size());
    std::string nonce(reinterpret_cast<const char*>(iv.data), iv.size);
    std::string inside(content);
    std::string explicit_nonce;
    if (modern) {
      for (std::size_t i = 0; i < counted.size(); ++i)
        nonce[nonce.size() - 8 + i] = static_cast<char>(nonce[nonce.size() - 8 + i] ^ counted[i]);
      inside += type;
    } else {
      explicit_nonce = counted;
      nonce = nonce.substr(0, 4) + counted;  // RFC 5288 §3
    }
    const std::string head = (modern ? application_data : type) + std::string("\x03\x03");
    const std::string length = number(explicit_nonce.size() + inside.size() + 16, 2);
    const std::string with = modern ? head + length : counted + head + number(inside.size(), 2);
    gnutls_aead_cipher_hd_t cipher = nullptr;
    gnutls_aead_cipher_init(&cipher, GNUTLS_CIPHER_AES_128_GCM, &key);
    std::string out(inside.size() + 16, '\0');
    std::size_t size = out.size();
    gnutls_aead_cipher_encrypt(cipher, nonce.data(), nonce.size(), with.data(), with.size(), 16, inside.data(), inside.size(),
                               out.data(), &size);
    gnutls_aead_cipher_deinit(cipher);
    for (std::size_t i = sequence.size(); i > 0 && ++sequence[i - 1] == 0; --i) {
    }
    gnutls_record_set_state(session_, 0, sequence.data());
    return head + length + explicit_nonce + out;
  }

  /// What the server says as content until it ends the session or the connection.
  std::string until_close() {
    std::string all;
    std::array<char, 16384> room;
    for (;;) {
      const ssize_t n = gnutls_record_recv(session_, room.data(), room.size());
      if (n > 0) all.append(room.data(), static_cast<std::size_t>(n));
      if (n == GNUTLS_E_REHANDSHAKE || n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED || n == GNUTLS_E_WARNING_ALERT_RECEIVED) {
        if (!wire.timed_out) continue;
      }
      if (n <= 0) break;
    }
    last_alert = gnutls_alert_get(session_);
    EXPECT_FALSE(wire.timed_out) << "the server did not close; it said: " << all;
    return all;
  }

  raw wire;
  gnutls_alert_description_t last_alert = GNUTLS_A_CLOSE_NOTIFY;

 private:
  static ssize_t pull(gnutls_transport_ptr_t self, void* into, std::size_t room) {
    tls_attacker& a = *static_cast<tls_attacker*>(self);
    if (a.held_back_) {
      gnutls_transport_set_errno(a.session_, EAGAIN);
      return -1;
    }
    if (a.wire.received.empty() && !a.wire.receive()) return 0;
    const std::size_t n = a.wire.received.copy(static_cast<char*>(into), room);
    a.wire.received.erase(0, n);
    return static_cast<ssize_t>(n);
  }
  static ssize_t push(gnutls_transport_ptr_t self, const void* bytes, std::size_t n) {
    tls_attacker& a = *static_cast<tls_attacker*>(self);
    const std::string_view text(static_cast<const char*>(bytes), n);
    if (a.held_back_) {
      a.hello_ += text;
    } else {
      a.wire.send(text);
    }
    return static_cast<ssize_t>(n);
  }

  gnutls_session_t session_ = nullptr;
  gnutls_certificate_credentials_t nobody_ = nullptr;
  std::string hello_;
  bool held_back_ = false;
};

/// The arena with https.
class secure_arena : public arena {
 public:
  explicit secure_arena(const limits& caps = {}) : arena(caps) {
    files_.put("server", files_.authority.server({"127.0.0.1"}));
    app.certificate(files_.certificate("server"), files_.key("server"));
  }
  void open() {
    arena::open("https://127.0.0.1:0");
    const std::string url = app.addresses().back();
    https = static_cast<std::uint16_t>(std::atoi(url.c_str() + url.rfind(':') + 1));
  }
  /// By https, and without.
  bool serves_others_securely(const char* from = nullptr) const {
    tls_attacker other(https, tls_attacker::tls13, from);
    if (!other.shake_hands()) return false;
    other.send("GET / HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n");
    return other.until_close().ends_with("hello") && serves_others(from);
  }
  /// Until nobody is connected any more.
  bool empties() const {
    for (int i = 0; i < patience_ms && count("connections_open") > 0; ++i) ::poll(nullptr, 0, 1);
    return count("connections_open") == 0;
  }

  std::uint16_t https = 0;

 private:
  test::certificate_files files_;
};

}  // namespace parley::attack
