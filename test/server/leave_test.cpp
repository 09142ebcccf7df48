// A client that leaves in the middle ends its handler's await within one turn of the loop, wherever that handler waits.
#include "memory_server.hpp"

#include <functional>
#include <future>

namespace {

using namespace std::chrono_literals;
using parley::request;
using parley::response;
using parley::task;
using parley::testing::memory_peer;
using parley::testing::memory_server;

enum class leaving { abort, close_within_content };

// Each handler says `began` when it is about to wait for good, and `ended` when that wait has ended with `cancelled`.
struct state {
  int began = 0;
  int ended = 0;
};

task<> wait_for_good(state& s, std::function<task<>()> how) {
  ++s.began;
  try {
    auto waiting = how();
    co_await waiting;
  } catch (const parley::cancelled&) {
    ++s.ended;
    throw;
  }
}

task<> sleep_long() {
  auto sleeping = parley::sleep_for(24h);
  co_await sleeping;
}

task<> read_to_the_end(request& req) {
  auto body = req.body();
  for (;;) {
    auto reading = body.read();
    const std::string_view piece = co_await reading;
    if (piece.empty()) break;
  }
}

task<> read_text(request& req) {
  auto reading = req.text();
  co_await reading;
}

task<> under_timeout() {
  auto inner = sleep_long();
  auto limited = parley::timeout(48h, std::move(inner));
  co_await limited;
}

task<> any_of_two() {
  auto first = sleep_long();
  auto second = sleep_long();
  auto any = parley::when_any(std::move(first), std::move(second));
  co_await any;
}

task<> all_of_two() {
  auto first = sleep_long();
  auto second = sleep_long();
  auto all = parley::when_all(std::move(first), std::move(second));
  co_await all;
}

task<> nested(int depth) {
  if (depth == 0) {
    auto last = sleep_long();
    co_await last;
  } else {
    auto inner = nested(depth - 1);
    co_await inner;
  }
}

struct leave_row {
  const char* name;
  std::function<task<>(request&)> wait;
};

class leave : public ::testing::TestWithParam<leaving> {};

TEST_P(leave, ends_the_await_within_one_turn) {
  const leave_row table[] = {
      {"sleep", [](request&) { return sleep_long(); }},      {"read", [](request& req) { return read_to_the_end(req); }},
      {"text", [](request& req) { return read_text(req); }}, {"timeout", [](request&) { return under_timeout(); }},
      {"when_any", [](request&) { return any_of_two(); }},   {"when_all", [](request&) { return all_of_two(); }},
      {"nested", [](request&) { return nested(20); }},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.name);
    state s;
    memory_server server;
    server.route("POST /", [&](request& req) -> task<response> {
      auto waiting = wait_for_good(s, [&row, &req] { return row.wait(req); });
      co_await waiting;
      co_return parley::text("never");
    });
    memory_peer peer(*server.loop, 80);
    peer.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nsome");
    while (server.loop->run_one_turn()) {
    }
    ASSERT_EQ(s.began, 1);
    ASSERT_EQ(s.ended, 0);
    const auto before = server.loop->now();
    GetParam() == leaving::abort ? peer.abort() : peer.close();
    while (server.loop->run_one_turn()) {
    }
    EXPECT_EQ(s.ended, 1);
    EXPECT_EQ(server.loop->now(), before) << "it took time to notice";
  }
}

INSTANTIATE_TEST_SUITE_P(both, leave, ::testing::Values(leaving::abort, leaving::close_within_content));

TEST(leave_response, ends_a_producer_that_waits_for_room) {
  state s;
  memory_server server;
  server.route("GET /", [&](request&) -> task<response> {
    co_return parley::stream(
        [&](parley::body_writer& out) -> task<> {
          auto endless = [](parley::body_writer& to) -> task<> {
            const std::string piece(65536, 'x');
            for (;;) {
              auto writing = to.write(std::string_view(piece));
              co_await writing;
            }
          };
          auto waiting = wait_for_good(s, [&] { return endless(out); });
          co_await waiting;
        },
        "text/plain");
  });
  memory_peer peer(*server.loop, 80);
  peer.stop_reading();
  peer.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  while (server.loop->run_one_turn()) {
  }
  ASSERT_EQ(s.began, 1);
  ASSERT_EQ(s.ended, 0);
  peer.abort();
  while (server.loop->run_one_turn()) {
  }
  EXPECT_EQ(s.ended, 1);
}

TEST(leave_response, a_half_closed_client_is_answered_but_not_for_ever) {
  for (const auto work : {1s, 3600s}) {
    state s;
    memory_server server;
    server.route("GET /", [&](request&) -> task<response> {
      auto waiting = wait_for_good(s, [&]() -> task<> {
        auto sleeping = parley::sleep_for(work);
        co_await sleeping;
      });
      co_await waiting;
      co_return parley::text("late");
    });
    memory_peer peer(*server.loop, 80);
    peer.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    peer.end();
    server.loop->run_for(10s);
    if (work == 1s) {
      EXPECT_TRUE(peer.received.starts_with("HTTP/1.1 200 OK\r\n")) << peer.received;
      EXPECT_EQ(s.ended, 0);
    } else {
      EXPECT_EQ(peer.received, "");
      EXPECT_EQ(s.ended, 1);
    }
    EXPECT_TRUE(peer.ended);
  }
}

TEST(leave_response, a_half_closed_client_that_reads_gets_all_of_a_long_answer) {
  memory_server server;
  server.route("GET /", [&](request&) -> task<response> {
    co_return parley::stream(
        [&](parley::body_writer& out) -> task<> {
          for (int i = 0; i < 20; ++i) {
            auto sleeping = parley::sleep_for(1s);
            co_await sleeping;
            auto writing = out.write("a second's worth ");
            co_await writing;
          }
        },
        "text/plain");
  });
  memory_peer peer(*server.loop, 80);
  peer.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  peer.end();
  server.loop->run_for(30s);
  EXPECT_TRUE(peer.received.ends_with("0\r\n\r\n")) << peer.received;
}

TEST(leave_blocking, cancels_the_await_and_drops_the_result) {
  std::promise<void> go_on;
  auto may_end = go_on.get_future().share();
  bool cancelled = false;
  {
    memory_server server;
    server.route("GET /", [&](request&) -> task<response> {
      try {
        auto working = parley::blocking([may_end] {
          may_end.wait();
          return 7;
        });
        co_await working;
      } catch (const parley::cancelled&) {
        cancelled = true;
        throw;
      }
      co_return parley::text("never");
    });
    memory_peer peer(*server.loop, 80);
    peer.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    while (server.loop->run_one_turn()) {
    }
    peer.abort();
    while (server.loop->run_one_turn()) {
    }
    EXPECT_TRUE(cancelled);
    go_on.set_value();
  }
}

}  // namespace
