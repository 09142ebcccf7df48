// A sample of each over the system's sockets, in HTTP/1.1, 2 and 3: what comes of it is the same.
#include "coding/decoder.hpp"
#include "coding/encoder.hpp"
#include "content/settled.hpp"
#include "support/certificate_files.hpp"

#include <parley/client.hpp>
#include <parley/compression.hpp>
#include <parley/conditional.hpp>
#include <parley/digest.hpp>
#include <parley/event_stream.hpp>
#include <parley/features.hpp>
#include <parley/files.hpp>
#include <parley/server.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace parley {
namespace {

using namespace std::chrono_literals;
using field_list = std::vector<std::pair<std::string_view, std::string_view>>;

std::string text_of(std::size_t size) {
  std::string all;
  while (all.size() < size) all += "line " + std::to_string(all.size()) + "\n";
  all.resize(size);
  return all;
}

std::string decoded(const response& r) {
  const auto codings = coding::parse_codings(r.header("Content-Encoding"), 3);
  if (!codings || codings->empty()) return std::string(r.content());
  coding::decoder undo(*codings);
  std::string_view in = r.content();
  std::string all;
  std::string room(4096, '\0');
  while (true) {
    const auto now = undo.decode(in, room);
    if (!now) return coding::describe(now.error());
    all.append(room, 0, now->written);
    if (now->done) break;
  }
  return undo.finish() ? all : "cut off";
}

std::vector<version> versions() {
  std::vector<version> all{version::http1_1, http2};
  if (has_version(http3)) all.push_back(http3);
  return all;
}

class served {
 public:
  served() {
    files_.put("server", files_.authority.server({"localhost"}));
    test::write_file(folder_ / "large.txt", text_of(3'000'000));
    test::write_file(folder_ / "small.txt", text_of(3'000));
    test::write_file(folder_ / "page.html", std::string(4000, 'p'));
    test::write_file(folder_ / "page.html.br", coding::encode_whole(coding::content_coding::br, std::string(4000, 'p')));
    test::wait_until_settled(folder_ / "page.html.br");
    app.threads(1).compression(compression_options()).digests(true);
    app.certificate(files_.certificate("server"), files_.key("server"));
    app.files("/files/{path...}", files(folder_.path().string()));
    app.route("GET /note", [](const request&) { return text(text_of(5000)).entity_tag("v1"); });
    app.route("PUT /note", [](const request& req) {
      require_precondition(req, resource_state().entity_tag("v1"));
      return no_content();
    });
    app.route("GET /slow", [this](const request&) {
      return stream(
          [this](body_writer& to) -> task<> {
            auto first = to.write("first\n");
            co_await first;
            // Until the client says that it has the first line.
            while (!seen) {
              auto pause = sleep_for(1ms);
              co_await pause;
            }
            auto second = to.write("second\n");
            co_await second;
          },
          "text/plain");
    });
    app.route("GET /events", [this](request& req) -> task<response> {
      co_return events(
          req,
          [this](event_stream& to) -> task<> {
            auto opening = to.send(event(to.last_event_id()).name("hello").id("5"));
            co_await opening;
            while (true) {
              auto pause = sleep_for(1h);
              try {
                co_await pause;
              } catch (const cancelled&) {
                ++left;
                throw;
              }
            }
          },
          20ms);
    });
    app.route("GET /sum", [](const request&) {
      fields lines;
      lines.add("X-Sum", "42");
      return text("rows").trailers(std::move(lines));
    });
    app.route("GET /types", [](const request& req) {
      return req.negotiate({"application/json", "text/html"}) == 0 ? response().content("{}", "application/json") : html("<p>");
    });
    app.route("GET /languages", [](const request& req) { return text(req.language({"en", "de"}) == 1 ? "Hallo" : "Hello"); });
    app.files("/ready/{path...}", files(folder_.path().string()).precompressed(true));
    app.route("PUT /checked", [](const request& req) { return text(std::to_string(req.content().size())); });
    app.route("POST /trailers", [](request& req) -> task<response> {
      auto reading = req.text();
      const std::string content = co_await reading;
      const fields* const lines = req.body().trailers();
      co_return text(content + (lines == nullptr ? "" : std::string(lines->get("X-End").value_or("none"))));
    });
    app.listen("https://127.0.0.1:0");
    app.listen("http://127.0.0.1:0");
    const std::string url = app.addresses().front();
    url_ = "https://localhost:" + url.substr(url.rfind(':') + 1);
    plain_url = app.addresses().back();
    app.start();
  }
  ~served() { app.stop(); }

  response ask(version v, method m, const std::string& path, const field_list& lines = {}, std::string content = {}) {
    const auto asking = [&]() -> task<response> {
      client http;
      http.trust(files_.authority_file());
      request req(m, (v == version::http1_1 && over_cleartext ? plain_url : url_) + path);
      for (const auto& [name, value] : lines) req.header(name, value);
      if (!content.empty()) req.content(std::move(content), "text/plain");
      auto sending = http.send(std::move(req), options().version(v));
      response got = co_await sending;
      co_return got;
    };
    return run(asking());
  }
  std::uint64_t count(std::string_view name) {
    for (const auto& c : app.counters()) {
      if (c.name == name) return c.value;
    }
    return 0;
  }
  template <class Work>
  void with_client(version v, Work work) {
    const auto all = [&]() -> task<> {
      client http;
      http.trust(files_.authority_file());
      const options how = options().version(v);
      auto working = work(http, url_, how);
      co_await working;
    };
    run(all());
  }

  server app;
  std::atomic<bool> seen{false};
  std::atomic<int> left{0};
  std::string plain_url;
  bool over_cleartext = false;

 private:
  test::certificate_files files_;
  test::scratch_folder folder_;
  std::string url_;
};

TEST(ContentOverSockets, InEveryVersion) {
  served on;
  const std::string large = text_of(3'000'000);
  for (const version v : versions()) {
    SCOPED_TRACE(static_cast<int>(v));
    // conditions
    EXPECT_EQ(on.ask(v, method::get, "/note", {{"If-None-Match", "\"v1\""}}).status(), 304);
    EXPECT_EQ(on.ask(v, method::put, "/note", {}, "x").status(), 428);
    EXPECT_EQ(on.ask(v, method::put, "/note", {{"If-Match", "\"v0\""}}, "x").status(), 412);
    EXPECT_EQ(on.ask(v, method::put, "/note", {{"If-Match", "\"v1\""}}, "x").status(), 204);
    EXPECT_EQ(on.ask(v, method::put, "/note", {{"Content-Range", "bytes 0-0/5"}, {"If-Match", "\"v1\""}}, "x").status(), 400);
    // ranges
    for (const std::string path : {"/files/large.txt", "/files/small.txt", "/note"}) {
      const response part = on.ask(v, method::get, path, {{"Range", "bytes=1000-1999"}});
      EXPECT_EQ(part.status(), 206) << path;
      EXPECT_EQ(part.content(), large.substr(1000, 1000)) << path;
      const response several = on.ask(v, method::get, path, {{"Range", "bytes=0-9,2000-2009"}});
      EXPECT_EQ(several.status(), 206) << path;
      EXPECT_NE(several.content().find("\r\n\r\n" + large.substr(2000, 10) + "\r\n--"), std::string_view::npos) << path;
      EXPECT_EQ(on.ask(v, method::get, path, {{"Range", "bytes=9999999-"}}).status(), 416) << path;
    }
    EXPECT_EQ(on.ask(v, method::get, "/files/large.txt", {{"Range", "bytes=-1000000"}}).content(), large.substr(2'000'000));
    // codings
    for (const std::string_view coding : {"br", "zstd", "gzip"}) {
      for (const std::string path : {"/files/large.txt", "/files/small.txt", "/note"}) {
        const response r = on.ask(v, method::get, path, {{"Accept-Encoding", coding}});
        EXPECT_EQ(r.status(), 200);
        EXPECT_EQ(r.header("Vary"), "Accept-Encoding");
        EXPECT_TRUE(r.header("ETag").ends_with("-" + std::string(coding) + "\"")) << r.header("ETag");
        const std::string whole = decoded(r);
        EXPECT_TRUE(whole.size() >= 3000 && large.starts_with(whole)) << path << coding << whole.size();
        EXPECT_EQ(on.ask(v, method::get, path, {{"Accept-Encoding", coding}, {"If-None-Match", r.header("ETag")}}).status(), 304)
            << path << coding;
      }
    }
    // digests, trailers
    EXPECT_EQ(on.ask(v, method::put, "/checked", {{"Content-Digest", digest_of("abc")}}, "abc").content(), "3");
    EXPECT_EQ(on.ask(v, method::put, "/checked", {{"Content-Digest", digest_of("abc")}}, "abd").status(), 400);
    const response sum = on.ask(v, method::get, "/sum", {{"TE", "trailers"}});
    EXPECT_EQ(sum.content(), "rows");
    EXPECT_EQ(sum.trailers().get("X-Sum"), "42");
    if (v == version::http1_1) {
      EXPECT_TRUE(on.ask(v, method::get, "/sum").trailers().empty());
    }
    on.with_client(v, [](client& http, std::string url, options how) -> task<> {
      request req(method::post, url + "/trailers");
      req.header("Trailer", "X-End");
      req.stream([](body_writer& to) -> task<> {
        auto room = to.write("content and ");
        co_await room;
        fields lines;
        lines.add("X-End", "its end");
        to.trailers(std::move(lines));
      });
      auto sending = http.send(std::move(req), how);
      const response got = co_await sending;
      EXPECT_EQ(got.content(), "content and its end");
    });
  }
}

struct content_row {
  std::string_view path;
  field_list with;
  int status;
  std::string_view content;  // "-": any
  field_list answer;         // an empty value: it is not there
};

TEST(ContentOverSockets, TheSameAnswersInEveryVersion) {
  served on;
  const std::string tag(on.ask(version::http1_1, method::get, "/files/small.txt").header("ETag"));
  const std::string digits = text_of(3'000);
  const std::string part = digits.substr(0, 5);
  const std::string end = digits.substr(2'990);
  const std::string repr = digest_of(text_of(5000));
  const std::string weak = "W/" + tag;
  const std::string of_part = digest_of(part);
  const content_row rows[] = {
      // If-Range: the part of what is still the same, else the whole (RFC 9110 §13.1.5)
      {"/files/small.txt", {{"Range", "bytes=0-4"}, {"If-Range", tag}}, 206, part, {{"Content-Range", "bytes 0-4/3000"}}},
      {"/files/small.txt", {{"Range", "bytes=0-4"}, {"If-Range", "\"old\""}}, 200, digits, {{"Content-Range", ""}}},
      {"/files/small.txt", {{"Range", "bytes=0-4"}, {"If-Range", weak}}, 200, digits, {}},
      {"/files/small.txt", {{"Range", "bytes=-10"}}, 206, end, {{"Content-Range", "bytes 2990-2999/3000"}}},
      {"/files/small.txt", {{"Range", "bytes=-0"}}, 416, "-", {{"Content-Range", "bytes */3000"}}},
      {"/files/small.txt", {{"Range", "lines=1-2"}}, 200, digits, {}},
      {"/files/small.txt", {{"Range", "bytes=0-4"}, {"If-None-Match", tag}}, 304, "", {{"ETag", tag}, {"Content-Range", ""}}},
      {"/files/small.txt", {{"If-Match", "\"old\""}, {"Range", "bytes=0-4"}}, 412, "-", {}},
      {"/files/small.txt", {{"If-Modified-Since", "Fri, 31 Dec 9999 23:59:59 GMT"}}, 304, "", {}},
      {"/files/small.txt", {{"If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"}}, 412, "-", {}},
      // type and language
      {"/types", {{"Accept", "text/html;q=0.2, application/json;q=0.1"}}, 200, "<p>", {{"Vary", "Accept"}}},
      {"/types", {{"Accept", "application/*"}}, 200, "{}", {{"Content-Type", "application/json"}, {"Vary", "Accept"}}},
      {"/types", {{"Accept", "image/png"}}, 406, "-", {{"Vary", "Accept"}}},
      {"/languages", {{"Accept-Language", "fr, de-CH;q=0.5"}}, 200, "Hallo", {{"Vary", "Accept-Language"}}},
      {"/languages", {{"Accept-Language", "fr"}}, 200, "Hello", {{"Vary", "Accept-Language"}}},
      // what stands beside a file
      {"/ready/page.html", {{"Accept-Encoding", "br"}}, 200, "-", {{"Content-Encoding", "br"}, {"Vary", "Accept-Encoding"}}},
      {"/ready/page.html", {{"Accept-Encoding", "identity"}}, 200, "-", {{"Content-Encoding", ""}, {"Content-Length", "4000"}}},
      {"/ready/page.html", {{"Accept-Encoding", "br"}, {"Range", "bytes=0-1"}}, 206, "pp", {{"Content-Encoding", ""}}},
      // digests
      {"/note", {{"Want-Repr-Digest", "sha-256=5"}}, 200, "-", {{"Repr-Digest", repr}}},
      {"/note", {{"Want-Content-Digest", "sha-256=5"}}, 200, "-", {{"Content-Digest", repr}}},
      {"/note", {{"Want-Repr-Digest", "sha-256=5"}, {"Range", "bytes=0-4"}}, 206, part, {{"Repr-Digest", repr}}},
      {"/note", {{"Want-Content-Digest", "sha-256=5"}, {"Range", "bytes=0-4"}}, 206, part, {{"Content-Digest", of_part}}},
  };
  for (const version v : versions()) {
    for (const content_row& row : rows) {
      std::string what = std::string(row.path) + ", HTTP/" + std::string(name(v));
      for (const auto& [field, value] : row.with) what += ", " + std::string(field) + ": " + std::string(value);
      SCOPED_TRACE(what);
      const response got = on.ask(v, method::get, std::string(row.path), row.with);
      EXPECT_EQ(got.version(), v);
      EXPECT_EQ(got.status(), row.status);
      if (row.content != "-") {
        EXPECT_EQ(got.content(), row.content);
      }
      for (const auto& [field, value] : row.answer) EXPECT_EQ(got.fields().joined(field), value) << field;
    }
  }
}

// What a handler has written is there before it writes more, in a coding too.
TEST(ContentOverSockets, NothingIsHeldUp) {
  served on;
  for (const version v : versions()) {
    for (const std::string_view coding : {"identity", "br", "zstd", "gzip"}) {
      on.seen = false;
      on.with_client(v, [&](client& http, std::string url, options how) -> task<> {
        request req(method::get, url + "/slow");
        req.header("Accept-Encoding", coding);
        how.streamed();
        auto sending = http.send(std::move(req), how);
        response got = co_await sending;
        const auto codings = coding::parse_codings(got.header("Content-Encoding"), 3);
        std::optional<coding::decoder> undo;
        if (!codings->empty()) undo.emplace(*codings);
        std::string text;
        body_reader content = got.body();
        while (true) {
          auto reading = content.read();
          const std::string_view piece = co_await reading;
          if (piece.empty()) break;
          std::string_view in = piece;
          std::string room(1000, '\0');
          while (undo) {
            const auto now = undo->decode(in, room);
            EXPECT_TRUE(now);
            if (!now) co_return;
            text.append(room, 0, now->written);
            if (now->done) break;
          }
          if (!undo) text += piece;
          if (text == "first\n") on.seen = true;
        }
        EXPECT_EQ(text, "first\nsecond\n") << coding;
      });
    }
  }
}

TEST(ContentOverSockets, EventsAndTheirEnd) {
  served on;
  int clients = 0;
  for (const version v : versions()) {
    on.with_client(v, [&](client& http, std::string url, options how) -> task<> {
      request req(method::get, url + "/events");
      req.header("Last-Event-ID", "4").header("Accept-Encoding", "identity");
      how.streamed();
      auto sending = http.send(std::move(req), how);
      response got = co_await sending;
      EXPECT_EQ(got.header("Content-Type"), "text/event-stream");
      std::string text;
      body_reader content = got.body();
      // The event, and two heartbeats.
      while (text.find(":\n\n:\n\n") == std::string::npos) {
        auto reading = content.read();
        const std::string_view piece = co_await reading;
        if (piece.empty()) break;
        text += piece;
      }
      EXPECT_TRUE(text.starts_with("data: 4\nevent: hello\nid: 5\n\n:\n\n")) << text;
    });
    // The client has left, and its producer ends.
    ++clients;
    const auto until = std::chrono::steady_clock::now() + 60s;
    while (on.left < clients && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(1ms);
    EXPECT_EQ(on.left, clients);
  }
}

TEST(ContentOverSockets, ARangeGoesBySendfile) {
  served on;
  on.over_cleartext = true;
  const std::uint64_t before = on.count("bytes_by_sendfile");
  const response part = on.ask(version::http1_1, method::get, "/files/large.txt", {{"Range", "bytes=500000-2499999"}});
  EXPECT_EQ(part.status(), 206);
  EXPECT_EQ(part.content().size(), 2'000'000u);
  EXPECT_EQ(on.count("bytes_by_sendfile") - before, 2'000'000u);
}

}  // namespace
}  // namespace parley
