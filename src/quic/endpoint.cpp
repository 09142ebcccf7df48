#include "quic/endpoint.hpp"

#include "quic/endpoint_tables.hpp"

#include <algorithm>
#include <utility>

// Connections by their ids, from the first to after the last. What belongs to none is answered in endpoint_answers.cpp.

namespace parley::quic {
namespace {

// A flood of connections that open and close at once must not be remembered without end.
constexpr std::size_t most_closed = 4096;

std::uint32_t mask_key_of(const endpoint_keys& keys) {
  std::uint32_t key = 0;
  for (std::size_t i = 0; i < 4; ++i) key = key << 8 | static_cast<std::uint32_t>(keys.reset[i] ^ keys.token[i]);
  return key;
}

}  // namespace

endpoint::endpoint(endpoint_settings settings, base::random_source& random, time_point now)
    : settings_(std::move(settings)), random_(random), mask_(mask_key_of(settings_.keys)), tables_(std::make_unique<tables>()),
      retries_{static_cast<double>(settings_.transport.limits.quic_stateless_replies), now}, replies_(retries_) {
  settings_.loops = std::clamp(settings_.loops, 1U, most_loops);
  if (settings_.tokens != nullptr) return;
  own_tokens_ = std::make_unique<base::spent_keys>(settings_.transport.limits.quic_tokens, settings_.token_life);
  settings_.tokens = own_tokens_.get();
}

endpoint::~endpoint() = default;

std::size_t endpoint::connections() const { return tables_->live; }

std::size_t endpoint::ids() const { return tables_->ids.size(); }

void endpoint::replace_credentials(std::shared_ptr<const tls::server_credentials> by) { settings_.credentials = std::move(by); }

// --- ids -----------------------------------------------------------------------------------------------------------------------

std::vector<connection_id> endpoint::ids_of(const connection& which) {
  ngtcp2_conn* const conn = which.native_->conn;
  std::vector<ngtcp2_cid> from(ngtcp2_conn_get_scid(conn, nullptr));
  ngtcp2_conn_get_scid(conn, from.data());
  std::vector<connection_id> ids;
  ids.reserve(from.size() + 1);
  for (const ngtcp2_cid& one : from) ids.emplace_back(view_of(one));
  // ngtcp2 knows this one too, but only after a packet that decrypts.
  ids.push_back(which.native_->first_known_as);
  return ids;
}

void endpoint::add(const connection_id& id, connection& of) { tables_->ids[std::string(id.view())] = {&of, nullptr}; }

void endpoint::remove(const connection_id& id) {
  if (const auto at = tables_->ids.find(id.view()); at != tables_->ids.end()) tables_->ids.erase(at);
}

void endpoint::arrived(connection& which, const connection_id& ours, const connection_id& theirs) {
  ++tables_->live;
  ++half_open_;
  which.native_->half_open = true;
  which.native_->first_known_as = theirs;
  add(ours, which);
  add(theirs, which);
}

void endpoint::settled(connection& which) {
  if (std::exchange(which.native_->half_open, false)) --half_open_;
}

void endpoint::gone(connection& which) {
  settled(which);
  --tables_->live;
  for (const connection_id& id : ids_of(which)) {
    const auto at = tables_->ids.find(id.view());
    if (at != tables_->ids.end() && at->second.live == &which) tables_->ids.erase(at);
  }
}

void endpoint::keep_closed(connection& which, std::string packet, time_point until) {
  if (tables_->closed.size() >= most_closed) forget_oldest();
  auto kept = std::make_unique<closed_connection>();
  kept->ids = ids_of(which);
  kept->packet = std::move(packet);
  kept->until = until;
  for (const connection_id& id : kept->ids) {
    const auto at = tables_->ids.find(id.view());
    if (at != tables_->ids.end() && at->second.live == &which) at->second = {nullptr, kept.get()};
  }
  tables_->closed.push_back(std::move(kept));
}

void endpoint::forget_oldest() {
  const closed_connection& oldest = *tables_->closed.front();
  for (const connection_id& id : oldest.ids) {
    const auto at = tables_->ids.find(id.view());
    if (at != tables_->ids.end() && at->second.closed == &oldest) tables_->ids.erase(at);
  }
  tables_->closed.pop_front();
}

// --- new ones --------------------------------------------------------------------------------------------------------------------

std::unique_ptr<connection> endpoint::accept(engine::stream_engine& engine, time_point now, event_taker* taker) {
  if (!tables_->first) return nullptr;
  const accepted_initial first = *std::exchange(tables_->first, std::nullopt);
  auto made = connection::accept(*this, first, engine, taker, now);
  if (made->native_->wants_retry) send_retry(first, now);
  if (made->why().by == ending::cause::dropped) {
    ++counters_.garbage;
    return nullptr;
  }
  ++counters_.accepted;
  return made;
}

// --- time ------------------------------------------------------------------------------------------------------------------------

// Nearly in the order of their ends, since a probe timeout is a few round trips: one that waits for another's end does no harm.
std::optional<time_point> endpoint::deadline() const {
  if (tables_->closed.empty()) return std::nullopt;
  return tables_->closed.front()->until;
}

void endpoint::expired(time_point now) {
  while (!tables_->closed.empty() && tables_->closed.front()->until <= now) forget_oldest();
}

}  // namespace parley::quic
