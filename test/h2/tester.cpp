#include "h2/tester.hpp"

#include <algorithm>
#include <cstring>
#include <memory>

#include "semantics/name_tag.hpp"

namespace parley::h2::test {

// --- frames, as bytes ----------------------------------------------------------------------------------------------------------

std::string frame(frame_type type, std::uint8_t flags, std::uint32_t stream, std::string_view payload) {
  std::string bytes(frame_header_size, '\0');
  write_frame_header(bytes.data(), {static_cast<std::uint32_t>(payload.size()), type, flags, stream});
  return bytes.append(payload);
}

std::string u16(std::uint16_t v) {
  std::string s(2, '\0');
  store_u16(s.data(), v);
  return s;
}

std::string u32(std::uint32_t v) {
  std::string s(4, '\0');
  store_u32(s.data(), v);
  return s;
}

namespace {

void add_text(std::string& to, std::string_view text) {
  // RFC 7541 §5.1, §5.2, without Huffman coding.
  if (text.size() < 127) {
    to += static_cast<char>(text.size());
  } else {
    to += '\x7f';
    std::size_t rest = text.size() - 127;
    for (; rest >= 128; rest /= 128) to += static_cast<char>(rest % 128 + 128);
    to += static_cast<char>(rest);
  }
  to += text;
}

}  // namespace

std::string block(lines fields) {
  std::string bytes;
  for (const auto& [name, value] : fields) {
    bytes += '\0';
    add_text(bytes, name);
    add_text(bytes, value);
  }
  return bytes;
}

std::string headers(std::uint32_t stream, lines fields, std::uint8_t flags) {
  return frame(frame_type::headers, flags | flag::end_headers, stream, block(fields));
}

std::string data(std::uint32_t stream, std::string_view content, std::uint8_t flags) {
  return frame(frame_type::data, flags, stream, content);
}

std::string settings_frame(std::initializer_list<std::pair<setting, std::uint32_t>> values) {
  std::string payload;
  for (const auto& [id, value] : values) payload += u16(static_cast<std::uint16_t>(id)) + u32(value);
  return frame(frame_type::settings, 0, 0, payload);
}

std::string settings_ack() { return frame(frame_type::settings, flag::ack, 0); }
std::string window_update(std::uint32_t stream, std::uint32_t by) { return frame(frame_type::window_update, 0, stream, u32(by)); }
std::string rst_stream(std::uint32_t stream, error_code code) {
  return frame(frame_type::rst_stream, 0, stream, u32(static_cast<std::uint32_t>(code)));
}
std::string ping(std::string_view eight, std::uint8_t flags) { return frame(frame_type::ping, flags, 0, eight); }
std::string goaway(std::uint32_t last, error_code code) {
  return frame(frame_type::goaway, 0, 0, u32(last) + u32(static_cast<std::uint32_t>(code)));
}
std::string push_promise(std::uint32_t parent, std::uint32_t promised, lines fields) {
  return frame(frame_type::push_promise, flag::end_headers, parent, u32(promised) + block(fields));
}
std::string priority_update(std::uint32_t stream, std::string_view value) {
  return frame(frame_type::priority_update, 0, 0, u32(stream).append(value));
}

std::string get(std::uint32_t stream, std::uint8_t flags, std::string_view path) {
  return headers(stream, {{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", path}}, flags);
}

std::string post(std::uint32_t stream, lines more) {
  std::string payload = block({{":method", "POST"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}});
  return frame(frame_type::headers, flag::end_headers, stream, payload + block(more));
}

semantics::request_head request(parley::method method, std::string_view target, std::initializer_list<parley::fields::line> fields,
                                std::string_view authority) {
  semantics::request_head head;
  head.method = method;
  head.version = parley::http2;
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

std::string describe(const engine::event& e) {
  struct text {
    static std::string id(engine::stream_id n) { return std::to_string(n); }
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
    : caps(of), engine(role, caps, how, epoch), role_(role), decoder_(&semantics::tag_of) {
  how.seed = 0;
}

tester& tester::start(std::initializer_list<std::pair<setting, std::uint32_t>> peers) {
  if (role_ == engine::role::server) feed(client_preface);
  feed(settings_frame(peers));
  feed(settings_ack());
  static_cast<void>(frames());
  static_cast<void>(events());
  return *this;
}

tester& tester::feed(std::string_view bytes, std::size_t fragment) {
  while (!bytes.empty()) {
    const std::size_t n = fragment == 0 ? bytes.size() : std::min(fragment, bytes.size());
    pending_ += bytes.substr(0, n);
    bytes.remove_prefix(n);
    pump();
  }
  return *this;
}

void tester::eof() {
  engine.receive_eof(now);
  drain();
  pump();
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

void tester::pump() {
  while (true) {
    // A copy of the exact size, so that AddressSanitizer sees every byte read too far.
    auto exact = std::make_unique<char[]>(pending_.size());
    std::memcpy(exact.get(), pending_.data(), pending_.size());
    const std::size_t n = engine.receive({exact.get(), pending_.size()}, now);
    const bool any = drain();
    pending_.erase(0, n);
    if (n == 0 && !any) break;
  }
}

bool tester::drain() {
  bool any = false;
  while (auto e = engine.next_event()) {
    any = true;
    note(*e);
    if (on_event) on_event(*e);
  }
  return any;
}

void tester::note(const engine::event& e) {
  if (const auto* d = std::get_if<engine::data_event>(&e)) {
    if (data_id_ == d->id) {
      log_.pop_back();
    } else {
      log_.append("data ").append(std::to_string(d->id)).append(" ");
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
  static_cast<void>(frames());
  return events();
}

std::string tester::take_bytes() {
  std::string all;
  std::array<engine::segment, 8> segments;
  while (engine.has_output()) {
    const std::size_t n = engine.output(segments);
    if (n == 0) break;
    std::size_t size = 0;
    for (std::size_t i = 0; i < n; ++i) {
      if (segments[i].descriptor < 0) all += segments[i].bytes;
      if (segments[i].descriptor >= 0) all.append(segments[i].length, 'f');
      size += segments[i].size();
    }
    engine.written(size, now);
    drain();
  }
  return all;
}

std::string tester::frames() {
  unread_ += take_bytes();
  std::string all;
  if (role_ == engine::role::client && !preface_seen_ && unread_.starts_with(client_preface)) {
    preface_seen_ = true;
    unread_.erase(0, client_preface.size());
    all += "preface\n";
  }
  while (unread_.size() >= frame_header_size) {
    const frame_header h = parse_frame_header(unread_.data());
    if (unread_.size() < frame_header_size + h.length) break;
    all += frame_line(h, std::string_view(unread_).substr(frame_header_size, h.length)) + "\n";
    unread_.erase(0, frame_header_size + h.length);
  }
  return all;
}

std::string tester::frame_line(const frame_header& h, std::string_view payload) {
  std::string s(name(h.type));
  if (s.empty()) s = "unknown";
  if (h.stream != 0) s += " " + std::to_string(h.stream);
  const bool ends = h.type == frame_type::data || h.type == frame_type::headers;
  if (ends && h.has(flag::end_stream)) s += " END_STREAM";
  switch (h.type) {
    case frame_type::push_promise: s += " promised " + std::to_string(load_u32(payload.data())); [[fallthrough]];
    case frame_type::headers: {
      if (!h.has(flag::end_headers)) s += " goes on";
      const auto block = h.type == frame_type::push_promise ? payload.substr(4) : payload;
      if (!h.has(flag::end_headers)) break;
      const auto done = decoder_.decode(
          block, 100'000, [&](const fieldcode::decoded_field& f) { s.append(" | ").append(f.name).append(": ").append(f.value); });
      if (!done) s += " | cannot be decoded";
      break;
    }
    case frame_type::data:
      s += payload.size() > 100 ? " (" + std::to_string(payload.size()) + ")" : payload.empty() ? "" : " " + std::string(payload);
      break;
    case frame_type::rst_stream: s += " " + std::string(name(static_cast<error_code>(load_u32(payload.data())))); break;
    case frame_type::settings:
      if (h.has(flag::ack)) s += " ACK";
      for (std::size_t i = 0; i < payload.size(); i += setting_size) {
        const auto known = name(static_cast<setting>(load_u16(payload.data() + i)));
        if (!known.empty()) s += " " + std::string(known) + "=" + std::to_string(load_u32(payload.data() + i + 2));
      }
      break;
    case frame_type::ping: s += (h.has(flag::ack) ? " ACK " : " ") + std::string(payload); break;
    case frame_type::goaway:
      s += " last " + std::to_string(load_u32(payload.data())) + " " +
           std::string(name(static_cast<error_code>(load_u32(payload.data() + 4))));
      break;
    case frame_type::window_update: s += " +" + std::to_string(load_u32(payload.data())); break;
    default: break;
  }
  return s;
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

}  // namespace parley::h2::test
