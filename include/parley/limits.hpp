// Every cap in one place (design: "safe on the open internet" by default).
#pragma once

#include <parley/config.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace parley {

/// What a peer may cost. Sizes in bytes. A limit of the protocol that fires is named in the trace.
struct limits {
  // --- heads -------------------------------------------------------------------------------------------------------------
  /// The longest request line (or status line): above it 414 for a request (RFC 9112 §3).
  std::size_t start_line = 8 * 1024;
  /// The longest field line: above it 431 (RFC 6585 §5).
  std::size_t field_line = 16 * 1024;
  /// All of a head, start line included: above it 431.
  std::size_t head = 64 * 1024;
  /// The number of field lines in a head: above it 431.
  std::size_t field_count = 100;
  /// Empty lines that are skipped before a request line (RFC 9112 §2.2).
  std::size_t leading_empty_lines = 2;
  /// Interim responses before a final one, at a client.
  std::size_t informational = 16;

  // --- content -----------------------------------------------------------------------------------------------------------
  /// A chunk's size line with its extensions: above it 400.
  std::size_t chunk_line = 256;
  /// All chunk extensions of one message together: above it 400.
  std::size_t chunk_extensions = 4 * 1024;
  /// All trailer lines of a message together: above it 431.
  std::size_t trailers = 8 * 1024;
  /// The number of trailer lines: above it 431.
  std::size_t trailer_count = 32;
  /// The content that is collected before a handler that takes `const request&`, or by `text()` and `json()`: above it 413.
  std::size_t content = 1024 * 1024;
  /// Content that a handler left unread is read and dropped up to this much, to keep the connection; above it the connection closes.
  std::size_t drain = 64 * 1024;

  // --- buffers -----------------------------------------------------------------------------------------------------------
  /// Received content that waits for its reader, for each exchange; then nothing more is read (or no credit is given).
  std::size_t receive_window = 64 * 1024;
  /// Content that waits to be sent, for each exchange; then writing waits.
  std::size_t send_window = 128 * 1024;

  // --- time --------------------------------------------------------------------------------------------------------------
  /// From the opening of a TLS connection to the end of its handshake: then a close.
  std::chrono::milliseconds handshake_time{10'000};
  /// From the first byte of a head (or the opening of a connection) to its end: then 408 and a close.
  std::chrono::milliseconds head_time{10'000};
  /// Without a request on a kept-alive connection: then a close.
  std::chrono::milliseconds idle_time{60'000};
  /// Without any progress of content, in either direction: then the exchange is reset. Also the time that a peer may lag behind the
  /// two rates below.
  std::chrono::milliseconds stall_time{30'000};
  /// The least rate, in bytes per second, at which a client must send content that is wanted (at a server; 0: any). Content begins with
  /// `stall_time` in store; each byte adds the time that it takes at this rate, up to `stall_time` again: then 408 and a close.
  std::size_t receive_rate = 240;
  /// The same for what a client must take of what waits to be sent to it (at a server; 0: any), as its TCP acknowledges it: then the
  /// connection is reset.
  std::size_t send_rate = 240;
  /// For reading content that a handler left unread (see `drain`), in all: then a close.
  std::chrono::milliseconds discard_time{5'000};
  /// After the peer has ended its direction with its request complete (a half-close), what runs for it may still finish this long;
  /// then the peer counts as gone.
  std::chrono::milliseconds half_close_time{5'000};
  /// From the end of a connection's last response until its peer closes (RFC 9112 §9.6, the staged close).
  std::chrono::milliseconds linger_time{2'000};

  // --- HTTP/2 --------------------------------------------------------------------------------------------------------------
  /// Exchanges at once on one connection, at a server (SETTINGS_MAX_CONCURRENT_STREAMS, RFC 9113 §5.1.2). One counts until its handler has
  /// ended, also when its client has reset it. Above it: REFUSED_STREAM.
  std::size_t streams = 128;
  /// Responses that are being pushed at once on one connection (RFC 9113 §8.4): what a server sends, and what a client takes.
  std::size_t pushes = 32;
  /// Received content that waits for its readers, all exchanges of a connection together: what the connection's flow-control window may
  /// grow to. An exchange's own window starts at 64 KiB or `receive_window`, whichever is less, and grows up to this one for a reader
  /// that keeps up.
  std::size_t connection_receive_window = 1024 * 1024;
  /// Content that waits to be sent, all exchanges of a connection together; then writing waits.
  std::size_t connection_send_window = 1024 * 1024;
  /// Content that is collected at once, all exchanges of a connection together, before plain handlers or by `text()` and `json()` (see
  /// `content`), at a server. What does not fit waits: its client gets no further credit until others have ended; nothing is refused.
  /// Beyond it, each exchange that waits has at most the window that it began with. Where `content` is larger, that is the limit.
  std::size_t connection_content = 8 * 1024 * 1024;
  /// The HPACK table that a peer may use to shorten its fields (SETTINGS_HEADER_TABLE_SIZE), and the most that is kept for ours.
  std::size_t field_table = 4096;
  /// The largest frame that is taken (SETTINGS_MAX_FRAME_SIZE), 16,384 to 16,777,215: above it FRAME_SIZE_ERROR.
  std::size_t frame = 16 * 1024;
  /// CONTINUATION frames of one field block: above it ENHANCE_YOUR_CALM.
  std::size_t continuations = 8;
  /// Until the peer has acknowledged our SETTINGS: then SETTINGS_TIMEOUT.
  std::chrono::milliseconds settings_time{10'000};
  /// Exchanges that a peer may cancel, or make us cancel by breaking rules, within `budget_time`: above it ENHANCE_YOUR_CALM. The budget
  /// is refilled evenly. A browser that leaves a page cancels all of it, some hundred images maybe, and a person may leave several
  /// pages within seconds; 1,000 and 33 a second are what nghttp2 allows, so clients know them. Each costs its peer more than us: what was
  /// begun for it is bounded by `streams`.
  std::size_t resets = 1'000;
  /// Frames that bring nothing forward (PING, SETTINGS, PRIORITY_UPDATE, empty DATA, tiny WINDOW_UPDATE, unknown ones...) within `budget_time`: above
  /// it ENHANCE_YOUR_CALM.
  std::size_t glitches = 1'000;
  /// In which the two budgets above are refilled.
  std::chrono::milliseconds budget_time{30'000};

  // --- HTTP/3 and QUIC ----------------------------------------------------------------------------------------------------
  /// Without any packet from the peer a QUIC connection is gone (RFC 9000 §10.1).
  std::chrono::milliseconds quic_idle_time{30'000};
  /// QUIC connections of one loop whose handshake is not done: above it new ones are not answered. A silent client occupies its place
  /// for `handshake_time`.
  std::size_t quic_half_open = 1'000;
  /// Above so many of them a new client must first show that it receives at its address (Retry, RFC 9000 §8.1.2).
  std::size_t quic_retry_above = 100;
  /// Answers per second and loop to datagrams that belong to no connection: above it they are dropped. Retry has so many for itself, and
  /// version negotiation, refusals and stateless resets have as many together.
  std::size_t quic_stateless_replies = 1'000;
  /// Address tokens of earlier connections (NEW_TOKEN, RFC 9000 §8.1.3) that clients have used within their hour, and that one server
  /// remembers so that none is good twice, all loops together; where it is full, tokens prove nothing.
  std::size_t quic_tokens = 64 * 1024;
  /// Early data (0-RTT) that one server remembers in order to refuse replays, all loops together; where it is full, early data is refused
  /// and the client sends again after the handshake.
  std::size_t early_data_replays = 64 * 1024;
  /// Unidirectional streams that a peer may have open at once, those of its pushes not counted (RFC 9114 §6.2 needs three).
  std::size_t unidirectional_streams = 16;
  /// Streams whose heads may wait for entries of the QPACK table (SETTINGS_QPACK_BLOCKED_STREAMS): above it QPACK_DECOMPRESSION_FAILED.
  std::size_t blocked_streams = 16;
  /// How long such a head, or a push stream whose promise has not come, may wait: then its stream is reset.
  std::chrono::milliseconds blocked_time{5'000};
  /// The largest frame on a control stream: above it H3_EXCESSIVE_LOAD.
  std::size_t control_frame = 4 * 1024;
  /// What was sent and is not yet acknowledged, all exchanges of a connection together, and so is kept; then writing waits.
  std::size_t unacknowledged = 4 * 1024 * 1024;
  /// HTTP datagrams (RFC 9297) that wait for their reader, all exchanges of a connection together; more are dropped.
  std::size_t datagrams = 64;

  // --- a connection, a server ---------------------------------------------------------------------------------------------
  /// Requests on one connection; the last answer says `Connection: close`, in HTTP/2 GOAWAY is sent. Memory does not grow with them, so
  /// this is no defence: it lets long-lived connections find their way to another server behind a balancer now and then. It is as
  /// large as it is because a load of 100,000 requests a second, such as h2load's, would meet a lower one within seconds, and
  /// not each client sends again what comes behind a GOAWAY.
  std::uint64_t requests_per_connection = 10'000'000;
  /// The memory in which a server keeps small files (parley/files.hpp), all loops together; 0 keeps none.
  std::size_t file_cache = 32 * 1024 * 1024;
  /// How many files it keeps there at most.
  std::size_t file_cache_entries = 8 * 1024;
  /// Connections at once, for the whole server; above it new ones wait in the kernel's queue. A server takes fewer when the process
  /// may not open as many files (RLIMIT_NOFILE).
  std::size_t connections = 20'000;
  /// Connections at once from one IPv4 address or one /64 network of IPv6, for the whole server; more are reset at once, without an
  /// answer. 0: any number. The default is far above what people behind one shared address open; a proxy in front of the server
  /// opens all connections from its own address, and wants 0.
  std::size_t connections_per_address = 1'000;
  /// TLS handshakes that one address (as above) may begin per second, with ten seconds' worth in store; more connections are reset before
  /// any of the costly part. 0: any number.
  std::size_t handshakes_per_address = 50;
  /// Whether `connections_per_address` and `handshakes_per_address` count this machine's own
  /// addresses (127.0.0.0/8, ::1) too. Off: most often a proxy is there.
  /// Unix sockets are never counted.
  bool count_loopback = false;

  bool operator==(const limits&) const = default;
};

}  // namespace parley
