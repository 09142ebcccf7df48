// The sentences of fetch_error: each names the host, the step, the reason, and where there is one the way out.
#pragma once

#include "client/plan.hpp"
#include "client/progress.hpp"
#include "engine/protocol_error.hpp"
#include "tls/error.hpp"

#include <parley/client.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace parley::fetching {

/// An address that was tried in vain.
struct failed_address {
  std::string address;
  std::error_code error;
};

/// An address to which no QUIC connection came about.
struct failed_dial {
  std::string address;
  std::error_code error;
  tls::error tls;
  std::string reason;  // the server's own words, maybe
};

/// How much of a response had arrived when its connection was lost.
struct received_part {
  bool head = false;
  std::uint64_t bytes = 0;
  std::optional<std::uint64_t> of;  // where the length was announced
};

[[nodiscard]] fetch_error resolve_failed(const origin& to, std::error_code error);
/// `client::addresses` takes none of its addresses.
[[nodiscard]] fetch_error not_allowed(const origin& to);
[[nodiscard]] fetch_error connect_failed(const origin& to, const std::vector<failed_address>& tried);
/// `local_trouble`: why the local authority could not be asked, if so.
[[nodiscard]] fetch_error handshake_failed(const origin& to, const tls::error& why, const std::string& local_trouble);
/// HTTP/3 was to be spoken and nothing else.
[[nodiscard]] fetch_error http3_failed(const origin& to, const std::vector<failed_dial>& tried, const std::string& local_trouble);
/// The whole fetch, or its way to a connection, took longer than it may.
[[nodiscard]] fetch_error out_of_time(const origin& to, const progress& at, std::chrono::milliseconds limit, bool of_connecting);
/// What the engine says about a lost exchange; nothing when the connection just went, maybe for a reason `below` it.
[[nodiscard]] fetch_error exchange_lost(const origin& to, parley::version spoken, const engine::protocol_error* why,
                                        std::error_code below, const received_part& got, const limits& caps);
/// The server did not agree on HTTP/2, which was to be spoken and nothing else; `settled` is what it picked instead.
[[nodiscard]] fetch_error no_http2(const origin& to, std::string_view settled);
[[nodiscard]] fetch_error protocol_switched(const origin& to, const semantics::response_head& head);
/// The server has announced that it takes no head as large as the request's.
[[nodiscard]] fetch_error fields_too_large(const origin& to, parley::version spoken);
/// The proxy opened no tunnel.
[[nodiscard]] fetch_error tunnel_refused(const origin& to, const semantics::response_head& answer);
[[nodiscard]] fetch_error more_than_collected(const origin& to, std::size_t limit);

/// `2 s`, `250 ms`.
[[nodiscard]] std::string in_words(std::chrono::milliseconds t);
/// What went wrong below, in lower case, and what to look at: `connection refused (is the server running?)`.
[[nodiscard]] std::string in_words(std::error_code error);
/// The same of a QUIC connection.
[[nodiscard]] std::string in_words(const failed_dial& why);
/// And of several: said once where it is the same.
[[nodiscard]] std::string in_words(const std::vector<failed_dial>& tried);

}  // namespace parley::fetching
