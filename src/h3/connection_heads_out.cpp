#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "h3/connection.hpp"
#include "semantics/pseudo_send.hpp"

// Heads and trailers out: QPACK, and the frames around it.

namespace parley::h3 {

namespace {

using sections_access = parley::detail::fields_access;
using fieldcode::qpack_encoder;

// What the lines of `f` need at most.
std::size_t section_bound(const parley::fields& f) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < f.size(); ++i) {
    const auto& slot = sections_access::slot(f, i);
    size += slot.name_length + slot.value_length + qpack_encoder::fixed_bound;
  }
  return size;
}

// The static table's index of each known name, so that no name is looked up (RFC 9204 Appendix A).
const auto& qpack_name_indexes() {
  static const auto indexes = [] {
    std::array<std::uint8_t, semantics::field_id_count> table{};
    table[0] = static_cast<std::uint8_t>(fieldcode::qpack_no_index);
    for (std::size_t i = 1; i < table.size(); ++i) {
      table[i] = static_cast<std::uint8_t>(fieldcode::qpack_static_name(semantics::name_of(static_cast<semantics::field_id>(i))));
    }
    return table;
  }();
  return indexes;
}

// Pseudo-fields and Content-Length: names, and values that are not in the fields.
constexpr std::size_t pseudo_section_bound = 6 * (16 + qpack_encoder::fixed_bound) + 20;
// A frame's type and size, and a push id.
constexpr std::size_t frame_bound = 1 + 2 * most_varint_bytes;

}  // namespace

// Writes one frame with a field section: `each(encode)` calls `encode(tag, name, value)` for every line.
template <class Visit>
connection::written_section connection::write_section(stream& s, frame_type type, std::uint64_t push_id, std::size_t bound,
                                                      Visit&& each) {
  const auto& indexes = qpack_name_indexes();
  constexpr std::size_t before = frame_bound + qpack_encoder::prefix_bound;
  char* const lines = s.output.reserve(before + bound) + before;
  char* p = lines;
  const std::size_t instructions = encoder_.output().size();
  encoder_.begin(s.transport);
  each([&](semantics::name_tag tag, std::string_view name, std::string_view value) {
    const std::size_t index = tag < indexes.size() ? indexes[tag] : fieldcode::qpack_no_index;
    p = index != fieldcode::qpack_no_index ? encoder_.encode(index, value, p) : encoder_.encode(name, value, p);
  });
  // What stands before the lines is known last, and written backwards.
  char* begin = encoder_.end(lines);
  if (type == frame_type::push_promise) {
    begin -= varint_size(push_id);
    write_varint(begin, push_id);
  }
  const auto payload = static_cast<std::size_t>(p - begin);
  begin -= varint_size(payload);
  char* const at_payload = write_varint(begin, payload);
  *--begin = static_cast<char>(type);
  const auto size = static_cast<std::size_t>(p - begin);
  const std::uint64_t queued = s.output.unsent();
  s.output.commit(begin, size);
  count_queued(s, queued);
  if (watch_) [[unlikely]] {
    see_frame(engine::direction::out, s.id, type, payload, {at_payload, payload});
  }
  return {{begin, size}, encoder_.output().size() - instructions};
}

semantics::sendable connection::write_request(stream& s, const semantics::request_head& head, std::optional<std::uint64_t> length,
                                              frame_type type, std::uint64_t push_id) {
  const std::size_t bound = section_bound(head.fields) + pseudo_section_bound + head.target().size() + head.authority().size() +
                            head.method.name().size() + head.protocol().size() + head.fields.size();
  auto result = semantics::sendable::ok;
  const auto written = write_section(s, type, push_id, bound, [&](auto&& encode) {
    result = semantics::for_each_request_field(
        head, "https", length,
        [&](semantics::name_tag tag, std::string_view name, std::string_view value) { encode(tag, name, value); });
  });
  if (watch_) [[unlikely]] {
    if (type == frame_type::push_promise) {
      watch_(now_, s.id, engine::observed_push{engine::direction::out, first_push + push_id, &head});
    } else {
      watch_(now_, s.id, engine::observed_head{engine::direction::out, &head, nullptr, {}, written.size(), length});
    }
  }
  return result;
}

// A file that is asked for again and again has the same head each time, but for the date.
bool connection::write_again(stream& s, const semantics::response_head& head, std::optional<std::uint64_t> length) {
  if (again_ == nullptr || watch_ || !again_->is(head, length) || !encoder_.repeat(again_->how(), s.transport)) return false;
  const std::uint64_t queued = s.output.unsent();
  s.output.copy(again_->frame());
  count_queued(s, queued);
  return true;
}

// From the second time on.
void connection::keep_head(const semantics::response_head& head, std::optional<std::uint64_t> length, std::string_view frame) {
  if (!repeated_head::possible(head)) return;
  const std::uint64_t sign = repeated_head::sign(head, length);
  if (std::exchange(last_head_, sign) != sign) return;
  if (const auto how = encoder_.repeatable()) again_ = std::make_unique<repeated_head>(head, length, frame, *how);
}

void connection::write_response(stream& s, const semantics::response_head& head, std::optional<std::uint64_t> length) {
  if (write_again(s, head, length)) return;
  std::size_t bound = section_bound(head.fields) + pseudo_section_bound;
  for (const auto* ready : head.ready) {
    if (ready != nullptr) bound += section_bound(ready->fields);
  }
  const auto written = write_section(s, frame_type::headers, 0, bound, [&](auto&& encode) {
    static_cast<void>(semantics::for_each_response_field(
        head, length, [&](semantics::name_tag tag, std::string_view name, std::string_view value) { encode(tag, name, value); }));
  });
  keep_head(head, length, written.frame);
  if (watch_) [[unlikely]] {
    semantics::response_head whole = semantics::whole_head(head);
    whole.version = parley::http3;
    watch_(now_, s.id, engine::observed_head{engine::direction::out, nullptr, &whole, {}, written.size(), length});
  }
}

void connection::write_trailers(stream& s, const parley::fields& trailers) {
  bool any = false;
  semantics::for_each_trailer_field(trailers, [&](semantics::name_tag, std::string_view, std::string_view) { any = true; });
  if (!any) return;
  write_section(s, frame_type::headers, 0, section_bound(trailers), [&](auto&& encode) {
    semantics::for_each_trailer_field(
        trailers, [&](semantics::name_tag tag, std::string_view name, std::string_view value) { encode(tag, name, value); });
  });
  watch_(now_, s.id, engine::observed_trailers{engine::direction::out, &trailers});
}

// --- our own streams -------------------------------------------------------------------------------------------------------------

void connection::write_control(frame_type type, std::string_view payload) {
  char head[2 * most_varint_bytes];
  char* const end = write_varint(write_varint(head, static_cast<std::uint64_t>(type)), payload.size());
  send_buffer& to = own_[own_control].output;
  to.copy({head, static_cast<std::size_t>(end - head)});
  to.copy(payload);
  control_written_ += static_cast<std::size_t>(end - head) + payload.size();
  if (watch_) [[unlikely]] {
    see_frame(engine::direction::out, 0, type, payload.size(), payload);
  }
}

void connection::write_control_id(frame_type type, std::uint64_t id) {
  char payload[most_varint_bytes];
  const char* const end = write_varint(payload, id);
  write_control(type, {payload, static_cast<std::size_t>(end - payload)});
}

// RFC 9114 §6.2, §7.2.4: SETTINGS come first.
void connection::write_own_streams() {
  const auto begin = [this](own which, stream_type type) {
    const char first = static_cast<char>(type);
    own_[which].output.copy({&first, 1});
  };
  begin(own_control, stream_type::control);
  begin(own_encoder, stream_type::qpack_encoder);
  begin(own_decoder, stream_type::qpack_decoder);
  control_written_ = 1;
  char payload[2 * most_varint_bytes * 6];
  char* p = payload;
  const auto put = [&p](setting id, std::uint64_t value) { p = put_setting(p, static_cast<std::uint64_t>(id), value); };
  const std::uint64_t table = std::min(limits_.field_table, fieldcode::dynamic_table::largest_capacity);
  if (table > 0) put(setting::qpack_max_table_capacity, table);
  if (table > 0 && limits_.blocked_streams > 0) put(setting::qpack_blocked_streams, limits_.blocked_streams);
  put(setting::max_field_section_size, std::min<std::uint64_t>(limits_.head, largest_varint));
  if (is_server() && options_.extended_connect) put(setting::enable_connect_protocol, 1);
  if (options_.datagrams) put(setting::h3_datagram, 1);
  // RFC 9114 §7.2.4.1: a setting that nobody knows is ignored; so that peers keep to it, there is always one.
  p = put_setting(p, grease(options_.seed), options_.seed >> 34);
  write_control(frame_type::settings, {payload, static_cast<std::size_t>(p - payload)});
  // The same for frames (RFC 9114 §7.2.8).
  write_control(static_cast<frame_type>(grease(options_.seed >> 10)), "grs\n");
  if (!is_server() && options_.push) allow_pushes();
}

}  // namespace parley::h3
