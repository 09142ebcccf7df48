#include "trace/connection_state.hpp"

#include <parley/status.hpp>

#include <algorithm>
#include <utility>

namespace parley::trace {

namespace {

/// A client sends requests, a server responses.
message& message_of(exchange& x, direction way) {
  return (way == direction::out) == (x.role == engine::role::client) ? x.request : x.response;
}

/// What else is sent on the connection meanwhile says nothing about this message.
bool multiplexed(const message& m) { return m.version >= parley::http2; }

/// Packets carry what is ready of all streams, so nobody says what of a message has left: making it ready stands for that.
bool over_quic(const message& m) { return m.version >= parley::http3; }

}  // namespace

bool is_written(const exchange& x) {
  const message& out = x.role == engine::role::client ? x.request : x.response;
  if (multiplexed(out)) return out.flushed;
  // Framing only adds to this, so less means that more is to come.
  return out.ended && out.last_byte.has_value() && out.written >= out.head_bytes + out.content;
}

bool is_whole(const exchange& x) { return x.reset || (x.response.ended && (x.role == engine::role::client || is_written(x))); }

void connection_state::operator()(const recorded& one, const resolve_step& step) {
  has_prototype = true;
  prototype.host = step.host;
  if (!step.done) {
    prototype.resolve_started = one.time;
  } else {
    prototype.addresses = step.addresses;
    prototype.resolve_done = one.time;
  }
}

void connection_state::operator()(const recorded& one, const connect_step& step) {
  has_prototype = true;
  if (step.through != 0) {  // the exchange that opened the tunnel has it all
    peer = step.address;
    return;
  }
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

void connection_state::operator()(const recorded& one, const handshake_step& step) {
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

void connection_state::operator()(const recorded& one, const bytes_step& step) {
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

exchange& connection_state::open_exchange(const recorded& one, engine::role role) {
  exchange& x = open.emplace_back(std::exchange(prototype, {}));
  has_prototype = false;
  x.connection = one.connection;
  x.stream = one.stream;
  x.number = ++exchanges;
  x.role = role;
  x.peer = peer;
  return x;
}

exchange* connection_state::find(engine::stream_id stream) {
  const auto at = std::ranges::find(open, stream, &exchange::stream);
  return at == open.end() ? nullptr : &*at;
}

std::optional<exchange> connection_state::take(engine::stream_id stream) {
  const auto at = std::ranges::find(open, stream, &exchange::stream);
  if (at == open.end()) return std::nullopt;
  std::optional<exchange> taken = std::move(*at);
  open.erase(at);
  return taken;
}

message* connection_state::find_message(engine::stream_id stream, direction way) {
  exchange* x = find(stream);
  return x == nullptr ? nullptr : &message_of(*x, way);
}

void connection_state::operator()(const recorded& one, const head_step& step) {
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

void connection_state::operator()(const recorded& one, const push_step& step) {
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

void connection_state::operator()(const recorded& one, const data_step& step) {
  message* m = find_message(one.stream, step.way);
  if (m == nullptr) return;
  m->content += step.size;
  if (step.way == direction::out && over_quic(*m)) m->last_byte = one.time;
  if (!m->begun && step.way == direction::in) m->first_byte = first_in.value_or(one.time);
  m->begun = true;
}

void connection_state::operator()(const recorded& one, const trailers_step& step) {
  if (message* m = find_message(one.stream, step.way)) m->trailers += step.text;
}

void connection_state::operator()(const recorded& one, const end_step& step) {
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

void connection_state::operator()(const recorded& one, const error_step& step) {
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
void connection_state::operator()(const recorded& one, const frame_step& step) {
  if (step.type != "RST_STREAM") return;
  exchange* x = find(one.stream);
  if (x == nullptr) return;
  x->reset = true;
  if (x->response.ended || !x->error.empty()) return;
  x->error = (step.way == direction::in ? "The peer reset the stream" : "This end reset the stream") +
             (step.about.empty() ? std::string() : ": " + step.about);
}

void connection_state::operator()(const recorded&, const close_step& step) {
  for (exchange& x : open) {
    if (!is_whole(x)) x.closed = step.reason;
  }
}

}  // namespace parley::trace
