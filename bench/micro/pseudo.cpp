// Heads of HTTP/2 and HTTP/3: from the fields that a decompressor gives, and to those that a compressor takes; who sends next.
#include <benchmark/benchmark.h>

#include <array>
#include <memory>
#include <string_view>
#include <vector>

#include "engine/scheduler.hpp"
#include "semantics/pseudo.hpp"
#include "semantics/pseudo_send.hpp"

namespace {

using namespace parley;
using namespace parley::semantics;

struct tagged_line {
  std::string_view name;
  std::string_view value;
  name_tag tag = tag_of(name);
};

const std::vector<tagged_line> browser_lines{
    {":method", "GET"},
    {":scheme", "https"},
    {":authority", "www.example.com"},
    {":path", "/articles/2026/11/index.html?page=2"},
    {"user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"},
    {"accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"},
    {"accept-language", "en-US,en;q=0.5"},
    {"accept-encoding", "gzip, deflate, br, zstd"},
    {"cookie", "session=5f1c2b7a9d3e4f60; theme=dark"},
    {"priority", "u=0, i"},
};
const std::vector<tagged_line> h2load_lines{
    {":method", "GET"}, {":scheme", "https"}, {":authority", "127.0.0.1:8443"}, {":path", "/13.txt"}, {"user-agent", "h2load"}};

void take_request(benchmark::State& state, const std::vector<tagged_line>& lines) {
  const limits caps;
  for (auto _ : state) {
    request_fields section(section_caps::of_head(caps), {.scheme = "https"});
    for (const auto& line : lines) section.add(line.tag, line.name, line.value);
    auto head = section.finish();
    if (!head) {
      state.SkipWithError("the head was refused");
      return;
    }
    benchmark::DoNotOptimize(head->fields.size());
  }
}
BENCHMARK_CAPTURE(take_request, browser, browser_lines);
BENCHMARK_CAPTURE(take_request, h2load, h2load_lines);

void name_tags(benchmark::State& state) {
  for (auto _ : state) {
    for (const auto& line : browser_lines) benchmark::DoNotOptimize(tag_of(line.name));
  }
}
BENCHMARK(name_tags);

void give_response(benchmark::State& state) {
  response_head head;
  head.fields = fields{{"Content-Type", "text/plain; charset=utf-8"},
                       {"Last-Modified", "Mon, 23 Nov 2026 05:50:40 GMT"},
                       {"X-Content-Type-Options", "nosniff"}};
  const parley::detail::ready_lines own(fields{{"Date", "Mon, 23 Nov 2026 06:17:41 GMT"}, {"Server", "parley"}});
  head.ready = {&own, nullptr};
  for (auto _ : state) {
    const auto result = for_each_response_field(head, 13, [](name_tag tag, std::string_view name, std::string_view value) {
      benchmark::DoNotOptimize(tag);
      benchmark::DoNotOptimize(name.data());
      benchmark::DoNotOptimize(value.data());
    });
    benchmark::DoNotOptimize(result);
  }
}
BENCHMARK(give_response);

void give_request(benchmark::State& state) {
  request_fields section(section_caps::of_head({}), {});
  for (const auto& line : browser_lines) section.add(line.tag, line.name, line.value);
  const auto head = section.finish();
  for (auto _ : state) {
    const auto result = for_each_request_field(*head, "https", {}, [](name_tag, std::string_view name, std::string_view value) {
      benchmark::DoNotOptimize(name.data());
      benchmark::DoNotOptimize(value.data());
    });
    benchmark::DoNotOptimize(result);
  }
}
BENCHMARK(give_request);

// Each stream comes, sends once and goes; so many wait at any time. `Step` 7 brings them out of the order of their ids.
void turns_of_streams(benchmark::State& state, bool incremental, std::size_t step) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const auto nodes = std::make_unique<engine::scheduler::node[]>(count);
  engine::scheduler turns;
  for (std::size_t i = 0; i < count; ++i) turns.reprioritise(nodes[i], {.incremental = incremental});
  for (auto _ : state) {
    for (std::size_t i = 0, at = 0; i < count; ++i, at = (at + step) % count) turns.insert(nodes[at], at + 1);
    while (engine::scheduler::node* const n = turns.next()) {
      turns.sent(*n, 100);
      turns.remove(*n);
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK_CAPTURE(turns_of_streams, in_order, false, 1)->Arg(1)->Arg(32)->Arg(1000);
BENCHMARK_CAPTURE(turns_of_streams, out_of_order, false, 7)->Arg(32)->Arg(1000);
BENCHMARK_CAPTURE(turns_of_streams, incremental, true, 1)->Arg(32)->Arg(1000);

}  // namespace
