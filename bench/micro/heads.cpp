// Heads of HTTP/1: taken apart as the engine does, and written.
#include <benchmark/benchmark.h>

#include <string_view>

#include "engine/send_queue.hpp"
#include "h1/framing.hpp"
#include "h1/head_parser.hpp"
#include "h1/head_writer.hpp"
#include "samples.hpp"
#include "semantics/message_head.hpp"

namespace {

using namespace parley;

void parse_head(benchmark::State& state, std::string_view text) {
  const limits caps;
  h1::head_parser parser(caps);
  for (auto _ : state) {
    semantics::request_head head;
    h1::received_head meaning;
    h1::head_parser::scratch room;
    parser.start(h1::head_kind::request);
    if (parser.parse(text, room) != h1::head_parser::progress::complete ||
        h1::take_head(parser, text.substr(0, parser.size()), head, meaning)) {
      state.SkipWithError("the head was refused");
      return;
    }
    parser.release();
    benchmark::DoNotOptimize(head.fields.size());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK_CAPTURE(parse_head, browser, bench::browser_head);
BENCHMARK_CAPTURE(parse_head, small, bench::small_head);

void write_head(benchmark::State& state) {
  semantics::response_head head;
  head.fields = fields{{"Content-Type", "text/plain; charset=utf-8"},
                       {"Last-Modified", "Mon, 23 Nov 2026 05:50:40 GMT"},
                       {"X-Content-Type-Options", "nosniff"},
                       {"Date", "Mon, 23 Nov 2026 06:17:41 GMT"},
                       {"Server", "parley"}};
  const h1::head_framing framing{.content = h1::sent_body::length, .length_field = true, .length = 13};
  engine::send_queue out;
  std::size_t size = 0;
  for (auto _ : state) {
    size = h1::write_head(out, head, framing).size();
    out.written(size);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(size));
}
BENCHMARK(write_head);

}  // namespace
