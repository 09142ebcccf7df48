// Field sections of HTTP/3: the same heads as in hpack.cpp.
#include <benchmark/benchmark.h>

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "fieldcode/qpack_decoder.hpp"
#include "fieldcode/qpack_encoder.hpp"
#include "micro/field_samples.hpp"

namespace {

using namespace parley::fieldcode;
using namespace parley::bench;

name_tag qpack_bench_tag(std::string_view name) noexcept { return static_cast<name_tag>(name.size()); }

struct qpack_ends {
  qpack_encoder encoder{1, {}};
  qpack_decoder decoder{qpack_bench_tag, {.table_capacity = 4096, .blocked_streams = 100}};
  std::array<char, 4096> room;

  qpack_ends() { static_cast<void>(encoder.set_peer_limits(4096, 100)); }
  std::string_view encode(std::span<const static_field> fields) {
    char* const lines = room.data() + qpack_encoder::prefix_bound;
    char* end = lines;
    encoder.begin(0);
    for (const static_field& f : fields) end = encoder.encode(f.name, f.value, end);
    char* const begin = encoder.end(lines);
    return {begin, static_cast<std::size_t>(end - begin)};
  }
  void carry() {
    static_cast<void>(decoder.receive(encoder.output()));
    encoder.written(encoder.output().size());
    static_cast<void>(encoder.receive(decoder.output()));
    decoder.written(decoder.output().size());
  }
  bool decode(std::string_view section) {
    return decoder.decode(0, section, {}, [](const decoded_field& f) { benchmark::DoNotOptimize(f.value.data()); }).has_value();
  }
  /// The section that `fields` become when they have been sent twice.
  std::string known(std::span<const static_field> fields) {
    for (int i = 0; i < 2; ++i) {
      const std::string section(encode(fields));
      static_cast<void>(decoder.receive(encoder.output()));
      encoder.written(encoder.output().size());
      static_cast<void>(decode(section));
      carry();
    }
    return std::string(encode(fields));
  }
};

// With the acknowledgement that it makes.
void qpack_decode(benchmark::State& state, std::span<const static_field> fields) {
  qpack_ends ends;
  const std::string section = ends.known(fields);
  for (auto _ : state) {
    if (!ends.decode(section)) state.SkipWithError("the section was refused");
    ends.decoder.written(ends.decoder.output().size());
  }
  state.counters["section"] = static_cast<double>(section.size());
}
BENCHMARK_CAPTURE(qpack_decode, browser_request_known, browser_request);
BENCHMARK_CAPTURE(qpack_decode, file_response_known, file_response);

// The path is another one each time; all else is in the table.
void qpack_decode_new_path(benchmark::State& state) {
  qpack_ends ends;
  ends.known(browser_request);
  std::array<static_field, std::size(browser_request)> fields;
  std::copy(std::begin(browser_request), std::end(browser_request), fields.begin());
  fields[3].value = "/customers/4711/letters?sort=date";
  const std::string section(ends.encode(fields));
  for (auto _ : state) {
    if (!ends.decode(section)) state.SkipWithError("the section was refused");
    ends.decoder.written(ends.decoder.output().size());
  }
  state.counters["section"] = static_cast<double>(section.size());
}
BENCHMARK(qpack_decode_new_path);

// The first request of a connection: its instructions and its section.
void qpack_decode_first(benchmark::State& state) {
  qpack_ends ends;
  const std::string section(ends.encode(browser_request));
  const std::string instructions(ends.encoder.output());
  for (auto _ : state) {
    qpack_decoder decoder(qpack_bench_tag, {.table_capacity = 4096, .blocked_streams = 100});
    const bool good = decoder.receive(instructions).has_value();
    const auto done = decoder.decode(0, section, {}, [](const decoded_field& f) { benchmark::DoNotOptimize(f.value.data()); });
    if (!good || !done) state.SkipWithError("the section was refused");
  }
  state.counters["section"] = static_cast<double>(section.size() + instructions.size());
}
BENCHMARK(qpack_decode_first);

// With the acknowledgement that comes back for each.
void qpack_encode(benchmark::State& state, std::span<const static_field> fields) {
  qpack_ends ends;
  const std::string section = ends.known(fields);
  for (auto _ : state) {
    benchmark::DoNotOptimize(ends.encode(fields).data());
    benchmark::ClobberMemory();
    if (!ends.encoder.receive("\x80")) state.SkipWithError("the acknowledgement was refused");
  }
  state.counters["section"] = static_cast<double>(section.size());
}
BENCHMARK_CAPTURE(qpack_encode, file_response_known, file_response);
BENCHMARK_CAPTURE(qpack_encode, browser_request_known, browser_request);

// As above, by the indexes of the names in the static table.
void qpack_encode_by_index(benchmark::State& state) {
  qpack_ends ends;
  ends.known(file_response);
  std::array<std::size_t, std::size(file_response)> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = qpack_static_name(file_response[i].name);
  char* const lines = ends.room.data() + qpack_encoder::prefix_bound;
  for (auto _ : state) {
    ends.encoder.begin(0);
    char* end = qpack_encoder::encode_static(25, lines);
    for (std::size_t i = 1; i < names.size(); ++i) end = ends.encoder.encode(names[i], file_response[i].value, end);
    benchmark::DoNotOptimize(ends.encoder.end(lines));
    benchmark::DoNotOptimize(end);
    benchmark::ClobberMemory();
    if (!ends.encoder.receive("\x80")) state.SkipWithError("the acknowledgement was refused");
  }
}
BENCHMARK(qpack_encode_by_index);

void qpack_encode_first(benchmark::State& state) {
  std::array<char, 4096> room;
  char* const lines = room.data() + qpack_encoder::prefix_bound;
  for (auto _ : state) {
    qpack_encoder encoder(1, {});
    static_cast<void>(encoder.set_peer_limits(4096, 100));
    char* end = lines;
    encoder.begin(0);
    for (const static_field& f : file_response) end = encoder.encode(f.name, f.value, end);
    benchmark::DoNotOptimize(encoder.end(lines));
    benchmark::DoNotOptimize(end);
    benchmark::DoNotOptimize(encoder.output().data());
  }
}
BENCHMARK(qpack_encode_first);

}  // namespace
