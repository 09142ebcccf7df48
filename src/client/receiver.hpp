// What a connection tells about one response: to the fetch that asked for it, or to a promised one.
#pragma once

#include "connection/exchange.hpp"
#include "engine/events.hpp"

#include <parley/method.hpp>

namespace parley::fetching {

class receiver : public connection::exchange {
 public:
  [[nodiscard]] virtual method asked() const = 0;
  virtual void on_response(engine::response_event&& event) = 0;
  virtual void on_received() = 0;
  virtual void on_too_large() = 0;
  virtual void on_lost() = 0;
};

}  // namespace parley::fetching
