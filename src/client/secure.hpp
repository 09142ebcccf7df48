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

/// The application protocols (RFC 7301) by which a version is asked for, the favourite first.
[[nodiscard]] std::vector<std::string> protocols_of(parley::version v);

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

/// A stream to `to`: connected, and for https secured. Throws `fetch_error` (resolve, connect, tls, certificate, credentials).
/// `to`, `with`, `report` and `at` must outlive the task.
[[nodiscard]] task<std::unique_ptr<net::byte_stream>> open_stream(net::loop& on, const origin& to, tls_setup& with,
                                                                  const connect_report& report, progress& at);

}  // namespace parley::fetching
