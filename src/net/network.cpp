// Listening and connecting, on whichever network the loop has.
#include "net/connect.hpp"
#include "net/datagram.hpp"
#include "net/listen.hpp"

namespace parley::net {

std::expected<std::unique_ptr<listener>, std::error_code> listen(loop& on, const endpoint& at, const listen_options& options) {
  return on.open_listener(at, options);
}

std::unique_ptr<pending> connect(loop& on, const endpoint& to, connect_callback done) {
  return on.open_connection(to, std::move(done));
}

std::expected<std::unique_ptr<datagram_socket>, std::error_code> open_datagrams(loop& on, const ip_endpoint& at,
                                                                                const datagram_options& options) {
  return on.open_datagram_socket(at, options);
}

}  // namespace parley::net
