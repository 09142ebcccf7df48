#include <algorithm>
#include <array>
#include <cstring>

#include "h2/connection.hpp"
#include "semantics/pseudo_send.hpp"

// Heads and trailers out: HPACK, and the frames around it.

namespace parley::h2 {

namespace {

using heads_access = parley::detail::fields_access;
using fieldcode::hpack_encoder;

// What the lines of `f` need at most.
std::size_t encoded_bound(const parley::fields& f) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < f.size(); ++i) {
    const auto& slot = heads_access::slot(f, i);
    size += slot.name_length + slot.value_length + hpack_encoder::fixed_bound;
  }
  return size;
}

// The static table's index of each known name, so that no name is looked up (RFC 7541 Appendix A); 0: none.
const auto& static_name_indexes() {
  static const auto indexes = [] {
    std::array<std::uint8_t, semantics::field_id_count> table{};
    for (std::size_t i = 1; i < table.size(); ++i) {
      table[i] = static_cast<std::uint8_t>(fieldcode::hpack_static_name(semantics::name_of(static_cast<semantics::field_id>(i))));
    }
    return table;
  }();
  return indexes;
}

// Pseudo-fields and Content-Length: names, and values that are not in the fields.
constexpr std::size_t pseudo_bound = 6 * (16 + hpack_encoder::fixed_bound) + 20;

}  // namespace

// Writes one field block: `each(encode)` calls `encode(tag, name, value)` for every line. The size of all its frames. A block that may be
// larger than one frame is encoded aside first (RFC 9113 §4.3, §6.10).
template <class Visit>
std::size_t connection::write_block(frame_header h, std::uint32_t promised, std::size_t bound, Visit&& each) {
  const std::size_t prefix = promised != 0 ? 4 : 0;
  const auto& indexes = static_name_indexes();
  const auto encode_at = [&](char* p) {
    each([&](semantics::name_tag tag, std::string_view name, std::string_view value) {
      const std::size_t index = tag < indexes.size() ? indexes[tag] : 0;
      p = index != 0 ? encoder_.encode(index, value, p) : encoder_.encode(name, value, p);
    });
    return p;
  };
  if (bound + prefix <= default_frame_size) [[likely]] {
    char* const begin = begin_frame(frame_header_size + prefix + bound);
    char* const block = begin + frame_header_size + prefix;
    if (promised != 0) store_u32(begin + frame_header_size, promised);
    char* const end = encode_at(block);
    h.flags |= flag::end_headers;
    h.length = static_cast<std::uint32_t>(end - begin - static_cast<std::ptrdiff_t>(frame_header_size));
    write_frame_header(begin, h);
    const auto size = static_cast<std::size_t>(end - begin);
    out_.commit(size);
    if (watch_) [[unlikely]] {
      see_frame(engine::direction::out, h, {begin + frame_header_size, h.length});
    }
    return size;
  }
  std::string all(prefix + bound, '\0');
  if (promised != 0) store_u32(all.data(), promised);
  all.resize(static_cast<std::size_t>(encode_at(all.data() + prefix) - all.data()));
  std::string_view rest = all;
  std::size_t size = 0;
  do {
    const std::string_view part = rest.substr(0, default_frame_size);
    rest.remove_prefix(part.size());
    if (rest.empty()) h.flags |= flag::end_headers;
    h.length = static_cast<std::uint32_t>(part.size());
    write_frame(h, part, false);
    size += frame_header_size + part.size();
    h.type = frame_type::continuation;
    h.flags = 0;
  } while (!rest.empty());
  return size;
}

semantics::sendable connection::write_request(const semantics::request_head& head, std::optional<std::uint64_t> length,
                                              const frame_header& h, std::uint32_t promised) {
  const std::string_view scheme = options_.secure ? "https" : "http";
  if (const auto result = semantics::request_pseudo_fields(head, scheme).result; result != semantics::sendable::ok) return result;
  const std::size_t bound = encoded_bound(head.fields) + pseudo_bound + head.target().size() + head.authority().size() +
                            head.method.name().size() + head.protocol().size() + head.fields.size();
  // RFC 9113 §6.5.2, §10.5.1: advisory, but what is above it would come back as an error that tells less.
  if (bound > theirs_.max_header_list_size) [[unlikely]] {
    std::uint64_t listed = 0;
    static_cast<void>(semantics::for_each_request_field(
        head, scheme, length,
        [&](semantics::name_tag, std::string_view name, std::string_view value) { listed += name.size() + value.size() + 32; }));
    if (listed > theirs_.max_header_list_size) return semantics::sendable::too_large;
  }
  const std::size_t size = write_block(h, promised, bound, [&](auto&& encode) {
    static_cast<void>(semantics::for_each_request_field(
        head, scheme, length,
        [&](semantics::name_tag tag, std::string_view name, std::string_view value) { encode(tag, name, value); }));
  });
  if (watch_) [[unlikely]] {
    if (promised != 0) {
      watch_(now_, h.stream, engine::observed_push{engine::direction::out, promised, &head});
    } else {
      watch_(now_, h.stream, engine::observed_head{engine::direction::out, &head, nullptr, {}, size, length});
    }
  }
  return semantics::sendable::ok;
}

semantics::sendable connection::write_response(const semantics::response_head& head, std::optional<std::uint64_t> length,
                                               const frame_header& h) {
  if (head.status < 100 || head.status > 999 || head.status == 101) return semantics::sendable::bad_status;
  std::size_t bound = encoded_bound(head.fields) + pseudo_bound;
  for (const auto* ready : head.ready) {
    if (ready != nullptr) bound += encoded_bound(ready->fields);
  }
  const std::size_t size = write_block(h, 0, bound, [&](auto&& encode) {
    static_cast<void>(semantics::for_each_response_field(
        head, length, [&](semantics::name_tag tag, std::string_view name, std::string_view value) { encode(tag, name, value); }));
  });
  if (watch_) [[unlikely]] {
    semantics::response_head whole = semantics::whole_head(head);
    whole.version = parley::http2;
    watch_(now_, h.stream, engine::observed_head{engine::direction::out, nullptr, &whole, {}, size, length});
  }
  return semantics::sendable::ok;
}

void connection::write_trailers(stream& s, const parley::fields& trailers) {
  const frame_header h{.length = 0, .type = frame_type::headers, .flags = flag::end_stream, .stream = s.id};
  bool any = false;
  semantics::for_each_trailer_field(trailers, [&](semantics::name_tag, std::string_view, std::string_view) { any = true; });
  if (!any) return write_end(s);  // none that may be sent: RFC 9113 §8.1 has no empty trailers to tell
  write_block(h, 0, encoded_bound(trailers), [&](auto&& encode) {
    semantics::for_each_trailer_field(
        trailers, [&](semantics::name_tag tag, std::string_view name, std::string_view value) { encode(tag, name, value); });
  });
  watch_(now_, s.id, engine::observed_trailers{engine::direction::out, &trailers});
}

// --- the beginning -------------------------------------------------------------------------------------------------------------

// RFC 9113 §3.4: the preface and our SETTINGS, and the connection's window at once.
void connection::write_preface() {
  char payload[10 * setting_size];
  char* p = payload;
  const auto clamped = [](std::size_t v, std::size_t most) { return static_cast<std::uint32_t>(std::min(v, most)); };
  if (limits_.field_table != 4096) {
    p = put_setting(p, setting::header_table_size, clamped(limits_.field_table, fieldcode::dynamic_table::largest_capacity));
  }
  if (is_server()) {
    p = put_setting(p, setting::max_concurrent_streams, clamped(limits_.streams, largest_stream_id));
    if (options_.extended_connect) p = put_setting(p, setting::enable_connect_protocol, 1);
  } else {
    p = put_setting(p, setting::enable_push, options_.push ? 1 : 0);
    if (options_.push) p = put_setting(p, setting::max_concurrent_streams, clamped(limits_.pushes, largest_stream_id));
  }
  if (limits_.receive_window < default_window) {
    p = put_setting(p, setting::initial_window_size, clamped(limits_.receive_window, default_window));
  }
  if (largest_frame() != default_frame_size) p = put_setting(p, setting::max_frame_size, largest_frame());
  p = put_setting(p, setting::max_header_list_size, clamped(limits_.head, UINT32_MAX));
  p = put_setting(p, setting::no_rfc7540_priorities, 1);  // RFC 9218 §2.1
  // RFC 9113 §6.5.2: a setting that nobody knows is ignored; so that peers keep to it, there is always one.
  const auto grease = static_cast<std::uint32_t>(options_.seed ^ options_.seed >> 32);
  p = store_u32(store_u16(p, static_cast<std::uint16_t>(0x0a0a + 0x1010 * (grease % 16))), grease);
  output_clock_.start(now_, limits_.stall_time);
  if (!is_server()) out_.copy(client_preface);
  const auto size = static_cast<std::uint32_t>(p - payload);
  write_frame({.length = size, .type = frame_type::settings, .flags = 0, .stream = 0}, {payload, size}, false);
  settings_unacked_ = 1;
  settings_sent_ = now_;
  settings_until_ = now_ + limits_.settings_time;
  if (const std::uint32_t by = receive_.due(); by > 0) {
    receive_.announced(by);
    write_window_update(0, by);
  }
  // The same for frames (RFC 9113 §5.5).
  const auto type = static_cast<frame_type>(0x0b + 0x1f * (grease % 7));
  write_frame({.length = 4, .type = type, .flags = static_cast<std::uint8_t>(grease), .stream = 0}, "grs\n", false);
}

}  // namespace parley::h2
