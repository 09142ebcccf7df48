// From a connected byte stream to one that TLS protects.
#pragma once

#include "client/connector.hpp"
#include "client/plan.hpp"
#include "client/progress.hpp"
#include "client/tls_setup.hpp"
#include "connection/tls_stream.hpp"
#include "net/loop.hpp"
#include "net/stream.hpp"
#include "tls/error.hpp"

#include <parley/task.hpp>

#include <memory>
#include <string>
#include <vector>

namespace parley::fetching {

/// The application protocols (RFC 7301) by which versions are asked for, the favourite first.
[[nodiscard]] std::vector<std::string> protocols_of(const origin& to);

/// Whom TLS is to be with.
[[nodiscard]] tls::destination destination_of(const origin& to, std::vector<std::string> protocols);

/// A client's handshake.
class handshake_operation final : public parley::detail::operation {
 public:
  explicit handshake_operation(connection::tls_stream& on) : stream_(on) {}
  /// What went wrong, if anything did.
  tls::error await_resume();

 private:
  void start() override;
  void cancel() noexcept override { stream_.abort(); }

  connection::tls_stream& stream_;
  tls::error error_;
};

struct opened_stream {
  std::unique_ptr<net::byte_stream> stream;
  const connection::tls_stream* tls = nullptr;  // the same, where it is one
};

/// A stream to `to` at one of its addresses: connected, and for https secured. Throws `fetch_error` (connect, tls, certificate,
/// credentials, not_supported). `to`, `with`, `report` and `at` must outlive the task.
[[nodiscard]] task<opened_stream> open_stream(net::loop& on, const origin& to, std::vector<net::endpoint> addresses,
                                              tls_setup& with, const connect_report& report, progress& at);

/// The same above a stream that is there: secured for https, else as it is.
[[nodiscard]] task<opened_stream> secure_stream(net::loop& on, const origin& to, std::unique_ptr<net::byte_stream> stream,
                                                tls_setup& with, const connect_report& report, progress& at);

}  // namespace parley::fetching
