#include <utility>

#include "h3/connection.hpp"
#include "h3/violations.hpp"

// Datagrams of exchanges (RFC 9297 §2).

namespace parley::h3 {

namespace {
constexpr std::uint64_t largest_quarter = (std::uint64_t{1} << 60) - 1;
}  // namespace

void connection::receive_datagram(std::string_view bytes, time_point now) {
  now_ = now;
  release_used();
  if (finished_) return;
  std::uint64_t quarter = 0;
  if (!read_varint(bytes, quarter) || quarter > largest_quarter) return fail(violation::bad_datagram);
  stream* const s = streams_.find(engine::exchange_of(quarter * 4));
  // RFC 9297 §2.1: before its stream, or behind its end, it is dropped.
  if (s == nullptr || s->in != way::open || s->over || s->lost || s->discard) return;
  if (is_server() && head_due(s->place_in)) return;
  if (!s->datagrams) return fail_stream(*s, violation::datagram_not_wanted);
  if (datagrams_.size() < limits_.datagrams) datagrams_.push_back({s->id, std::string(bytes)});
}

std::optional<datagram> connection::next_datagram() {
  if (datagrams_.empty()) return std::nullopt;
  std::optional<datagram> first(std::move(datagrams_.front()));
  datagrams_.erase(datagrams_.begin());
  return first;
}

bool connection::send_datagram(stream_id id, std::string_view bytes) {
  const stream* const s = streams_.find(id);
  const bool can =
      s != nullptr && s->datagrams && s->out == way::open && !s->lost && !finished_ && options_.datagrams && theirs_.h3_datagram;
  if (!can) return false;
  char head[most_varint_bytes];
  const char* const end = write_varint(head, s->transport / 4);
  std::string all(head, static_cast<std::size_t>(end - head));
  actions_.emplace_back(engine::transport_action::datagram{std::move(all.append(bytes))});
  return true;
}

}  // namespace parley::h3
