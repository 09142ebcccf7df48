// What becomes of handlers' answers: preconditions, ranges, negotiation, codings, digests, trailers; without a socket.
#include "coding/decoder.hpp"
#include "coding/encoder.hpp"

#include <parley/compression.hpp>
#include <parley/conditional.hpp>
#include <parley/digest.hpp>
#include <parley/server.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace parley {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::sys_seconds some_day{std::chrono::seconds(784111777)};  // Sun, 06 Nov 1994 08:49:37 GMT

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

struct site {
  site() {
    app.route("GET /tagged", [](const request&) { return text("0123456789").entity_tag("v1").last_modified(some_day); });
    app.route("GET /weak", [](const request&) { return text("0123456789").entity_tag("v1", validator::weak); });
    app.route("GET /dated", [](const request&) { return text("0123456789").last_modified(some_day); });
    app.route("GET /plain", [](const request&) { return text("0123456789"); });
    app.route("GET /long", [](const request&) { return text(text_of(5000)).entity_tag("v1"); });
    app.route("GET /huge", [](const request&) { return text(text_of(300'000)).entity_tag("v1"); });
    app.route("GET /secret", [](const request&) { return text(text_of(5000)).compress(false); });
    app.route("GET /fixed", [](const request&) { return text(text_of(5000)).header("Cache-Control", "public, no-transform"); });
    app.route("GET /image", [](const request&) { return response().content(text_of(5000), "image/png"); });
    app.route("GET /coded", [](const request&) {
      return response()
          .content(coding::encode_whole(coding::content_coding::gzip, text_of(5000)), "text/plain")
          .header("Content-Encoding", "gzip");
    });
    app.route("GET /stream", [](const request&) {
      return stream(
          [](body_writer& to) -> task<> {
            for (int i = 0; i < 100; ++i) {
              auto room = to.write("row " + std::to_string(i) + "\n");
              co_await room;
            }
          },
          "text/plain");
    });
    app.route("PUT /state", [this](const request& req) {
      require_precondition(req, resource_state().entity_tag(std::to_string(revision)));
      ++revision;
      return no_content().entity_tag(std::to_string(revision));
    });
    app.route("POST /state", [this](const request& req) {
      check_preconditions(req, revision == 0 ? resource_state::missing() : resource_state().entity_tag(std::to_string(revision)));
      ++revision;
      return no_content();
    });
    app.route("GET /signed", [](const request&) {
      const std::string all = text_of(5000);
      return text(all).entity_tag("v1").header("Content-Digest", digest_of(all)).header("Repr-Digest", digest_of(all));
    });
    app.route("PUT /upload", [](const request& req) { return text(std::string(req.content())); });
    app.route("GET /types", [](const request& req) {
      return req.negotiate({"application/json", "text/html"}) == 0 ? response().content("{}", "application/json") : html("<p>");
    });
    app.route("GET /dated-and-tagged", [](const request&) {
      return text("0123456789").entity_tag("v1").last_modified(std::chrono::system_clock::now() - std::chrono::hours(1));
    });
    app.route("GET /of-tomorrow", [](const request&) {
      return text("0123456789").entity_tag("v1").last_modified(std::chrono::system_clock::now() + std::chrono::hours(24));
    });
    app.route("GET /languages", [](const request& req) { return text(req.language({"en", "de"}) == 1 ? "Hallo" : "Hello"); });
    app.route("GET /trailers", [](const request&) {
      fields lines;
      lines.add("X-Sum", "42");
      lines.add("X-Sum", "43");
      for (const std::string_view name : {"Content-Length", "host", "Content-Type", "Trailer"}) lines.add(name, "1");
      return text("with trailers").trailers(lines);
    });
  }
  response ask(method m, std::string_view path, std::initializer_list<std::pair<std::string_view, std::string_view>> lines = {},
               std::string content = {}) {
    request req(m, path);
    for (const auto& [name, value] : lines) req.header(name, value);
    if (!content.empty()) req.content(std::move(content), "text/plain");
    return app.handle(std::move(req));
  }
  response get(std::string_view path, std::initializer_list<std::pair<std::string_view, std::string_view>> lines = {}) {
    return ask(method::get, path, lines);
  }

  server app;
  int revision = 0;
};

TEST(Shaping, PreconditionsOfHandlersAnswers) {
  site on;
  const std::string date = "Sun, 06 Nov 1994 08:49:37 GMT";
  const std::string before = "Sun, 06 Nov 1994 08:49:36 GMT";
  const struct {
    std::string_view path, name, value;
    int status;
  } rows[] = {
      {"/tagged", "If-None-Match", "\"v1\"", 304},
      {"/tagged", "If-None-Match", "W/\"v1\"", 304},
      {"/tagged", "If-None-Match", "\"v0\", \"v1\"", 304},
      {"/tagged", "If-None-Match", "*", 304},
      {"/tagged", "If-None-Match", "\"v2\"", 200},
      {"/tagged", "If-None-Match", "\"v1-br\"", 200},
      {"/tagged", "If-Match", "\"v1\"", 200},
      {"/tagged", "If-Match", "\"v2\"", 412},
      {"/tagged", "If-Match", "W/\"v1\"", 412},
      {"/tagged", "If-Match", "*", 200},
      {"/tagged", "If-Modified-Since", date, 304},
      {"/tagged", "If-Modified-Since", before, 200},
      {"/tagged", "If-Unmodified-Since", date, 200},
      {"/tagged", "If-Unmodified-Since", before, 412},
      {"/weak", "If-None-Match", "\"v1\"", 304},
      {"/weak", "If-Match", "W/\"v1\"", 412},
      {"/dated", "If-Modified-Since", date, 304},
      {"/dated", "If-None-Match", "\"v1\"", 200},
      {"/plain", "If-None-Match", "\"v1\"", 200},
      {"/plain", "If-Match", "\"v1\"", 200},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(on.get(row.path, {{row.name, row.value}}).status(), row.status) << row.path << " " << row.name << ": " << row.value;
    EXPECT_EQ(on.ask(method::head, row.path, {{row.name, row.value}}).status(), row.status) << "HEAD " << row.path;
  }
  const response unchanged = on.get("/tagged", {{"If-None-Match", "\"v1\""}});
  EXPECT_EQ(unchanged.header("ETag"), "\"v1\"");
  EXPECT_EQ(unchanged.header("Content-Type"), "");
  EXPECT_EQ(unchanged.header("Last-Modified"), "");
  EXPECT_EQ(unchanged.content(), "");
}

TEST(Shaping, NoUpdateIsLost) {
  site on;
  EXPECT_EQ(on.ask(method::put, "/state", {}, "x").status(), 428);
  EXPECT_EQ(on.ask(method::put, "/state", {{"If-Match", "\"7\""}}, "x").status(), 412);
  EXPECT_EQ(on.revision, 0);
  const response changed = on.ask(method::put, "/state", {{"If-Match", "\"0\""}}, "x");
  EXPECT_EQ(changed.status(), 204) << "the new tag is not compared with what the client had seen";
  EXPECT_EQ(changed.header("ETag"), "\"1\"");
  EXPECT_EQ(on.ask(method::put, "/state", {{"If-Match", "\"0\""}}, "x").status(), 412) << "somebody was faster";
  EXPECT_EQ(on.ask(method::put, "/state", {{"If-Match", "\"1-gzip\""}}, "x").status(), 204) << "it was seen in a coding";
  EXPECT_EQ(on.revision, 2);
  on.revision = 0;
  EXPECT_EQ(on.ask(method::post, "/state", {{"If-None-Match", "*"}}, "x").status(), 204);
  EXPECT_EQ(on.ask(method::post, "/state", {{"If-None-Match", "*"}}, "x").status(), 412) << "it is there now";
  EXPECT_EQ(on.ask(method::post, "/state", {}, "x").status(), 204);
}

TEST(Shaping, RangesOfHandlersAnswers) {
  site on;
  const struct {
    std::string_view path, range;
    int status;
    std::string_view content, content_range;
  } rows[] = {
      {"/tagged", "bytes=2-4", 206, "234", "bytes 2-4/10"},
      {"/tagged", "bytes=-3", 206, "789", "bytes 7-9/10"},
      {"/tagged", "bytes=8-", 206, "89", "bytes 8-9/10"},
      {"/tagged", "bytes=0-99", 206, "0123456789", "bytes 0-9/10"},
      {"/tagged", "lines=1-2", 200, "0123456789", ""},
      {"/tagged", "bytes=4-2", 200, "0123456789", ""},
      {"/weak", "bytes=2-4", 200, "0123456789", ""},
      {"/plain", "bytes=2-4", 200, "0123456789", ""},
      {"/stream", "bytes=0-1", 200, "", ""},
  };
  for (const auto& row : rows) {
    const response r = on.get(row.path, {{"Range", row.range}});
    EXPECT_EQ(r.status(), row.status) << row.path << row.range;
    if (!row.content.empty()) {
      EXPECT_EQ(r.content(), row.content) << row.path << row.range;
    }
    EXPECT_EQ(r.header("Content-Range"), row.content_range) << row.path << row.range;
  }
  const response none = on.get("/tagged", {{"Range", "bytes=10-"}});
  EXPECT_EQ(none.status(), 416);
  EXPECT_EQ(none.header("Content-Range"), "bytes */10");
  EXPECT_EQ(on.ask(method::head, "/tagged", {{"Range", "bytes=2-4"}}).status(), 200) << "only on GET";
  EXPECT_EQ(on.get("/tagged").header("Accept-Ranges"), "bytes");
  EXPECT_EQ(on.get("/tagged", {{"Range", "bytes=2-4"}, {"If-Range", "\"v1\""}}).status(), 206);
  EXPECT_EQ(on.get("/tagged", {{"Range", "bytes=2-4"}, {"If-Range", "\"v2\""}}).status(), 200);
  EXPECT_EQ(on.get("/tagged", {{"Range", "bytes=2-4"}, {"If-None-Match", "\"v1\""}}).status(), 304);
  // RFC 9110 §8.8.2.2: a date is a strong validator once its second is over, where there are no codings.
  const auto dated = [&](std::string_view path) {
    const std::string date(on.get(path).header("Last-Modified"));
    return on.get(path, {{"Range", "bytes=2-4"}, {"If-Range", date}}).status();
  };
  EXPECT_EQ(dated("/dated-and-tagged"), 206);
  EXPECT_EQ(dated("/of-tomorrow"), 200);
  on.app.compression(compression_options().minimum(1));
  EXPECT_EQ(dated("/dated-and-tagged"), 200) << "in all codings the date is the same";
}

TEST(Shaping, SeveralRanges) {
  site on;
  const response r = on.get("/long", {{"Range", "bytes=0-4,1000-1004,-5"}});
  ASSERT_EQ(r.status(), 206);
  const std::string type(r.header("Content-Type"));
  ASSERT_TRUE(type.starts_with("multipart/byteranges; boundary=")) << type;
  EXPECT_EQ(r.header("Content-Range"), "");
  EXPECT_EQ(r.header("Content-Length"), std::to_string(r.content().size()));
  const std::string content(r.content());
  const std::string whole = text_of(5000);
  EXPECT_NE(content.find("Content-Range: bytes 0-4/5000\r\n\r\n" + whole.substr(0, 5) + "\r\n"), std::string::npos);
  EXPECT_NE(content.find("Content-Range: bytes 1000-1004/5000\r\n\r\n" + whole.substr(1000, 5) + "\r\n"), std::string::npos);
  EXPECT_NE(content.find("Content-Range: bytes 4995-4999/5000\r\n\r\n" + whole.substr(4995) + "\r\n"), std::string::npos);
  EXPECT_NE(content.find("Content-Type: text/plain; charset=utf-8\r\n"), std::string::npos);
}

TEST(Shaping, APartCannotBePut) {
  site on;
  const response r = on.ask(method::put, "/upload", {{"Content-Range", "bytes 0-2/10"}}, "abc");
  EXPECT_EQ(r.status(), 400);
  EXPECT_EQ(on.ask(method::put, "/upload", {{"Range", "bytes=0-1"}}, "abc").content(), "abc") << "RFC 9110 §14.2: ignored";
}

TEST(Shaping, TypesAndLanguages) {
  site on;
  const response json = on.get("/types", {{"Accept", "application/json"}});
  EXPECT_EQ(json.content(), "{}");
  EXPECT_EQ(json.header("Vary"), "Accept");
  EXPECT_EQ(on.get("/types", {{"Accept", "text/html;q=1, application/json;q=0.5"}}).content(), "<p>");
  EXPECT_EQ(on.get("/types", {{"Accept", "image/png"}}).status(), 406);
  const response german = on.get("/languages", {{"Accept-Language", "fr, de-CH;q=0.5"}});
  EXPECT_EQ(german.content(), "Hallo");
  EXPECT_EQ(german.header("Vary"), "Accept-Language");
  EXPECT_EQ(on.get("/languages", {{"Accept-Language", "fr"}}).content(), "Hello");
  EXPECT_EQ(on.get("/plain").header("Vary"), "");
}

TEST(Compression, WhoAcceptsIt) {
  site on;
  on.app.compression(compression_options());
  const struct {
    std::string_view accept, coding;
  } rows[] = {
      {"gzip", "gzip"},
      {"br", "br"},
      {"zstd", "zstd"},
      {"gzip, deflate, br, zstd", "br"},
      {"gzip, zstd", "zstd"},
      {"*", "br"},
      {"gzip;q=1, br;q=0.5", "gzip"},
      {"identity", ""},
      {"", ""},
      {"br;q=0", ""},
      {"deflate", ""},
      {"identity, gzip;q=0.5", ""},
  };
  for (const auto& row : rows) {
    for (const std::string_view path : {"/long", "/huge", "/stream"}) {
      const response r = on.get(path, {{"Accept-Encoding", row.accept}});
      EXPECT_EQ(r.header("Content-Encoding"), row.coding) << row.accept << path;
      EXPECT_EQ(r.header("Vary"), "Accept-Encoding") << row.accept << path;
      if (path == "/long") {
        EXPECT_EQ(decoded(r), text_of(5000));
      }
      if (path == "/huge") {
        EXPECT_TRUE(decoded(r) == text_of(300'000));
      }
      if (path == "/stream") {
        EXPECT_TRUE(decoded(r).ends_with("row 99\n"));
      }
      if (path != "/stream") {
        EXPECT_EQ(r.header("ETag"), row.coding.empty() ? "\"v1\"" : "\"v1-" + std::string(row.coding) + "\"");
      }
      const response head = on.ask(method::head, path, {{"Accept-Encoding", row.accept}});
      for (const std::string_view name : {"Content-Encoding", "Vary", "ETag", "Content-Type"}) {
        EXPECT_EQ(head.header(name), r.header(name)) << path << name;
      }
    }
  }
  EXPECT_EQ(on.get("/long").header("Content-Encoding"), "") << "who says nothing decodes nothing";
}

TEST(Compression, WhatIsLeftAsItIs) {
  site on;
  on.app.compression(compression_options());
  const std::initializer_list<std::pair<std::string_view, std::string_view>> all{{"Accept-Encoding", "gzip, br"}};
  EXPECT_EQ(on.get("/plain", all).header("Vary"), "") << "too short";
  EXPECT_EQ(on.get("/secret", all).header("Content-Encoding"), "") << "BREACH";
  EXPECT_EQ(on.get("/secret", all).header("Vary"), "");
  EXPECT_EQ(on.get("/fixed", all).header("Content-Encoding"), "");
  EXPECT_EQ(on.get("/image", all).header("Content-Encoding"), "");
  EXPECT_EQ(on.get("/coded", all).header("Content-Encoding"), "gzip");
  EXPECT_EQ(decoded(on.get("/coded", all)), text_of(5000)) << "coded once";
  const response part = on.get("/long", {{"Accept-Encoding", "br"}, {"Range", "bytes=0-9"}});
  EXPECT_EQ(part.status(), 206);
  EXPECT_EQ(part.header("Content-Encoding"), "");
  EXPECT_EQ(part.header("Vary"), "Accept-Encoding");
  EXPECT_EQ(part.header("ETag"), "\"v1\"");
  // A part of another representation is never mixed in.
  EXPECT_EQ(on.get("/long", {{"Accept-Encoding", "br"}, {"Range", "bytes=0-9"}, {"If-Range", "\"v1-br\""}}).status(), 200);
  const response unchanged = on.get("/long", {{"Accept-Encoding", "br"}, {"If-None-Match", "\"v1-br\""}});
  EXPECT_EQ(unchanged.status(), 304);
  EXPECT_EQ(unchanged.header("ETag"), "\"v1-br\"");
  EXPECT_EQ(unchanged.header("Vary"), "Accept-Encoding");
  EXPECT_EQ(unchanged.header("Content-Encoding"), "");
}

// RFC 9110 §12.5.3: a representation without a coding is not acceptable to who says so, and what is acceptable is at hand.
TEST(Compression, AlsoOfWhatIsSmallWhereNothingElseIsAcceptable) {
  site on;
  on.app.compression(compression_options());
  const struct {
    std::string_view accept, path, coding, vary;
  } rows[] = {
      {"gzip, identity;q=0", "/plain", "gzip", "Accept-Encoding"},
      {"gzip;q=0.1, identity;q=0.000", "/tagged", "gzip", "Accept-Encoding"},
      {"br, *;q=0", "/plain", "br", "Accept-Encoding"},
      {"*, identity;q=0", "/plain", "br", "Accept-Encoding"},
      {"GZIP , Identity ; Q=0", "/image", "gzip", "Accept-Encoding"},
      {"gzip, identity;q=0", "/fixed", "", ""},   // no-transform
      {"gzip, identity;q=0", "/secret", "", ""},  // the handler's word
      {"gzip, identity;q=0", "/coded", "gzip", ""},
      // None of ours is acceptable: §12.5.3 leaves it to us, and content that may be of use is better than a 406.
      {"identity;q=0", "/plain", "", "Accept-Encoding"},
      {"deflate, *;q=0", "/plain", "", "Accept-Encoding"},
      // Identity is, by a more exact word.
      {"gzip, identity;q=0.001, *;q=0", "/plain", "", ""},
      {"gzip;q=0, identity", "/plain", "", ""},
      {"br;q=0, gzip", "/plain", "", ""},
  };
  for (const auto& row : rows) {
    const response r = on.get(row.path, {{"Accept-Encoding", row.accept}});
    EXPECT_EQ(r.status(), 200) << row.accept << row.path;
    EXPECT_EQ(r.header("Content-Encoding"), row.coding) << row.accept << row.path;
    EXPECT_EQ(r.header("Vary"), row.vary) << row.accept << row.path;
    if (row.path == "/plain") {
      EXPECT_EQ(decoded(r), "0123456789") << row.accept;
    }
  }
  const response part = on.get("/tagged", {{"Accept-Encoding", "gzip, identity;q=0"}, {"Range", "bytes=0-1"}});
  EXPECT_EQ(part.status(), 200) << "a part as it is would not be acceptable either";
  EXPECT_EQ(decoded(part), "0123456789");
  EXPECT_EQ(part.header("ETag"), "\"v1-gzip\"");
}

TEST(Compression, AsItIsAskedFor) {
  site on;
  on.app.compression(compression_options().codings({"gzip"}).minimum(10).level("gzip", 9).types({"text/*"}));
  EXPECT_EQ(on.get("/plain", {{"Accept-Encoding", "br, gzip"}}).header("Content-Encoding"), "gzip");
  EXPECT_EQ(on.get("/types", {{"Accept-Encoding", "gzip"}}).header("Content-Encoding"), "");
  EXPECT_THROW(compression_options().codings({"deflate"}), std::invalid_argument);
  EXPECT_THROW(compression_options().level("compress", 1), std::invalid_argument);
  on.app.compression(compression_options().at_once(0));
  EXPECT_EQ(on.get("/long", {{"Accept-Encoding", "br, gzip"}}).header("Content-Encoding"), "");
}

TEST(Digests, AreSentToWhoWantsThemAndChecked) {
  site on;
  on.app.digests(true);
  const std::string digest = digest_of("0123456789");
  EXPECT_EQ(digest, "sha-256=:hNiYd/DUBB77a/kaFvAkjy/Vc+avBcGflr7bn4gveII=:");
  EXPECT_EQ(on.get("/plain", {{"Want-Repr-Digest", "sha-256=1"}}).header("Repr-Digest"), digest);
  EXPECT_EQ(on.get("/plain", {{"Want-Content-Digest", "sha-512=3, sha-256=5, md5=10"}}).header("Content-Digest"), digest);
  EXPECT_EQ(on.get("/plain").header("Content-Digest"), "");
  const response part =
      on.get("/tagged", {{"Want-Repr-Digest", "sha-256=1"}, {"Want-Content-Digest", "sha-256=1"}, {"Range", "bytes=0-1"}});
  EXPECT_EQ(part.header("Content-Digest"), digest_of("01"));
  EXPECT_EQ(part.header("Repr-Digest"), digest) << "of the whole";
  const response head = on.ask(method::head, "/tagged", {{"Want-Repr-Digest", "sha-256=1"}, {"Want-Content-Digest", "sha-256=1"}});
  EXPECT_EQ(head.header("Repr-Digest"), digest);
  EXPECT_EQ(head.header("Content-Digest"), digest_of("")) << "there is none";
  const response unchanged =
      on.get("/tagged", {{"Want-Repr-Digest", "sha-256=1"}, {"If-None-Match", "\"v1\""}, {"Range", "bytes=0-1"}});
  EXPECT_EQ(unchanged.status(), 304);
  EXPECT_EQ(unchanged.header("Repr-Digest"), "");
  EXPECT_EQ(on.ask(method::put, "/upload", {{"Content-Digest", digest}}, "0123456789").status(), 200);
  EXPECT_EQ(on.ask(method::put, "/upload", {{"Content-Digest", digest}}, "0123456780").status(), 400);
  EXPECT_EQ(on.ask(method::put, "/upload", {{"Content-Digest", "sha-256"}}, "x").status(), 400);
  EXPECT_EQ(on.ask(method::put, "/upload", {{"Content-Digest", "unixsum=:AAAA:"}}, "x").status(), 200);
  EXPECT_EQ(on.ask(method::put, "/upload", {{"Content-Digest", digest_of("0123456789", "sha-512")}}, "0123456789").status(), 200);
}

TEST(Digests, OfAHandlerStayTrue) {
  site on;
  on.app.compression(compression_options());
  const std::string digest = digest_of(text_of(5000));
  const response whole = on.get("/signed", {{"Accept-Encoding", "br"}});
  EXPECT_EQ(whole.header("Content-Encoding"), "");
  EXPECT_EQ(whole.header("Content-Digest"), digest);
  const response part = on.get("/signed", {{"Range", "bytes=0-9"}});
  EXPECT_EQ(part.status(), 206);
  EXPECT_EQ(part.header("Content-Digest"), "");
  EXPECT_EQ(part.header("Repr-Digest"), digest);
  EXPECT_EQ(on.get("/signed", {{"If-None-Match", "\"v1\""}}).header("Content-Digest"), "");
}

TEST(Trailers, GoToWhoTakesThem) {
  site on;
  const response r = on.get("/trailers", {{"TE", "trailers"}});
  EXPECT_EQ(r.header("Trailer"), "X-Sum");
  EXPECT_EQ(r.trailers().get("X-Sum"), "42");
  EXPECT_EQ(r.trailers().size(), 2U) << "nothing of framing, routing and content format";
  EXPECT_EQ(on.get("/trailers").header("Trailer"), "");
}

TEST(Responses, WhatNoValidatorMayBe) {
  EXPECT_THROW(text("x").entity_tag("a\"b"), std::invalid_argument);
  EXPECT_THROW(text("x").entity_tag("a b"), std::invalid_argument);
  EXPECT_EQ(text("x").entity_tag("").header("ETag"), "\"\"");
  EXPECT_EQ(content_tag("a"), content_tag("a"));
  EXPECT_NE(content_tag("a"), content_tag("b"));
}

}  // namespace
}  // namespace parley
