// A TLS session of either role, without a socket: ciphertext and plaintext go in and out as bytes in memory.
#pragma once

#include "base/buffer.hpp"
#include "tls/credentials.hpp"
#include "tls/error.hpp"
#include "tls/session_facts.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley::tls {

/// Whom a client means to reach.
struct destination {
  /// A DNS name (A-labels) or an address without brackets. It is what the certificate must be for, and, being a name, what is told to
  /// the server (SNI, RFC 6066 §3).
  std::string host;
  std::uint16_t port = 443;
  /// Application protocols offered, the favourite first.
  std::vector<std::string> protocols;
};

/// One thread at a time. Its memory is bounded: one record of at most 16 KiB or one handshake message each way, and the output
/// that its owner lets gather. So is what it takes without a byte of content among it, in the handshake and after it: twice the largest
/// message, which for a server that asks for no certificate is 64 KiB, and else 192 KiB.
class session : public session_facts {
 public:
  /// A server's end.
  explicit session(std::shared_ptr<const server_credentials> with);
  /// A client's end. It begins at once: `output` has its first flight.
  session(std::shared_ptr<const client_credentials> with, destination to);
  session(const session&) = delete;
  session& operator=(const session&) = delete;
  ~session();

  // --- in --------------------------------------------------------------------------------------------------------------------
  struct progress {
    std::size_t used = 0;       // bytes of ciphertext that were taken
    std::size_t plaintext = 0;  // bytes put into `into`
  };
  /// Goes on with the handshake, or decrypts. It stops when `ciphertext` is used up (the beginning of a record is kept inside), when
  /// `into` is full, when the peer has ended, and at an error. What was not used must come again. It may make output: handshake
  /// messages, alerts, key updates.
  progress receive(std::string_view ciphertext, std::span<char> into);
  /// The transport has ended: an error, unless the peer had said goodbye.
  void receive_eof();
  /// Plaintext waits inside, for a `receive` with room (and maybe no ciphertext).
  [[nodiscard]] bool has_plaintext() const;

  // --- out -------------------------------------------------------------------------------------------------------------------
  /// So many bytes of plaintext will be sent before `output` is taken: its memory is made large enough at once.
  void expect(std::size_t plaintext);
  /// Encrypts all of it, as one record for each 16 KiB (or less, when the peer asked for less). False: not open, or an error.
  bool send(std::string_view plaintext);
  /// Says that we send no more (close_notify); reading goes on.
  void send_close();
  /// Ciphertext for the transport. Valid until the next call that is not `const`.
  [[nodiscard]] std::string_view output() const { return out_.readable(); }
  [[nodiscard]] bool has_output() const { return !out_.empty(); }
  /// The transport took so many bytes of it. When all is taken, its memory is given back.
  void written(std::size_t n);

  // --- how it stands ---------------------------------------------------------------------------------------------------------
  /// The handshake is done: `send` and `receive` carry plaintext.
  [[nodiscard]] bool open() const { return state_ == state::open; }
  [[nodiscard]] bool handshaking() const { return state_ == state::handshaking; }
  [[nodiscard]] bool failed() const { return state_ == state::failed; }
  /// The peer's close_notify came, and all plaintext before it was given out.
  [[nodiscard]] bool peer_closed() const { return peer_closed_; }
  [[nodiscard]] bool close_sent() const { return close_sent_; }
  /// Why it failed. A failed session may have output still: the alert that tells the peer.
  [[nodiscard]] const error& failure() const { return error_; }

  /// Server: the name the client asked for; client: the name it told. Empty before the handshake, as all of `session_facts`.
  [[nodiscard]] std::string server_name() const;

  struct callbacks;  // GnuTLS's into us

 private:
  static constexpr std::uint8_t most_warnings = 8;
  enum class state : std::uint8_t { handshaking, open, failed };

  void begin(unsigned flags);
  void go_on();
  void decrypt(std::span<char> into, std::size_t& got);
  void handshake_done();
  void pay(const progress& done);
  void fail(int code);
  void fail(error why);
  void keep_for_resumption();
  [[nodiscard]] std::string cache_key() const;

  std::shared_ptr<const server_credentials> server_;
  std::shared_ptr<const client_credentials> client_;
  std::unique_ptr<destination> to_;  // a client's
  std::string_view in_;              // during `receive` only
  base::buffer out_;
  error error_;
  state state_ = state::handshaking;
  std::uint8_t warnings_ = 0;          // alerts that are none, from the peer
  std::uint32_t largest_message_ = 0;  // of a handshake
  std::uint32_t without_content_ = 0;  // bytes since the last content
  bool eof_ = false;
  bool peer_closed_ = false;
  bool close_sent_ = false;
  bool ticket_came_ = false;  // client
  bool ticket_due_ = false;   // server
  bool out_of_memory_ = false;
};

}  // namespace parley::tls
