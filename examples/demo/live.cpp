#include "live.hpp"

#include "input.hpp"
#include "page.hpp"
#include "pulse.hpp"

#include <parley/event_stream.hpp>
#include <parley/json.hpp>

#include <array>
#include <charconv>
#include <chrono>
#include <limits>
#include <memory>
#include <vector>

namespace demo {
namespace {

using namespace std::chrono_literals;
using parley::request;
using parley::response;
using parley::task;

std::string one_decimal(double value) {
  std::array<char, 32> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, 1);
  return error == std::errc() ? std::string(text.data(), end) : std::string("0");
}

response live_page(const request& req, pulse& of) {
  const beat now = of.now();
  return scripted_page(req, "Live", "/live",
                       fill(asset("live.html"), {{"rate", one_decimal(now.rate[0])},
                                                 {"rate1", one_decimal(now.rate[1])},
                                                 {"rate2", one_decimal(now.rate[2])},
                                                 {"rate3", one_decimal(now.rate[3])},
                                                 {"requests", std::to_string(now.requests[0])},
                                                 {"requests1", std::to_string(now.requests[1])},
                                                 {"requests2", std::to_string(now.requests[2])},
                                                 {"requests3", std::to_string(now.requests[3])},
                                                 {"connections", std::to_string(now.connections)},
                                                 {"uptime", now.uptime()},
                                                 {"trust", trust_option(req)},
                                                 {"origin", shown_origin(req)}}),
                       fill(asset("live_head.html"), {}));
}

std::string json_of(const beat& now) {
  return nlohmann::json{{"rate", now.rate[0]},          {"rate1", now.rate[1]},         {"rate2", now.rate[2]},
                        {"rate3", now.rate[3]},         {"requests", now.requests[0]},  {"requests1", now.requests[1]},
                        {"requests2", now.requests[2]}, {"requests3", now.requests[3]}, {"connections", now.connections},
                        {"uptime", now.uptime()}}
      .dump();
}

/// A newcomer gets the last minute at once; who comes back after a break, what was missed.
task<> tell(std::shared_ptr<pulse> of, parley::event_stream& to) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const auto last = number(to.last_event_id(), 0, most);
  auto told = static_cast<std::uint64_t>(last.value_or(0));
  if (told > of->now().number) told = 0;  // it was told by this server's last run
  for (;;) {
    const std::vector<beat> later = of->since(told);
    for (const beat& each : later) {
      told = each.number;
      auto sending = to.send(parley::event(json_of(each)).id(std::to_string(each.number)));
      co_await sending;
    }
    auto pause = parley::sleep_for(1s);
    co_await pause;
  }
}

}  // namespace

void add_live(parley::server& app) {
  const auto shared = std::make_shared<pulse>([&app] { return app.counters(); });
  app.route("GET /live", [shared](const request& req) { return live_page(req, *shared); });
  app.route("GET /live/events", [shared](const request& req) {
    return parley::events(req, [shared](parley::event_stream& to) { return tell(shared, to); });
  });
}

}  // namespace demo
