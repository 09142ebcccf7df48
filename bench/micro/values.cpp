// Small values that every request has: fields, URIs, dates, routes.
#include <benchmark/benchmark.h>
#include <parley/date.hpp>
#include <parley/fields.hpp>
#include <parley/response.hpp>
#include <parley/uri.hpp>

#include <array>
#include <chrono>
#include <string>
#include <string_view>

#include "semantics/target.hpp"
#include "server/router.hpp"

namespace {

using namespace parley;

fields browser_fields() {
  return {{"Host", "www.example.re:8080"},
          {"Connection", "keep-alive"},
          {"sec-ch-ua-mobile", "?0"},
          {"sec-ch-ua-platform", "\"Linux\""},
          {"Upgrade-Insecure-Requests", "1"},
          {"User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"},
          {"Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"},
          {"Sec-Fetch-Site", "same-origin"},
          {"Sec-Fetch-Mode", "navigate"},
          {"Accept-Encoding", "gzip, deflate, br"},
          {"X-Request-Id", "4711"},
          {"Accept-Language", "en-GB,en;q=0.9"}};
}

void find_field(benchmark::State& state, std::string_view name) {
  const fields all = browser_fields();
  for (auto _ : state) benchmark::DoNotOptimize(all.get(name));
}
BENCHMARK_CAPTURE(find_field, known, "accept-encoding");
BENCHMARK_CAPTURE(find_field, unknown, "x-request-id");
BENCHMARK_CAPTURE(find_field, absent, "if-none-match");

void add_five_fields(benchmark::State& state) {
  for (auto _ : state) {
    fields f;
    f.add("Content-Type", "text/plain; charset=utf-8").add("Last-Modified", "Mon, 23 Nov 2026 05:50:40 GMT");
    f.add("X-Content-Type-Options", "nosniff").add("Date", "Mon, 23 Nov 2026 06:17:41 GMT").add("Server", "parley");
    benchmark::DoNotOptimize(f.size());
  }
}
BENCHMARK(add_five_fields);

void parse_uri(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(uri::parse("https://www.example.re:8443/customers/active?page=12&sort=name"));
}
BENCHMARK(parse_uri);

void parse_host(benchmark::State& state, std::string_view text) {
  for (auto _ : state) benchmark::DoNotOptimize(semantics::parse_host(text));
}
BENCHMARK_CAPTURE(parse_host, address, "127.0.0.1:8080");
BENCHMARK_CAPTURE(parse_host, name, "www.example.re");

void write_date(benchmark::State& state) {
  std::array<char, date_length> room;
  std::chrono::sys_seconds time{std::chrono::seconds(1'795'413'600)};
  for (auto _ : state) {
    benchmark::DoNotOptimize(parley::write_date(room.data(), time));
    time += std::chrono::seconds(1);
  }
}
BENCHMARK(write_date);

void parse_date(benchmark::State& state) {
  const std::chrono::sys_seconds now{std::chrono::seconds(1'795'413'600)};
  for (auto _ : state) benchmark::DoNotOptimize(parley::parse_date("Mon, 23 Nov 2026 05:50:40 GMT", now));
}
BENCHMARK(parse_date);

void find_route(benchmark::State& state, std::string_view path) {
  server_room::router routes;
  for (const char* pattern :
       {"GET /", "GET /customers", "POST /customers", "GET /customers/{id}", "PUT /customers/{id}", "DELETE /customers/{id}",
        "GET /customers/{id}/orders/{order}", "GET /static/{path...}", "GET /health", "POST /upload"}) {
    routes.add(pattern, [](const request&) { return response(); }, {});
  }
  const method get;
  for (auto _ : state) benchmark::DoNotOptimize(routes.find(get, path));
}
BENCHMARK_CAPTURE(find_route, literal, "/health");
BENCHMARK_CAPTURE(find_route, parameters, "/customers/42/orders/7");
BENCHMARK_CAPTURE(find_route, rest, "/static/css/site.css");

}  // namespace
