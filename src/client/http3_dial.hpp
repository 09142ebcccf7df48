// From addresses to a QUIC connection: tried one after the other with overlap; the first whose handshake is done is used.
#pragma once

#include "base/function.hpp"
#include "client/connector.hpp"
#include "client/errors.hpp"
#include "client/links.hpp"
#include "client/plan.hpp"
#include "connection/http3.hpp"
#include "net/loop.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace parley::fetching {

class pool;

/// Destroying it gives up what it has begun.
class http3_dial final {
 public:
  /// Of each address, before the next is tried as well (RFC 8305 §8).
  static constexpr std::chrono::milliseconds head_start{250};
  /// The connection; none when every address has failed, see `failures`. Called once, never from within `start`.
  using done = base::unique_function<void(dialed)>;

  /// `in`, `to` and `report` outlive it.
  struct where {
    std::vector<net::endpoint> addresses;  // empty: those of `host` are looked up first
    std::string host;
    std::uint16_t port = 0;
    bool early = false;  // one that takes early data will do
  };
  http3_dial(pool& in, const origin& to, where there, const connect_report& report, done tell);
  http3_dial(const http3_dial&) = delete;
  http3_dial& operator=(const http3_dial&) = delete;
  ~http3_dial() { give_up(); }

  void start();
  /// `done` is not called any more.
  void give_up();
  /// The same, and what is under way counts as failed: nobody has answered.
  void time_out();
  [[nodiscard]] const std::vector<failed_dial>& failures() const { return failures_; }

 private:
  void ticket_first();
  void try_next();
  void ended(std::size_t index, const connection::http3_outcome& how);
  void use(std::size_t index, dialed made);
  void failed(std::size_t index, failed_dial why);
  void give_up_rest();
  void tell(dialed made);

  pool& pool_;
  const origin& to_;
  where there_;
  const connect_report& report_;
  done tell_;
  std::unique_ptr<net::pending> asked_;
  std::vector<dialed> attempts_;  // as many as were begun; none: ended
  std::vector<failed_dial> failures_;
  net::timer next_;
  std::shared_ptr<http3_dial*> alive_;  // for what comes late: null once it is given up
};

}  // namespace parley::fetching
