// What a server does with content: validators, ranges, compression, events. docs/content.md tells more.
//   curl -i --compressed http://127.0.0.1:8080/report
//   curl -i -r 0-99 http://127.0.0.1:8080/report
//   curl -N http://127.0.0.1:8080/clock
//   curl -i -X PUT -H 'If-Match: "0"' -d 'new text' http://127.0.0.1:8080/note
#include <parley/cache_control.hpp>
#include <parley/compression.hpp>
#include <parley/conditional.hpp>
#include <parley/event_stream.hpp>
#include <parley/server.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <string>

using namespace std::chrono_literals;

namespace {

// Text with a number that tells one state from the next. All loops use it, so it has a lock.
class note {
 public:
  parley::response get() {
    const std::lock_guard lock(mutex_);
    return parley::text(text_).entity_tag(std::to_string(revision_));  // 304, 412 and 206 follow from that
  }
  // 428 for who does not say which state is meant, 412 for who has seen an older one.
  parley::response put(const parley::request& req) {
    const std::lock_guard lock(mutex_);
    parley::require_precondition(req, parley::resource_state().entity_tag(std::to_string(revision_)));
    text_ = req.content();
    return parley::no_content().entity_tag(std::to_string(++revision_));
  }

 private:
  std::mutex mutex_;
  std::string text_ = "nothing yet\n";
  int revision_ = 0;
};

std::string make_report() {
  std::string all;
  for (int i = 0; i < 1000; ++i) all += "row " + std::to_string(i) + " of the report\n";
  return all;
}

parley::task<> tick(parley::event_stream& to) {
  for (int i = to.last_event_id().empty() ? 0 : std::atoi(to.last_event_id().c_str()) + 1;; ++i) {
    auto sent = to.send(parley::event("tick " + std::to_string(i)).id(std::to_string(i)));
    co_await sent;
    auto pause = parley::sleep_for(1s);
    co_await pause;
  }
}

}  // namespace

int main() try {
  parley::server app;
  app.compression(parley::compression_options());  // br, zstd or gzip, as the client likes
  app.digests(true);

  app.route("GET /report", [report = make_report()](const parley::request&) {
    return parley::text(report)
        .entity_tag(parley::content_tag(report))
        .header("Cache-Control", parley::cache_control().public_().max_age(1h));
  });
  note kept;
  app.route("GET /note", [&](const parley::request&) { return kept.get(); });
  app.route("PUT /note", [&](const parley::request& req) { return kept.put(req); });
  app.route("GET /greeting", [](const parley::request& req) {
    const bool german = req.language({"en", "de"}) == 1;
    return parley::text(german ? "Guten Tag\n" : "Good day\n").header("Content-Language", german ? "de" : "en");
  });
  // The token is secret and the search term is not: together they must not be compressed.
  app.route("GET /search", [](const parley::request& req) {
    return parley::html("<input type=hidden name=token value=secret><p>" + parley::html_escape(req.query("q").value_or("")))
        .compress(false);
  });
  app.route("GET /clock", [](parley::request& req) -> parley::task<parley::response> { co_return parley::events(req, tick); });
  app.route("GET /sum", [](const parley::request&) { return parley::text("1 2 3\n").trailers({{"X-Sum", "6"}}); });
  app.listen("http://127.0.0.1:8080");
  return app.run();
} catch (const std::exception& error) {  // a parley::listen_error says which address, and why
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
