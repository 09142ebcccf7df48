#include "client/secure.hpp"

#include "client/errors.hpp"

#include <utility>

namespace parley::fetching {

namespace {

// The connect timeout of the fetch comes first; this is the stream's own, which it must have.
constexpr std::chrono::hours no_limit{24};

tls::destination destination_of(const origin& to) {
  std::string host = to.host;
  // A name that is spelled from the root is the same one in a certificate without its dot (RFC 6066 §3).
  if (host.size() > 1 && host.ends_with('.')) host.pop_back();
  return {std::move(host), to.port, protocols_of(to.version)};
}

}  // namespace

std::vector<std::string> protocols_of(parley::version v) {
  // A 1.0 request may also go over what was settled as 1.1, which is all that some servers know.
  if (v <= http1_0) return {"http/1.0", "http/1.1"};
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

task<std::unique_ptr<net::byte_stream>> open_stream(net::loop& on, const origin& to, tls_setup& with, const connect_report& report,
                                                    progress& at) {
  // First, since what is wrong with them needs no connection to be seen.
  std::shared_ptr<const tls::client_credentials> credentials;
  if (to.secure) credentials = with.credentials(to.verify);
  auto connecting = connect_to(on, to, report, at);
  std::unique_ptr<net::byte_stream> stream = co_await connecting;
  if (!to.secure) co_return stream;

  at.at = step::securing;
  report.securing();
  auto secured = std::make_unique<connection::tls_stream>(on, std::move(stream), std::move(credentials), destination_of(to));
  handshake_operation shaking(*secured);
  tls::error wrong = co_await shaking;
  report.secured(secured->session(), wrong);
  if (wrong) throw handshake_failed(to, wrong, with.local_trouble());
  std::unique_ptr<net::byte_stream> result = std::move(secured);
  co_return result;
}

}  // namespace parley::fetching
