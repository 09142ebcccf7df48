// A server on threads of its own, and one that has the calling thread.
#include <parley/client.hpp>
#include <parley/server.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>

namespace {

TEST(running, starts_answers_and_stops) {
  parley::server app;
  app.threads(2);
  app.route("GET /", [](const parley::request&) { return parley::text("hello"); });
  app.listen("http://127.0.0.1:0");
  app.start();
  EXPECT_EQ(parley::fetch(app.addresses().at(0) + "/").content(), "hello");
  app.stop();
  EXPECT_THROW(parley::fetch(app.addresses().at(0) + "/"), parley::fetch_error);
}

TEST(running, run_ends_by_stop_from_another_thread_and_by_a_signal) {
  for (const bool by_signal : {false, true}) {
    parley::server app;
    app.threads(2);
    app.route("GET /", [](const parley::request&) { return parley::text("hello"); });
    app.listen("http://127.0.0.1:0");
    const std::string url = app.addresses().at(0) + "/";
    std::thread other([&] {
      EXPECT_EQ(parley::fetch(url).content(), "hello");  // waits in the listening socket's queue until `run` accepts
      if (by_signal) {
        ::kill(::getpid(), SIGTERM);
      } else {
        app.stop();
      }
    });
    EXPECT_EQ(app.run(), 0);
    other.join();
  }
}

TEST(running, gives_up_what_runs_at_the_end_of_the_drain_time) {
  parley::server app;
  app.threads(2).drain_time(std::chrono::milliseconds(50));
  std::atomic<bool> begun{false};
  app.route("GET /", [&](parley::request&) -> parley::task<parley::response> {
    begun = true;
    auto for_ever = parley::sleep_for(std::chrono::hours(1));
    co_await for_ever;
    co_return parley::text("never");
  });
  app.listen("http://127.0.0.1:0");
  app.start();
  std::thread client([url = app.addresses().at(0) + "/"] { EXPECT_THROW(parley::fetch(url), parley::fetch_error); });
  while (!begun) std::this_thread::yield();
  app.stop();  // comes back: the test's own time limit is far below an hour
  client.join();
}

TEST(running, a_port_in_use_is_an_error_with_its_name) {
  parley::server first;
  first.listen("http://127.0.0.1:0");
  parley::server second;
  try {
    second.listen(first.addresses().at(0));
    FAIL() << "both listen";
  } catch (const parley::listen_error& e) {
    EXPECT_NE(std::string(e.what()).find("in use"), std::string::npos) << e.what();
    EXPECT_EQ(e.code(), std::errc::address_in_use);
  }
}

TEST(running, threads_are_settled_by_who_counts_on_them) {
  parley::server app;
  const auto counter = app.per_loop<int>();
  EXPECT_THROW(app.threads(3), std::logic_error);
}

TEST(running, it_is_set_up_before_it_runs) {
  parley::server app;
  app.listen("http://127.0.0.1:0");
  app.start();
  const auto late = [](const parley::request&) { return parley::text("late"); };
  EXPECT_THROW(app.route("GET /late", late), std::logic_error);
  EXPECT_THROW(app.files("/files/{path...}", "."), std::logic_error);
  EXPECT_THROW(app.use([](parley::request& req, parley::next go_on) { return go_on(req); }), std::logic_error);
  EXPECT_THROW(app.listen("http://127.0.0.1:0"), std::logic_error);
  EXPECT_EQ(app.addresses().size(), 1u);
  app.stop();
  app.route("GET /late", late);  // and before it runs again
  app.start();
  EXPECT_EQ(parley::fetch(app.addresses().at(0) + "/late").content(), "late");
  app.stop();
}

}  // namespace
