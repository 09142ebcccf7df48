#include "client/secure.hpp"

#include "client/errors.hpp"

#include <utility>

namespace parley::fetching {

namespace {

// The connect timeout of the fetch comes first; this is the stream's own, which it must have.
constexpr std::chrono::hours no_limit{24};

}  // namespace

tls::destination destination_of(const origin& to, std::vector<std::string> protocols) {
  std::string host = to.host;
  // A name that is spelled from the root is the same one in a certificate without its dot (RFC 6066 §3).
  if (host.size() > 1 && host.ends_with('.')) host.pop_back();
  return {std::move(host), to.port, std::move(protocols)};
}

std::vector<std::string> protocols_of(const origin& to) {
  if (to.open_to_any()) return {"h2", "http/1.1"};
  if (to.version == http2) return {"h2"};
  // A 1.0 request may also go over what was settled as 1.1, which is all that some servers know.
  if (to.version <= http1_0) return {"http/1.0", "http/1.1"};
  return {"http/1.1"};
}

void handshake_operation::start() {
  stream_.handshake({.handshake = no_limit}, [this](const tls::error& why) {
    error_ = why;
    complete();
  });
}

tls::error handshake_operation::await_resume() {
  finish();
  return std::move(error_);
}

task<opened_stream> open_stream(net::loop& on, const origin& to, std::vector<net::endpoint> addresses, tls_setup& with,
                                const connect_report& report, progress& at) {
  auto connecting = connect_to_one(on, to, std::move(addresses), report, at);
  std::unique_ptr<net::byte_stream> stream = co_await connecting;
  auto securing = secure_stream(on, to, std::move(stream), with, report, at);
  opened_stream result = co_await securing;
  co_return result;
}

task<opened_stream> secure_stream(net::loop& on, const origin& to, std::unique_ptr<net::byte_stream> stream, tls_setup& with,
                                  const connect_report& report, progress& at) {
  opened_stream result;
  if (!to.secure) {
    result.stream = std::move(stream);
    co_return result;
  }
  at.at = step::securing;
  report.securing();
  auto credentials = with.credentials(to.verify);
  auto secured =
      std::make_unique<connection::tls_stream>(on, std::move(stream), std::move(credentials), destination_of(to, protocols_of(to)));
  handshake_operation shaking(*secured);
  tls::error wrong = co_await shaking;
  report.secured(secured->session(), wrong);
  if (wrong) throw handshake_failed(to, wrong, with.local_trouble());
  // RFC 9113 §3.2: HTTP/2 over TLS is agreed upon, never assumed.
  const std::string_view settled = secured->session().protocol();
  if (to.version == http2 && settled != "h2") throw no_http2(to, settled);
  result.tls = secured.get();
  result.stream = std::move(secured);
  co_return result;
}

}  // namespace parley::fetching
