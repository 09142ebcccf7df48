// The HTTP/2 engine alone: requests come, all of them are open at once, then each gets a small response; no sockets. Nanoseconds each.
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "fieldcode/hpack_encoder.hpp"
#include "h2/connection.hpp"

namespace {

using namespace parley;
using clock_type = std::chrono::steady_clock;

std::string frame_of(h2::frame_type type, std::uint8_t flags, std::uint32_t stream, std::string_view payload) {
  std::string bytes(h2::frame_header_size, '\0');
  h2::write_frame_header(bytes.data(), {static_cast<std::uint32_t>(payload.size()), type, flags, stream});
  return bytes.append(payload);
}

std::string encoded(fieldcode::hpack_encoder& encoder, std::initializer_list<std::pair<std::string_view, std::string_view>> lines) {
  std::string block(4'096, '\0');
  char* p = block.data();
  for (const auto& [name, value] : lines) p = encoder.encode(name, value, p);
  block.resize(static_cast<std::size_t>(p - block.data()));
  return block;
}

}  // namespace

// h2_engine [STREAMS AT ONCE] [REQUESTS]
int main(int argc, char** argv) {
  const std::size_t at_once = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 32;
  const std::size_t requests = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 2'000'000;
  limits caps;
  caps.streams = at_once;
  caps.requests_per_connection = UINT64_MAX;
  h2::connection c(engine::role::server, caps, {}, clock_type::now());
  fieldcode::hpack_encoder encoder(1, 4096);
  std::string first = std::string(h2::client_preface) + frame_of(h2::frame_type::settings, 0, 0, {}) +
                      frame_of(h2::frame_type::settings, h2::flag::ack, 0, {});
  std::vector<std::string> blocks;
  for (int i = 0; i < 3; ++i) {
    blocks.push_back(encoded(encoder, {{":method", "GET"},
                                       {":scheme", "https"},
                                       {":authority", "localhost:8443"},
                                       {":path", "/hello.txt"},
                                       {"user-agent", "h2load nghttp2/1.52.0"},
                                       {"accept", "*/*"}}));
  }
  semantics::response_head head;
  head.fields = {{"Content-Type", "text/plain; charset=utf-8"},
                 {"Date", "Mon, 23 Nov 2026 02:40:00 GMT"},
                 {"Last-Modified", "Mon, 23 Nov 2026 01:40:00 GMT"},
                 {"ETag", "\"5f-abcdef\""}};
  std::uint32_t id = 1;
  std::size_t block = 0;
  std::size_t answered = 0;
  std::vector<engine::stream_id> open;
  std::array<engine::segment, 16> out;
  const auto start = clock_type::now();
  std::string pending = first;
  while (answered < requests) {
    for (std::size_t i = 0; i < at_once; ++i, id += 2) {
      pending += frame_of(h2::frame_type::headers, h2::flag::end_headers | h2::flag::end_stream, id, blocks[block]);
      if (block + 1 < blocks.size()) ++block;
    }
    const auto now = clock_type::now();
    std::string_view bytes = pending;
    while (!bytes.empty()) {
      bytes.remove_prefix(c.receive(bytes, now));
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
    while (c.has_output()) {
      const std::size_t n = c.output(out);
      std::size_t size = 0;
      for (std::size_t i = 0; i < n; ++i) size += out[i].bytes.size();
      c.written(size, now);
    }
    pending = frame_of(h2::frame_type::window_update, 0, 0, std::string("\0\0\x01\xa0", 4));
    if (13 * at_once != 0x1a0) h2::store_u32(pending.data() + h2::frame_header_size, static_cast<std::uint32_t>(13 * at_once));
  }
  if (c.error() != nullptr) std::abort();
  const auto spent = clock_type::now() - start;
  std::printf("%zu streams at once: %.0f ns a request\n", at_once,
              static_cast<double>(std::chrono::nanoseconds(spent).count()) / static_cast<double>(answered));
  return 0;
}
