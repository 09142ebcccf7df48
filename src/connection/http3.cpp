#include "connection/http3.hpp"

#if PARLEY_QUIC
#include "quic/ending.hpp"
#include "quic/library.hpp"
#include "quic/settings.hpp"
#endif

#include <utility>

// The one place that knows whether there is QUIC.

namespace parley::connection {

#if PARLEY_QUIC

std::unique_ptr<http3_listener> make_quic_listener(net::loop& on, std::unique_ptr<net::datagram_socket> socket,
                                                   http3_listener_setup setup, http3_owner& owner, exchange_owner& dispatch,
                                                   const limits& caps, base::unique_function<std::uint64_t()> ids);

std::unique_ptr<http_connection> make_quic_client(net::loop& on, std::unique_ptr<net::datagram_socket> socket,
                                                  http3_client_setup setup, exchange_owner& owner, const limits& caps,
                                                  std::uint64_t id, http3_ready ready);

bool has_http3() { return true; }

std::string quic_library() { return quic::library(); }

std::span<const std::string_view> quic_violations() { return quic::transport_violation_names; }

std::unique_ptr<http_connection> make_http3_client(net::loop& on, std::unique_ptr<net::datagram_socket> socket,
                                                   http3_client_setup setup, exchange_owner& owner, const limits& caps,
                                                   std::uint64_t id, http3_ready ready) {
  return make_quic_client(on, std::move(socket), std::move(setup), owner, caps, id, std::move(ready));
}

std::string make_http3_keys(base::random_source& random) { return quic::endpoint_keys::make(random).bytes(); }

std::unique_ptr<http3_listener> make_http3_listener(net::loop& on, std::unique_ptr<net::datagram_socket> socket,
                                                    http3_listener_setup setup, http3_owner& owner, exchange_owner& dispatch,
                                                    const limits& caps, base::unique_function<std::uint64_t()> ids) {
  return make_quic_listener(on, std::move(socket), std::move(setup), owner, dispatch, caps, std::move(ids));
}

#else

bool has_http3() { return false; }

std::string quic_library() { return {}; }

std::span<const std::string_view> quic_violations() { return {}; }

std::string make_http3_keys(base::random_source&) { return {}; }

std::unique_ptr<http3_listener> make_http3_listener(net::loop&, std::unique_ptr<net::datagram_socket>, http3_listener_setup,
                                                    http3_owner&, exchange_owner&, const limits&,
                                                    base::unique_function<std::uint64_t()>) {
  return nullptr;
}

std::unique_ptr<http_connection> make_http3_client(net::loop&, std::unique_ptr<net::datagram_socket>, http3_client_setup,
                                                   exchange_owner&, const limits&, std::uint64_t, http3_ready) {
  return nullptr;
}

#endif

}  // namespace parley::connection
