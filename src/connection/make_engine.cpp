#include "connection/make_engine.hpp"

#include "h1/connection.hpp"
#include "h1/violations.hpp"
#include "h2/connection.hpp"
#include "h2/message_faults.hpp"
#include "h3/connection.hpp"
#include "h3/message_faults.hpp"

#include <utility>

namespace parley::connection {

std::unique_ptr<engine::byte_engine> make_http1_engine(engine::role as, const limits& caps, http1_options how,
                                                       engine::time_point now) {
  h1::options chosen;
  chosen.allow_http09 = how.allow_http09;
  chosen.secure = how.secure;
  return std::make_unique<h1::connection>(as, caps, chosen, now);
}

namespace {
h2::options http2_choice(http2_options how) {
  h2::options chosen;
  chosen.push = how.push;
  chosen.extended_connect = how.extended_connect;
  chosen.any_scheme = how.any_scheme;
  chosen.secure = how.secure;
  chosen.seed = how.seed;
  return chosen;
}
}  // namespace

std::unique_ptr<engine::byte_engine> make_http2_engine(engine::role as, const limits& caps, http2_options how,
                                                       engine::time_point now) {
  return std::make_unique<h2::connection>(as, caps, http2_choice(how), now);
}

std::expected<std::unique_ptr<engine::byte_engine>, engine::protocol_error> make_upgraded_http2_engine(
    engine::role as, const limits& caps, http2_options how, parley::method::id method, std::string_view settings,
    engine::time_point now) {
  auto made = std::make_unique<h2::connection>(as, caps, http2_choice(how), now);
  const auto id = made->upgraded(method, settings, now);
  if (!id) return std::unexpected(id.error());
  return made;
}

std::unique_ptr<engine::stream_engine> make_http3_engine(engine::role as, const limits& caps, http3_options how,
                                                         engine::time_point now) {
  h3::options chosen;
  chosen.push = how.push;
  chosen.extended_connect = how.extended_connect;
  chosen.any_scheme = how.any_scheme;
  chosen.datagrams = how.datagrams;
  chosen.seed = how.seed;
  chosen.request_streams = how.request_streams;
  if (!how.remembered.empty()) {
    h3::settings kept;
    if (h3::read_settings(kept, how.remembered) == nullptr) chosen.remembered = kept;
  }
  return std::make_unique<h3::connection>(as, caps, std::move(chosen), now);
}

std::string http3_settings(const engine::stream_engine& of) {
  const h3::settings* const said = static_cast<const h3::connection&>(of).peer_settings();
  return said != nullptr ? h3::to_bytes(*said) : std::string();
}

std::span<const engine::protocol_error* const> http1_violations() { return h1::violation::all; }

std::span<const engine::protocol_error* const> http2_violations() { return h2::all_faults(); }

std::span<const engine::protocol_error* const> http3_violations() { return h3::all_faults(); }

std::span<const std::string_view> qpack_violations() { return h3::qpack_fault_names(); }

}  // namespace parley::connection
