// Content on its way: the chunked coding, the buffer for receiving, the queue for sending.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <string_view>

#include "base/buffer.hpp"
#include "engine/send_queue.hpp"
#include "h1/chunked_decoder.hpp"

namespace {

using namespace parley;

// 64 KiB in chunks of a given size.
void decode_chunks(benchmark::State& state) {
  constexpr std::size_t total = 64 * 1024;
  const auto size = static_cast<std::size_t>(state.range(0));
  std::array<char, 16> digits;
  char* const end = std::to_chars(digits.begin(), digits.end(), size, 16).ptr;
  const std::string chunk = std::string(digits.data(), end) + "\r\n" + std::string(size, 'x') + "\r\n";
  std::string coded;
  for (std::size_t i = 0; i < total / size; ++i) coded += chunk;
  coded += "0\r\n";
  const limits caps;
  for (auto _ : state) {
    h1::chunked_decoder decoder;
    decoder.start();
    std::string_view rest = coded;
    std::size_t got = 0;
    while (true) {
      const auto step = decoder.decode(rest, total, caps);
      rest.remove_prefix(step.consumed);
      got += step.data.size();
      if (step.ended || step.error != nullptr || step.consumed == 0) break;
    }
    if (got != total) {
      state.SkipWithError("the content was not decoded");
      return;
    }
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(total));
}
BENCHMARK(decode_chunks)->Arg(16)->Arg(1024)->Arg(16 * 1024);

// What a kept-alive connection does with each request: take a block, fill, consume, give it back.
void fill_and_release_buffer(benchmark::State& state) {
  constexpr std::size_t request = 45;
  base::buffer buffer;
  for (auto _ : state) {
    const auto room = buffer.writable(4096);
    std::fill_n(room.begin(), request, 'x');
    buffer.commit(request);
    benchmark::DoNotOptimize(buffer.readable().data());
    buffer.consume(request);
    buffer.release();
  }
}
BENCHMARK(fill_and_release_buffer);

// Sixteen small answers queued, looked at and written at once.
void queue_sixteen_answers(benchmark::State& state) {
  const std::string answer(220, 'x');
  engine::send_queue queue;
  std::array<base::segment, 16> segments;
  for (auto _ : state) {
    for (int i = 0; i < 16; ++i) queue.copy(answer);
    benchmark::DoNotOptimize(queue.peek(segments));
    queue.written(queue.size());
  }
  state.SetItemsProcessed(state.iterations() * 16);
}
BENCHMARK(queue_sixteen_answers);

}  // namespace
