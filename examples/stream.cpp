// Content that flows, both ways, with back-pressure: memory stays small however much there is, and however slow the peer.
//   curl -T big.iso -X POST http://127.0.0.1:8080/count
//   curl -N http://127.0.0.1:8080/ticks
#include <parley/server.hpp>

#include <chrono>
#include <cstdio>
#include <exception>

using namespace std::chrono_literals;

// A handler that returns a task runs as soon as the head is there, and reads the content as it likes. What it does not read, the
// client does not get to send.
parley::task<parley::response> count(parley::request& req) {
  std::size_t bytes = 0;
  std::size_t lines = 0;
  parley::body_reader content = req.body();
  for (;;) {
    auto reading = content.read();
    std::string_view piece = co_await reading;  // valid until the next read
    if (piece.empty()) break;                   // the end
    bytes += piece.size();
    for (char c : piece) lines += c == '\n';
  }
  co_return parley::text(std::to_string(bytes) + " bytes, " + std::to_string(lines) + " lines\n");
}

// A producer writes while the content is sent. `write` waits when the client reads slower than this writes; when the client has left,
// the next await throws, and the loop ends.
parley::task<> tick(parley::body_writer& out) {
  for (int i = 1; i <= 10; ++i) {
    auto writing = out.write("tick " + std::to_string(i) + '\n');
    co_await writing;
    auto waiting = parley::sleep_for(1s);
    co_await waiting;
  }
}

int main() try {
  parley::server app;
  app.route("POST /count", count);
  app.route("GET /ticks", [](const parley::request&) { return parley::stream(tick, "text/plain; charset=utf-8"); });
  app.listen("http://127.0.0.1:8080");
  return app.run();
} catch (const std::exception& error) {  // a parley::listen_error says which address, and why
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
