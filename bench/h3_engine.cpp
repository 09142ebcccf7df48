// The HTTP/3 engine alone: requests come, all of them are open at once, then each gets a small response that is acknowledged at once; no
// transport. Nanoseconds each.
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "fieldcode/qpack_encoder.hpp"
#include "h3/connection.hpp"

namespace {

using namespace parley;
using clock_type = std::chrono::steady_clock;

std::string frame_of(h3::frame_type type, std::string_view payload) {
  char head[2 * h3::most_varint_bytes];
  const char* const end = h3::write_varint(h3::write_varint(head, static_cast<std::uint64_t>(type)), payload.size());
  return std::string(head, static_cast<std::size_t>(end - head)).append(payload);
}

std::string encoded(fieldcode::qpack_encoder& encoder, std::uint64_t stream,
                    std::initializer_list<std::pair<std::string_view, std::string_view>> lines) {
  std::string block(4'096, '\0');
  char* const first = block.data() + fieldcode::qpack_encoder::prefix_bound;
  char* p = first;
  encoder.begin(stream);
  for (const auto& [name, value] : lines) p = encoder.encode(name, value, p);
  const char* const begin = encoder.end(first);
  return {begin, static_cast<std::size_t>(p - begin)};
}

}  // namespace

// h3_engine [STREAMS AT ONCE] [REQUESTS]
int main(int argc, char** argv) {
  const std::size_t at_once = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 32;
  const std::size_t requests = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 2'000'000;
  limits caps;
  caps.streams = at_once;
  caps.requests_per_connection = UINT64_MAX;
  h3::connection c(engine::role::server, caps, {}, clock_type::now());
  c.stream_limits(0, 100);
  c.start(false, clock_type::now());
  // A client that lets us use no table, and uses ours.
  fieldcode::qpack_encoder encoder(1, {});
  if (!encoder.set_peer_limits(caps.field_table, caps.blocked_streams)) std::abort();
  c.receive(2, std::string("\0", 1) + frame_of(h3::frame_type::settings, std::string("\x01\x50\x00\x07\x10", 5)), false,
            clock_type::now());
  c.receive(6, "\x02", false, clock_type::now());
  std::vector<std::string> frames;
  for (std::uint64_t i = 0; i < 3; ++i) {
    frames.push_back(frame_of(h3::frame_type::headers, encoded(encoder, i * 4,
                                                               {{":method", "GET"},
                                                                {":scheme", "https"},
                                                                {":authority", "localhost:8443"},
                                                                {":path", "/hello.txt"},
                                                                {"user-agent", "h2load nghttp2/1.52.0"},
                                                                {"accept", "*/*"}})));
    c.receive(6, encoder.output(), false, clock_type::now());
    encoder.written(encoder.output().size());
  }
  semantics::response_head head;
  head.fields = {{"Content-Type", "text/plain; charset=utf-8"},
                 {"Date", "Mon, 23 Nov 2026 02:40:00 GMT"},
                 {"Last-Modified", "Mon, 23 Nov 2026 01:40:00 GMT"},
                 {"ETag", "\"5f-abcdef\""}};
  std::uint64_t id = 0;
  std::size_t answered = 0;
  std::size_t bytes = 0;
  std::vector<engine::stream_id> open;
  std::vector<std::uint64_t> ended;
  std::array<std::string_view, 16> out;
  const auto start = clock_type::now();
  while (answered < requests) {
    const auto now = clock_type::now();
    for (std::size_t i = 0; i < at_once; ++i, id += 4) {
      c.receive(id, frames[std::min<std::size_t>(id / 4, frames.size() - 1)], true, now);
      while (auto e = c.next_event()) {
        const auto* r = std::get_if<engine::request_event>(&*e);
        if (r != nullptr) open.push_back(r->id);
      }
    }
    for (const engine::stream_id answer : open) {
      if (!c.send_response(answer, head, engine::content_length::of(13), now) ||
          !c.send_data(answer, {engine::chunk::view{"Hello, World\n"}}, now) || !c.send_end(answer, nullptr, now)) {
        std::abort();
      }
    }
    answered += open.size();
    open.clear();
    while (const auto stream = c.next_stream()) {
      const auto given = c.output(*stream, out);
      std::size_t size = 0;
      for (std::size_t i = 0; i < given.pieces; ++i) size += out[i].size();
      bytes += size;
      c.accepted(*stream, size, given.fin, now);
      c.acknowledged(*stream, size);
      if (given.fin) ended.push_back(*stream);
    }
    while (c.next_action()) {
    }
    for (const std::uint64_t gone : ended) c.stream_closed(gone, now);
    ended.clear();
  }
  if (c.error() != nullptr) std::abort();
  const auto spent = clock_type::now() - start;
  std::printf("%zu streams at once: %.0f ns a request, %.1f bytes out\n", at_once,
              static_cast<double>(std::chrono::nanoseconds(spent).count()) / static_cast<double>(answered),
              static_cast<double>(bytes) / static_cast<double>(answered));
  return 0;
}
