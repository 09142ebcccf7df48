// Field blocks of HTTP/2: a browser's request decoded, a file's response encoded, and the Huffman code.
#include <benchmark/benchmark.h>

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "fieldcode/hpack_decoder.hpp"
#include "fieldcode/hpack_encoder.hpp"
#include "fieldcode/huffman.hpp"
#include "micro/field_samples.hpp"

namespace {

using namespace parley::fieldcode;
using namespace parley::bench;

name_tag bench_tag(std::string_view name) noexcept { return static_cast<name_tag>(name.size()); }

std::string encode_all(hpack_encoder& encoder, std::span<const static_field> fields) {
  std::array<char, 4096> room;
  char* end = room.data();
  for (const static_field& f : fields) end = encoder.encode(f.name, f.value, end);
  return {room.data(), end};
}

/// The block that `fields` become when they have been sent `times` times before.
std::string block_after(hpack_encoder& encoder, hpack_decoder& decoder, std::span<const static_field> fields, int times) {
  for (int i = 0; i < times; ++i) (void)decoder.decode(encode_all(encoder, fields), 1 << 16, [](const decoded_field&) {});
  return encode_all(encoder, fields);
}

void decode_block(benchmark::State& state, std::span<const static_field> fields) {
  hpack_encoder encoder(1, 4096);
  hpack_decoder decoder(bench_tag);
  const std::string block = block_after(encoder, decoder, fields, 2);
  std::size_t size = 0;
  for (auto _ : state) {
    size = 0;
    const auto done = decoder.decode(block, 1 << 16, [&size](const decoded_field& f) {
      size += f.name.size() + f.value.size() + f.tag;
      benchmark::DoNotOptimize(f.value.data());
    });
    if (!done) state.SkipWithError("the block was refused");
  }
  benchmark::DoNotOptimize(size);
  state.counters["block"] = static_cast<double>(block.size());
}
BENCHMARK_CAPTURE(decode_block, browser_request_known, browser_request);
BENCHMARK_CAPTURE(decode_block, file_response_known, file_response);

// The path is another one each time; all else is in the table.
void decode_new_path(benchmark::State& state) {
  hpack_encoder encoder(1, 4096);
  hpack_decoder decoder(bench_tag);
  block_after(encoder, decoder, browser_request, 2);
  std::array<static_field, std::size(browser_request)> fields;
  std::copy(std::begin(browser_request), std::end(browser_request), fields.begin());
  fields[3].value = "/customers/4711/letters?sort=date";
  const std::string block = encode_all(encoder, fields);
  for (auto _ : state) {
    const auto done = decoder.decode(block, 1 << 16, [](const decoded_field& f) { benchmark::DoNotOptimize(f.value.data()); });
    if (!done) state.SkipWithError("the block was refused");
  }
  state.counters["block"] = static_cast<double>(block.size());
}
BENCHMARK(decode_new_path);

void decode_first(benchmark::State& state) {
  hpack_encoder encoder(1, 4096);
  const std::string block = encode_all(encoder, browser_request);
  for (auto _ : state) {
    hpack_decoder decoder(bench_tag);
    const auto done = decoder.decode(block, 1 << 16, [](const decoded_field& f) { benchmark::DoNotOptimize(f.value.data()); });
    if (!done) state.SkipWithError("the block was refused");
  }
  state.counters["block"] = static_cast<double>(block.size());
}
BENCHMARK(decode_first);

void encode_block(benchmark::State& state, std::span<const static_field> fields) {
  hpack_encoder encoder(1, 4096);
  for (int i = 0; i < 2; ++i) encode_all(encoder, fields);
  std::array<char, 4096> room;
  char* end = room.data();
  for (auto _ : state) {
    end = room.data();
    for (const static_field& f : fields) end = encoder.encode(f.name, f.value, end);
    benchmark::DoNotOptimize(room.data());
    benchmark::ClobberMemory();
  }
  state.counters["block"] = static_cast<double>(end - room.data());
}
BENCHMARK_CAPTURE(encode_block, file_response_known, file_response);
BENCHMARK_CAPTURE(encode_block, browser_request_known, browser_request);

// As above, by the indexes of the names in the static table.
void encode_by_index(benchmark::State& state) {
  hpack_encoder encoder(1, 4096);
  for (int i = 0; i < 2; ++i) encode_all(encoder, file_response);
  std::array<std::size_t, std::size(file_response)> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = hpack_static_name(file_response[i].name);
  std::array<char, 4096> room;
  for (auto _ : state) {
    char* end = encoder.encode_static(8, room.data());
    for (std::size_t i = 1; i < names.size(); ++i) end = encoder.encode(names[i], file_response[i].value, end);
    benchmark::DoNotOptimize(end);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(encode_by_index);

void encode_first(benchmark::State& state) {
  std::array<char, 4096> room;
  for (auto _ : state) {
    hpack_encoder encoder(1, 4096);
    char* end = room.data();
    for (const static_field& f : file_response) end = encoder.encode(f.name, f.value, end);
    benchmark::DoNotOptimize(end);
  }
}
BENCHMARK(encode_first);

void huffman_decode(benchmark::State& state) {
  const std::string_view text = browser_request[8].value;
  std::array<char, 512> coded;
  const std::string_view block(coded.data(), static_cast<std::size_t>(huffman::encode(text, coded.data()) - coded.data()));
  std::array<char, 512> room;
  for (auto _ : state) benchmark::DoNotOptimize(huffman::decode(block, room.data()));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(huffman_decode);

void huffman_encode(benchmark::State& state) {
  const std::string_view text = browser_request[8].value;
  std::array<char, 512> room;
  for (auto _ : state) {
    benchmark::DoNotOptimize(huffman::encoded_size(text));
    benchmark::DoNotOptimize(huffman::encode(text, room.data()));
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(huffman_encode);

}  // namespace
