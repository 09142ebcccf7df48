// One end of a talk by datagrams, for tests.
#pragma once

#include "net/datagram.hpp"

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace net_tests {

namespace net = parley::net;

struct arrived {
  net::ip_endpoint local;
  net::ip_endpoint remote;
  std::uint8_t ecn;
  std::string bytes;
};

class datagram_end final : public net::datagram_handler {
 public:
  explicit datagram_end(std::unique_ptr<net::datagram_socket> of) : socket(std::move(of)) { socket->start(this); }

  void on_datagrams(std::span<const net::datagram_run> runs) override {
    for (const net::datagram_run& run : runs) {
      for (std::size_t at = 0; at < run.bytes.size(); at += run.segment) {
        all.push_back({run.local, run.remote, run.ecn, std::string(run.bytes.substr(at, run.segment))});
      }
    }
    if (then) then();
  }
  void on_writable() override { ++writable; }
  void on_error(std::error_code what) override {
    errors.push_back(what);
    if (then) then();
  }

  /// Everything at once; false: the system did not take it all.
  bool send(const net::ip_endpoint& to, std::string_view bytes, std::size_t segment = 0, std::uint8_t ecn = 0,
            const net::ip_endpoint& from = {}) {
    const net::datagram_run run{from, to, ecn, segment == 0 ? bytes.size() : segment, bytes};
    net::send_place at;
    return socket->send({&run, 1}, at);
  }

  std::unique_ptr<net::datagram_socket> socket;
  std::vector<arrived> all;
  std::vector<std::error_code> errors;
  int writable = 0;
  std::function<void()> then;
};

inline net::ip_endpoint ip(const std::string& host, std::uint16_t port = 0) {
  return net::ip_endpoint(net::endpoint{host, port, false});
}

}  // namespace net_tests
