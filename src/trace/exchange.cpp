#include "trace/exchange.hpp"

#include <parley/status.hpp>

#include <algorithm>
#include <utility>

namespace parley::trace {

/// What is known of a connection, and its exchanges under way: one in HTTP/1, many in later versions.
struct exchange_folder::connection_state {
  std::uint64_t id = 0;
  std::uint64_t exchanges = 0;  // so far
  exchange prototype;           // look-up and connect, handed to the first exchange
  bool has_prototype = false;
  bool shaken = false;  // QUIC: its handshake is done
  std::string peer;
  std::optional<time_point> first_in;  // of bytes that belong to no message yet
  std::optional<time_point> last_in;
  std::vector<exchange> open;

  void operator()(const recorded& one, const resolve_step& step);
  void operator()(const recorded& one, const connect_step& step);
  void operator()(const recorded& one, const handshake_step& step);
  void operator()(const recorded& one, const bytes_step& step);
  void operator()(const recorded& one, const head_step& step);
  void operator()(const recorded& one, const data_step& step);
  void operator()(const recorded& one, const trailers_step& step);
  void operator()(const recorded& one, const end_step& step);
  void operator()(const recorded&, const state_step&) {}
  void operator()(const recorded& one, const error_step& step);
  void operator()(const recorded& one, const close_step& step);
  void operator()(const recorded& one, const push_step& step);
  void operator()(const recorded& one, const frame_step& step);

  exchange& open_exchange(const recorded& one, engine::role role);
  exchange* find(engine::stream_id stream);
  message* find_message(engine::stream_id stream, direction way);
};

namespace {

/// A client sends requests, a server responses.
message& message_of(exchange& x, direction way) {
  return (way == direction::out) == (x.role == engine::role::client) ? x.request : x.response;
}

/// What else is sent on the connection meanwhile says nothing about this message.
bool multiplexed(const message& m) { return m.version >= parley::http2; }

/// Packets carry what is ready of all streams, so nobody says what of a message has left: making it ready stands for that.
bool over_quic(const message& m) { return m.version >= parley::http3; }

bool is_written(const exchange& x) {
  const message& out = x.role == engine::role::client ? x.request : x.response;
  if (multiplexed(out)) return out.flushed;
  // Framing only adds to this, so less means that more is to come.
  return out.ended && out.last_byte.has_value() && out.written >= out.head_bytes + out.content;
}

/// Its response ends an exchange: what may still come of a request that was answered early is dropped.
bool is_whole(const exchange& x) { return x.reset || (x.response.ended && (x.role == engine::role::client || is_written(x))); }

}  // namespace

void exchange_folder::connection_state::operator()(const recorded& one, const resolve_step& step) {
  has_prototype = true;
  prototype.host = step.host;
  if (!step.done) {
    prototype.resolve_started = one.time;
  } else {
    prototype.addresses = step.addresses;
    prototype.resolve_done = one.time;
  }
}

void exchange_folder::connection_state::operator()(const recorded& one, const connect_step& step) {
  has_prototype = true;
  auto& tried = prototype.attempts;
  auto at =
      std::ranges::find_if(tried, [&](const attempt& a) { return a.address == step.address && a.quic == step.quic && !a.done; });
  if (at == tried.end()) at = tried.insert(tried.end(), attempt{step.address, one.time, {}, {}, step.quic});
  if (step.done) {
    at->done = one.time;
    at->error = step.error;
    if (step.error.empty()) peer = step.address;
  }
}

void exchange_folder::connection_state::operator()(const recorded& one, const handshake_step& step) {
  // Early data goes before the handshake is done.
  const bool early = !open.empty() && open.front().request.version == parley::http3;
  has_prototype = has_prototype || !early;
  exchange& x = early ? open.front() : prototype;
  if (!x.tls) x.tls.emplace().started = one.time;
  if (!step.done) return;
  shaken = step.error.empty();
  x.tls->done = one.time;
  x.tls->about = step.about;
  x.tls->error = step.error;
  if (!step.error.empty()) x.error = step.error;
}

void exchange_folder::connection_state::operator()(const recorded& one, const bytes_step& step) {
  if (step.way == direction::in) {
    if (!first_in) first_in = one.time;
    last_in = step.last;
    return;
  }
  for (exchange& x : open) {
    message& out = message_of(x, direction::out);
    if (!out.begun || out.flushed) continue;
    if (!out.first_byte) out.first_byte = one.time;
    out.last_byte = step.last;
    out.written += step.size;
    // The end of a message is said when it is made ready, and what is ready is written next.
    out.flushed = multiplexed(out) && out.ended;
  }
}

exchange& exchange_folder::connection_state::open_exchange(const recorded& one, engine::role role) {
  exchange& x = open.emplace_back(std::exchange(prototype, {}));
  has_prototype = false;
  x.connection = one.connection;
  x.stream = one.stream;
  x.number = ++exchanges;
  x.role = role;
  x.peer = peer;
  return x;
}

exchange* exchange_folder::connection_state::find(engine::stream_id stream) {
  const auto at = std::ranges::find(open, stream, &exchange::stream);
  return at == open.end() ? nullptr : &*at;
}

message* exchange_folder::connection_state::find_message(engine::stream_id stream, direction way) {
  exchange* x = find(stream);
  return x == nullptr ? nullptr : &message_of(*x, way);
}

void exchange_folder::connection_state::operator()(const recorded& one, const head_step& step) {
  exchange* x = find(one.stream);
  if (x == nullptr) {
    // A response may come without a request that could be read: a server's 400.
    const bool at_client = step.is_request == (step.way == direction::out);
    x = &open_exchange(one, at_client ? engine::role::client : engine::role::server);
  }
  if (!step.is_request && parley::is_informational(step.status) && step.status != 101) {
    x->interim_heads.push_back(step.text);
    return;
  }
  if (step.is_request) x->early = step.version == parley::http3 && !shaken;
  message& m = step.is_request ? x->request : x->response;
  // `Upgrade: h2c`: the response to the same request follows in HTTP/2.
  if (!step.is_request && m.status == 101) x->interim_heads.push_back(std::exchange(m, {}).head);
  m.begun = true;
  m.head = step.text;
  m.head_bytes = step.wire_size;
  m.version = step.version;
  m.status = step.status;
  m.start_line = step.start_line;
  if (step.way == direction::in) {
    m.first_byte = multiplexed(m) ? one.time : first_in.value_or(one.time);
  } else if (over_quic(m)) {
    m.first_byte = m.last_byte = one.time;
  }
}

void exchange_folder::connection_state::operator()(const recorded& one, const push_step& step) {
  const std::string line = step.start_line.substr(0, step.start_line.rfind(" HTTP/"));
  if (exchange* parent = find(one.stream))
    parent->promises.push_back(line + " on " + stream_name(step.promised, is_http3_push(step.promised)));
  exchange& x = open_exchange(one, step.way == direction::in ? engine::role::client : engine::role::server);
  x.stream = step.promised;
  x.promised_on = one.stream;
  x.request.begun = x.request.ended = x.request.flushed = true;
  x.request.version = is_http3_push(step.promised) ? parley::http3 : parley::http2;
  x.request.head = step.text;
  x.request.start_line = step.start_line;
  x.request.first_byte = x.request.last_byte = one.time;
}

void exchange_folder::connection_state::operator()(const recorded& one, const data_step& step) {
  message* m = find_message(one.stream, step.way);
  if (m == nullptr) return;
  m->content += step.size;
  if (step.way == direction::out && over_quic(*m)) m->last_byte = one.time;
  if (!m->begun && step.way == direction::in) m->first_byte = first_in.value_or(one.time);
  m->begun = true;
}

void exchange_folder::connection_state::operator()(const recorded& one, const trailers_step& step) {
  if (message* m = find_message(one.stream, step.way)) m->trailers += step.text;
}

void exchange_folder::connection_state::operator()(const recorded& one, const end_step& step) {
  message* m = find_message(one.stream, step.way);
  if (m == nullptr) return;
  m->ended = true;
  if (step.way == direction::out && over_quic(*m)) {
    m->last_byte = one.time;
    m->flushed = true;
  }
  if (step.way == direction::in) {
    m->last_byte = std::max(last_in.value_or(one.time), m->first_byte.value_or(one.time));
    first_in.reset();
  }
}

void exchange_folder::connection_state::operator()(const recorded& one, const error_step& step) {
  const std::string sentence = std::string(step.error.message) + " (" + std::string(step.error.section) + ")";
  if (one.stream != 0) {
    if (exchange* x = find(one.stream)) x->error = sentence;
    return;
  }
  for (exchange& x : open) x.error = sentence;
  if (open.empty()) {
    has_prototype = true;
    prototype.error = sentence;
  }
}

// Who is not interested in an exchange any more, or cannot go on with it, ends that one alone.
void exchange_folder::connection_state::operator()(const recorded& one, const frame_step& step) {
  if (step.type != "RST_STREAM") return;
  exchange* x = find(one.stream);
  if (x == nullptr) return;
  x->reset = true;
  if (x->response.ended || !x->error.empty()) return;
  x->error = (step.way == direction::in ? "The peer reset the stream" : "This end reset the stream") +
             (step.about.empty() ? std::string() : ": " + step.about);
}

void exchange_folder::connection_state::operator()(const recorded&, const close_step& step) {
  for (exchange& x : open) {
    if (!is_whole(x)) x.closed = step.reason;
  }
}

exchange_folder::exchange_folder(sink give) : give_(std::move(give)) {}
exchange_folder::~exchange_folder() = default;

exchange_folder::connection_state& exchange_folder::find_connection(std::uint64_t id) {
  const auto at = std::ranges::find(connections_, id, &connection_state::id);
  if (at != connections_.end()) return *at;
  connection_state& made = connections_.emplace_back();
  made.id = id;
  return made;
}

void exchange_folder::give_whole(connection_state& on) {
  for (auto at = on.open.begin(); at != on.open.end();) {
    if (!is_whole(*at)) {
      ++at;
      continue;
    }
    exchange whole = std::move(*at);
    at = on.open.erase(at);
    give_(std::move(whole));
  }
}

void exchange_folder::give_all(connection_state& on, bool closed, std::optional<time_point> now) {
  for (exchange& x : std::exchange(on.open, {})) {
    if (!is_whole(x)) x.given_up = now;
    give_(std::move(x));
  }
  if (!std::exchange(on.has_prototype, false)) return;
  // What is told of a connection behind its last exchange is none of its own.
  if (on.exchanges > 0) return static_cast<void>(on.prototype = {});
  // No request came so far: looked up and connected, or tried to, for nothing.
  exchange& lost = on.prototype;
  // Nor was there a need to connect: another connection serves it as well.
  if (lost.attempts.empty() && lost.error.empty() && closed) return static_cast<void>(lost = {});
  lost.connection = on.id;
  lost.peer = on.peer;
  lost.given_up = now;
  give_(std::exchange(lost, {}));
}

void exchange_folder::add(const recorded& one) {
  connection_state& on = find_connection(one.connection);
  std::visit([&](const auto& step) { on(one, step); }, one.what);
  give_whole(on);
  if (std::holds_alternative<close_step>(one.what)) {
    give_all(on, true, one.time);
    std::erase_if(connections_, [&](const connection_state& c) { return c.id == one.connection; });
  }
}

void exchange_folder::flush(std::optional<time_point> now) {
  for (connection_state& on : std::exchange(connections_, {})) give_all(on, false, now);
}

time_point exchange::started() const {
  time_point earliest = time_point::max();
  const auto look = [&](const std::optional<time_point>& t) {
    if (t) earliest = std::min(earliest, *t);
  };
  look(resolve_started);
  for (const attempt& a : attempts) look(a.started);
  look(request.first_byte);
  look(response.first_byte);
  return earliest == time_point::max() ? time_point{} : earliest;
}

time_point exchange::finished() const {
  time_point latest = started();
  const auto look = [&](const std::optional<time_point>& t) {
    if (t) latest = std::max(latest, *t);
  };
  look(resolve_done);
  for (const attempt& a : attempts) look(a.done);
  if (tls) look(tls->done);
  look(request.last_byte);
  look(response.first_byte);
  look(response.last_byte);
  look(given_up);
  return latest;
}

std::string last_doing(const exchange& x) {
  if (x.resolve_started && !x.resolve_done) return "looking up " + x.host;
  if (!x.attempts.empty() && !x.attempts.back().done) return "connecting to " + x.attempts.back().address;
  if (x.tls && !x.tls->done) return "shaking hands (TLS)";
  if (!x.request.begun) return "connecting";
  if (x.response.begun) return "receiving the response, " + std::to_string(x.response.content) + " bytes of content so far";
  if (!is_written(x)) return "sending the request, " + std::to_string(x.request.content) + " bytes of content so far";
  return "waiting for the response";
}

std::vector<exchange> fold(std::span<const recorded> records) {
  std::vector<exchange> all;
  exchange_folder folder([&](exchange&& x) { all.push_back(std::move(x)); });
  for (const recorded& one : records) folder.add(one);
  folder.flush();
  return all;
}

}  // namespace parley::trace
