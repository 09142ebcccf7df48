#include "h3/tester.hpp"

#include <algorithm>
#include <cstring>
#include <memory>

#include "semantics/name_tag.hpp"

namespace parley::h3::test {

// --- bytes ---------------------------------------------------------------------------------------------------------------------

std::string varint(std::uint64_t v) {
  char text[most_varint_bytes];
  return {text, static_cast<std::size_t>(write_varint(text, v) - text)};
}

std::string frame(std::uint64_t type, std::string_view payload) {
  return varint(type).append(varint(payload.size())).append(payload);
}
std::string frame(frame_type type, std::string_view payload) { return frame(static_cast<std::uint64_t>(type), payload); }

namespace {

// RFC 9204 §4.1.1, an integer with a prefix of some bits.
void add_prefixed(std::string& to, std::size_t value, unsigned prefix, unsigned high) {
  const std::size_t most = (std::size_t{1} << prefix) - 1;
  if (value < most) {
    to += static_cast<char>(high | value);
    return;
  }
  to += static_cast<char>(high | most);
  for (value -= most; value >= 128; value /= 128) to += static_cast<char>(value % 128 + 128);
  to += static_cast<char>(value);
}

}  // namespace

std::string section(lines fields) {
  std::string bytes("\0\0", 2);
  for (const auto& [name, value] : fields) {
    add_prefixed(bytes, name.size(), 3, 0x20);  // a literal with a literal name
    bytes += name;
    add_prefixed(bytes, value.size(), 7, 0);
    bytes += value;
  }
  return bytes;
}

std::string headers(lines fields) { return frame(frame_type::headers, section(fields)); }
std::string data_frame(std::string_view content) { return frame(frame_type::data, content); }

std::string settings_frame(setting_values values) {
  std::string payload;
  for (const auto& [id, value] : values) payload += varint(id) + varint(value);
  return frame(frame_type::settings, payload);
}

std::string goaway(std::uint64_t id) { return frame(frame_type::goaway, varint(id)); }
std::string max_push_id(std::uint64_t id) { return frame(frame_type::max_push_id, varint(id)); }
std::string cancel_push(std::uint64_t id) { return frame(frame_type::cancel_push, varint(id)); }
std::string push_promise(std::uint64_t id, lines fields) { return frame(frame_type::push_promise, varint(id) + section(fields)); }
std::string priority_update(std::uint64_t id, std::string_view value, bool push) {
  return frame(push ? frame_type::priority_update_push : frame_type::priority_update, varint(id).append(value));
}

std::string get(std::string_view path) {
  return headers({{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", path}});
}

std::string post(lines more) {
  std::string payload = section({{":method", "POST"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}});
  return frame(frame_type::headers, payload + section(more).substr(2));
}

semantics::request_head request(parley::method method, std::string_view target, std::initializer_list<parley::fields::line> fields,
                                std::string_view authority) {
  semantics::request_head head;
  head.method = method;
  head.version = parley::http3;
  head.fields = fields;
  head.target_ref = parley::detail::fields_access::store(head.fields, target);
  head.authority_ref = parley::detail::fields_access::store(head.fields, authority);
  if (method == parley::method::connect) head.form = semantics::target_form::authority;
  return head;
}

semantics::response_head response(int status, std::initializer_list<parley::fields::line> fields) {
  semantics::response_head head;
  head.status = status;
  head.fields = fields;
  return head;
}

// --- events, as lines ------------------------------------------------------------------------------------------------------------

namespace {

std::string fields_text(const parley::fields& f) {
  std::string text;
  for (const auto& line : f) text.append(" | ").append(line.name).append(": ").append(line.value);
  return text;
}

std::string words(std::initializer_list<std::string_view> all) {
  std::string text;
  for (const auto word : all) {
    if (!text.empty()) text += ' ';
    text += word;
  }
  return text;
}

}  // namespace

std::string describe_id(engine::stream_id id) {
  return id >= connection::first_push ? "p" + std::to_string(id - connection::first_push) : std::to_string(id);
}

std::string describe(const engine::event& e) {
  struct text {
    static std::string id(engine::stream_id n) { return describe_id(n); }
    std::string operator()(const engine::request_event& r) const {
      std::string s = words({"request", id(r.id), r.head.method.name(), r.head.target(), r.head.authority()});
      if (!r.head.protocol().empty()) s.append(" protocol ").append(r.head.protocol());
      s += fields_text(r.head.fields);
      if (r.ended) s += " | end";
      if (r.expects_continue) s += " | expect";
      return s;
    }
    std::string operator()(const engine::response_event& r) const {
      std::string s = words({"response", id(r.id), std::to_string(r.head.status)}) + fields_text(r.head.fields);
      if (r.ended) s += " | end";
      if (r.informational) s += " | interim";
      return s;
    }
    std::string operator()(const engine::data_event& d) const { return words({"data", id(d.id), d.bytes}); }
    std::string operator()(const engine::trailers_event& t) const { return "trailers " + id(t.id) + fields_text(t.trailers); }
    std::string operator()(const engine::complete_event& c) const { return "complete " + id(c.id); }
    std::string operator()(const engine::reset_event& r) const {
      std::string s = words({"reset", id(r.id), r.error.name});
      if (r.error.status != 0) s += " " + std::to_string(r.error.status);
      if (r.unprocessed) s += " unprocessed";
      return s;
    }
    std::string operator()(const engine::writable_event& w) const { return "writable " + id(w.id); }
    std::string operator()(const engine::detached_event& d) const { return "detached " + id(d.id); }
    std::string operator()(const engine::push_event& p) const {
      return words({"push", id(p.parent), id(p.id), p.head.method.name(), p.head.target()}) + fields_text(p.head.fields);
    }
    std::string operator()(const engine::goaway_event& g) const { return "goaway " + id(g.last); }
  };
  return std::visit(text{}, e);
}

// --- the tester ------------------------------------------------------------------------------------------------------------------

const limits& tester::default_limits() {
  static const limits defaults;
  return defaults;
}

tester::tester(engine::role role, const limits& of, options how)
    : caps(of), engine(role, caps, std::move(how), epoch), role_(role),
      decoder_(&semantics::tag_of, {.table_capacity = 4096, .blocked_streams = 0}) {}

tester& tester::start(setting_values peers) {
  engine.stream_limits(100, 3);
  engine.start(false, now);
  feed(control(), varint(0) + settings_frame(peers));
  static_cast<void>(sent());
  static_cast<void>(events());
  return *this;
}

tester& tester::feed(std::uint64_t stream, std::string_view bytes, bool fin, std::size_t fragment) {
  do {
    const std::size_t n = fragment == 0 ? bytes.size() : std::min(fragment, bytes.size());
    // A copy of the exact size, so that AddressSanitizer sees every byte read too far.
    auto exact = std::make_unique<char[]>(n);
    std::memcpy(exact.get(), bytes.data(), n);
    bytes.remove_prefix(n);
    given += n;
    const bool last = fin && bytes.empty();
    if (last) streams_[stream].in_ended = true;
    engine.receive(stream, {exact.get(), n}, last, now);
    drain();
  } while (!bytes.empty());
  settle();
  return *this;
}

tester& tester::reset(std::uint64_t stream, error_code code) {
  streams_[stream].in_ended = true;
  engine.receive_reset(stream, static_cast<std::uint64_t>(code), now);
  drain();
  settle();
  return *this;
}

tester& tester::stop(std::uint64_t stream, error_code code) {
  streams_[stream];
  engine.receive_stop(stream, static_cast<std::uint64_t>(code), now);
  drain();
  return *this;
}

tester& tester::datagram(std::string_view bytes) {
  engine.receive_datagram(bytes, now);
  drain();
  return *this;
}

void tester::pass(std::chrono::nanoseconds time) {
  const auto until = now + time;
  while (true) {
    const auto due = engine.deadline();
    if (!due || *due > until) break;
    now = std::max(now, *due);
    engine.expired(now);
    drain();
    if (engine.deadline() == due) break;  // a deadline that leads to nothing shows in the test's time
  }
  now = until;
}

void tester::drain() {
  while (auto e = engine.next_event()) {
    note(*e);
    if (on_event) on_event(*e);
  }
}

void tester::note(const engine::event& e) {
  if (const auto* d = std::get_if<engine::data_event>(&e)) {
    if (data_id_ == d->id) {
      log_.pop_back();
    } else {
      log_.append("data ").append(describe_id(d->id)).append(" ");
    }
    log_.append(d->bytes).append("\n");
    data_id_ = d->id;
    if (return_credit) engine.consume(d->id, d->bytes.size());
    return;
  }
  data_id_ = 0;
  log_ += describe(e) + "\n";
}

std::string tester::events() {
  drain();
  data_id_ = 0;
  return std::exchange(log_, {});
}

std::string tester::only_events() {
  static_cast<void>(sent());
  return events();
}

void tester::act(const engine::any_transport_action& a) {
  using action = engine::transport_action;
  const auto error = [](std::uint64_t code) { return std::string(name(static_cast<error_code>(code))); };
  if (const auto* c = std::get_if<action::credit>(&a)) {
    credit[c->stream] += c->n;
    credit[UINT64_MAX] += c->n;
  } else if (const auto* of_stream = std::get_if<action::stream_credit>(&a)) {
    credit[of_stream->stream] += of_stream->n;
  } else if (const auto* of_all = std::get_if<action::connection_credit>(&a)) {
    credit[UINT64_MAX] += of_all->n;
  } else if (const auto* r = std::get_if<action::reset>(&a)) {
    sent_ += std::to_string(r->stream) + " reset " + error(r->code) + "\n";
    streams_[r->stream].out_ended = true;
  } else if (const auto* s = std::get_if<action::stop>(&a)) {
    sent_ += std::to_string(s->stream) + " stop " + error(s->code) + "\n";
    streams_[s->stream].in_ended = true;  // its peer resets it
  } else if (const auto* d = std::get_if<action::datagram>(&a)) {
    sent_ += "datagram " + d->bytes.substr(1) + " of " + std::to_string(4 * static_cast<unsigned char>(d->bytes[0])) + "\n";
  } else if (const auto* x = std::get_if<action::close>(&a)) {
    sent_ += "close " + error(x->code) + (x->reason.empty() ? "" : " " + x->reason) + "\n";
  }
}

// All that can be sent is, in the order in which the engine gives it.
void tester::pull() {
  std::array<std::string_view, 4> pieces;
  while (auto id = engine.next_stream()) {
    const auto out = engine.output(*id, pieces);
    std::size_t size = 0;
    stream_view& s = streams_[*id];
    for (std::size_t i = 0; i < out.pieces; ++i) {
      s.unread += pieces[i];
      size += pieces[i].size();
    }
    engine.accepted(*id, size, out.fin, now);
    read_output(*id, s);
    if (out.fin) {
      s.out_ended = true;
      if ((*id & 2) == 0 || s.type == 1) sent_ += std::to_string(*id) + " end\n";
    }
    if (acknowledges && size > 0) engine.acknowledged(*id, size);
    drain();
    if (size == 0 && !out.fin) break;
  }
}

std::string tester::sent() {
  pull();
  while (auto a = engine.next_action()) act(*a);
  settle();
  pull();
  while (auto a = engine.next_action()) act(*a);
  return std::exchange(sent_, {});
}

// Streams that are through in both directions are closed, as a transport does.
void tester::settle() {
  if (!acknowledges) return;
  for (auto& [id, s] : streams_) {
    const bool one_way = (id & 2) != 0;
    const bool ours = one_way && ((id & 1) == 1) == (role_ == engine::role::server);
    const bool done = one_way ? (ours ? s.out_ended : s.in_ended) : s.in_ended && s.out_ended;
    if (!done || s.closed) continue;
    s.closed = true;
    engine.stream_closed(id, now);
    drain();
  }
}

void tester::read_output(std::uint64_t id, stream_view& s) {
  std::string_view bytes = s.unread;
  if ((id & 2) != 0 && !s.begun && !bytes.empty()) {
    if (!read_varint(bytes, s.type)) return;
    s.begun = true;
    if (s.type == 1) {
      std::uint64_t push = 0;
      if (!read_varint(bytes, push)) return;
      sent_ += std::to_string(id) + " push stream " + std::to_string(push) + "\n";
    }
  }
  if ((id & 2) != 0 && s.type == 2) {  // of the encoder
    if (!decoder_.receive(bytes)) sent_ += "bad instructions\n";
    bytes = {};
  } else if ((id & 2) != 0 && s.type == 3) {
    instructions += bytes.size();
    bytes = {};
  } else if ((id & 2) != 0 && s.type > 3) {
    bytes = {};
  }
  while (!bytes.empty()) {
    std::string_view rest = bytes;
    std::uint64_t type = 0;
    std::uint64_t size = 0;
    if (!read_varint(rest, type) || !read_varint(rest, size) || rest.size() < size) break;
    sent_ += frame_line(id, type, rest.substr(0, size));
    rest.remove_prefix(size);
    bytes = rest;
  }
  s.unread = std::string(bytes);
}

std::string tester::frame_line(std::uint64_t id, std::uint64_t type, std::string_view payload) {
  if (is_grease(type)) return {};
  std::string s = std::to_string(id) + " " + std::string(name(static_cast<frame_type>(type)));
  const auto fields = [&](std::string_view bytes) {
    const auto done = decoder_.decode(
        id, bytes, {}, [&](const fieldcode::decoded_field& f) { s.append(" | ").append(f.name).append(": ").append(f.value); });
    if (!done || done->state != fieldcode::section_state::done) s += " | cannot be decoded";
  };
  std::uint64_t value = 0;
  switch (static_cast<frame_type>(type)) {
    case frame_type::headers: fields(payload); break;
    case frame_type::data:
      s += payload.size() > 100 ? " (" + std::to_string(payload.size()) + ")" : payload.empty() ? "" : " " + std::string(payload);
      break;
    case frame_type::push_promise:
      if (read_varint(payload, value)) s += " " + std::to_string(value);
      fields(payload);
      break;
    case frame_type::settings: {
      std::uint64_t setting_id = 0;
      while (read_varint(payload, setting_id) && read_varint(payload, value)) {
        const auto known = name(static_cast<setting>(setting_id));
        if (!known.empty()) s += " " + std::string(known) + "=" + std::to_string(value);
      }
      break;
    }
    default:
      if (read_varint(payload, value)) s += " " + std::to_string(value);
  }
  return s + "\n";
}

void answer_all(tester& t, std::string_view body) {
  t.on_event = [&t, body](const engine::event& e) {
    engine::stream_id id = 0;
    int status = 200;
    if (const auto* r = std::get_if<engine::request_event>(&e); r != nullptr && r->ended) id = r->id;
    if (const auto* c = std::get_if<engine::complete_event>(&e)) id = c->id;
    if (const auto* r = std::get_if<engine::reset_event>(&e)) {
      id = r->id;
      status = r->error.status;
      if (status == 0) t.engine.reset(id, t.now);
    }
    if (id == 0 || status == 0) return;
    const auto length = body.empty() ? engine::content_length::no_content() : engine::content_length::of(body.size());
    if (!t.engine.send_response(id, response(status), length, t.now)) return;
    if (!body.empty() && t.engine.send_data(id, {engine::chunk::view{body}}, t.now)) {
      static_cast<void>(t.engine.send_end(id, nullptr, t.now));
    }
  };
}

}  // namespace parley::h3::test
