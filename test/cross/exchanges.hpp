// Exchanges of all sorts, the server that answers them, and what can be said of an answer: the same in every version.
#pragma once

#include "server/memory_server.hpp"
#include "support/engine_peer.hpp"

#include <parley/limits.hpp>

#include <cctype>
#include <map>
#include <string>
#include <vector>

namespace cross {

using namespace std::chrono_literals;
using parley::body_writer;
using parley::request;
using parley::response;
using parley::task;
using parley::testing::answered;
using parley::testing::asked;
using parley::testing::connect_in_memory;
using parley::testing::engine_peer;
using parley::testing::memory_server;

inline std::string lower(std::string_view text) {
  std::string s(text);
  for (char& c : s) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return s;
}

/// Fields that belong to a version's way of sending messages, not to the message (RFC 9110 §7.6.1, RFC 9113 §8.2.2, §8.3.1).
inline bool of_the_version(std::string_view name) {
  for (const std::string_view hop : {"connection", "transfer-encoding", "keep-alive", "host", "te", "alt-svc"}) {
    if (name == hop) return true;
  }
  return false;
}

/// `name: value` a line, by name; the lines of one name stay in order.
inline std::string text_of(const parley::fields& f) {
  std::multimap<std::string, std::string> lines;
  for (const auto& line : f) {
    const std::string name = lower(line.name);
    if (of_the_version(name)) continue;
    // Two answers may be made in two seconds.
    lines.emplace(name, name == "date" ? std::string("a date") : std::string(line.value));
  }
  std::string text;
  for (const auto& [name, value] : lines) text += name + ": " + value + "\n";
  return text;
}

inline std::string described(const answered& a) {
  std::string text;
  for (const auto& head : a.interim) text += "interim " + std::to_string(head.status) + "\n" + text_of(head.fields);
  text += "status " + std::to_string(a.status) + "\n" + text_of(a.fields);
  text += "content " + std::to_string(a.content.size()) + " " + a.content.substr(0, 2000) + "\n";
  text += "trailers\n" + text_of(a.trailers);
  text += a.whole ? "whole" : "not whole";
  return text;
}

inline std::string repeated(std::size_t size) {
  std::string s;
  while (s.size() < size) s += "0123456789abcdefghijklmnopqrstuvwxyz.\n";
  s.resize(size);
  return s;
}

/// Sends back what it has seen of the request.
inline std::string seen_of(const request& req) {
  std::string seen;
  seen.append(req.method().name()).append(" ").append(req.target()).append("\n");
  seen.append("path ").append(req.path()).append("\nquery ").append(req.query()).append("\n");
  seen.append("authority ").append(req.authority()).append("\nscheme ");
  // Some versions need TLS.
  seen.append(req.scheme() == "https" ? std::string_view("http") : req.scheme()).append("\n");
  seen.append("host ").append(req.header("Host")).append("\n");
  return seen + text_of(req.fields());
}

inline task<response> echo(request& req) {
  auto reading = req.text(50'000'000);
  const std::string content = co_await reading;
  const parley::fields* trailers = req.body().trailers();
  std::string seen = seen_of(req) + "trailers\n" + (trailers != nullptr ? text_of(*trailers) : "") + "content ";
  co_return parley::text(seen + std::to_string(content.size()) + "\n" + content);
}

inline parley::limits server_caps() {
  parley::limits c;
  c.content = 100'000;
  return c;
}

/// `on` has `route` and `plain`, as `memory_server`.
void add_routes(auto& on) {
  on.route("* /echo", echo);
  on.plain("GET /seen", [](const request& req) { return parley::text(seen_of(req)); });
  on.plain("* /plain", [](const request& req) { return parley::text(std::to_string(req.content().size())); });
  on.plain("GET /fields", [](const request&) {
    response r = parley::text("fields");
    r.header("X-One", "1").header("ETag", "\"tag\"").header("Cache-Control", "max-age=1");
    r.fields().add("Set-Cookie", "a=1; Path=/");
    r.fields().add("Set-Cookie", "b=2; Path=/");
    r.fields().add("X-Empty", "");
    r.fields().add("X-High", "caf\xc3\xa9");
    return r;
  });
  on.plain("GET /tagged", [](const request&) { return parley::text(repeated(5'000)).entity_tag("v1"); });
  on.plain("GET /language", [](const request& req) { return parley::text(req.language({"en", "de"}) == 1 ? "de" : "en"); });
  on.plain("GET /204", [](const request&) { return parley::no_content(); });
  on.plain("GET /304", [](const request&) { return response(304).header("ETag", "\"t\""); });
  on.plain("GET /redirect", [](const request&) { return parley::redirect("/elsewhere", 303); });
  on.plain("GET /throws", [](const request&) -> response { throw std::runtime_error("no"); });
  on.plain("GET /problem", [](const request&) -> response { throw parley::problem_error(422, "not this"); });
  on.plain("GET /odd", [](const request&) { return parley::text("odd").status(418); });
  on.plain("GET /name/{name}", [](const request& req) { return parley::text(req.path("name")); });
  on.plain("GET /hint", [](const request& req) {
    req.hint("/style.css", parley::as::style);
    return parley::text("hinted");
  });
  on.plain("GET /bytes/{n}", [](const request& req) {
    return response(200).content(repeated(std::stoul(req.path("n"))), "application/octet-stream");
  });
  on.plain("GET /stream/{n}", [](const request& req) {
    const std::size_t size = std::stoul(req.path("n"));
    return parley::stream(
        [size](body_writer& to) -> task<> {
          for (std::size_t at = 0; at < size; at += 10'000) {
            const std::string piece = repeated(std::min<std::size_t>(10'000, size - at));
            auto writing = to.write(piece);
            co_await writing;
          }
          parley::fields lines;
          lines.add("X-Sum", std::to_string(size));
          to.trailers(std::move(lines));
        },
        "text/plain");
  });
  on.plain("GET /known/{n}", [](const request& req) {
    const std::size_t size = std::stoul(req.path("n"));
    return parley::stream(
        [size](body_writer& to) -> task<> {
          auto writing = to.write(repeated(size));
          co_await writing;
        },
        "text/plain", size);
  });
  on.route("POST /unread", [](request&) -> task<response> { co_return parley::text("unread"); });
  on.route("GET /later", [](request&) -> task<response> {
    auto pause = parley::sleep_for(3s);
    co_await pause;
    co_return parley::text("later");
  });
}

struct row {
  std::string name;
  asked what;
};

inline std::vector<row> exchanges() {
  static const std::string long_value(9'000, 'v');
  std::vector<row> all{
      {"a page", {.path = "/seen"}},
      {"a query", {.path = "/seen?a=1&b=%20&c"}},
      {"escapes and odd bytes", {.path = "/name/a%2Fb%20c"}},
      {"HEAD", {.method = "HEAD", .path = "/seen"}},
      {"HEAD of a stream", {.method = "HEAD", .path = "/stream/10"}},
      {"HEAD of a stream of known size", {.method = "HEAD", .path = "/known/10"}},
      {"HEAD of nothing", {.method = "HEAD", .path = "/nothing"}},
      {"OPTIONS", {.method = "OPTIONS", .path = "/seen"}},
      {"OPTIONS of the server", {.method = "OPTIONS", .path = "*"}},
      {"an unknown method", {.method = "BREW", .path = "/seen"}},
      {"a method of ours", {.method = "BREW", .path = "/plain"}},
      {"a method that is not taken", {.method = "DELETE", .path = "/seen"}},
      {"not found, for people", {.path = "/nothing", .fields = {{"Accept", "text/html"}}}},
      {"not found, for programs", {.path = "/nothing", .fields = {{"Accept", "application/json"}}}},
      {"many fields", {.path = "/fields"}},
      {"a part", {.path = "/tagged", .fields = {{"Range", "bytes=10-19"}}}},
      {"a part that is not there", {.path = "/tagged", .fields = {{"Range", "bytes=5000-"}}}},
      {"a part of what has changed", {.path = "/tagged", .fields = {{"Range", "bytes=10-19"}, {"If-Range", "\"v0\""}}}},
      {"nothing new", {.path = "/tagged", .fields = {{"If-None-Match", "\"v1\""}}}},
      {"another state", {.path = "/tagged", .fields = {{"If-Match", "\"v0\""}}}},
      {"HEAD with a tag", {.method = "HEAD", .path = "/tagged", .fields = {{"Range", "bytes=10-19"}}}},
      {"a language", {.path = "/language", .fields = {{"Accept-Language", "de-AT, en;q=0.5"}}}},
      {"a part that is put", {.method = "PUT", .path = "/echo", .fields = {{"Content-Range", "bytes 0-0/2"}}, .content = "x"}},
      {"204", {.path = "/204"}},
      {"304", {.path = "/304"}},
      {"303", {.path = "/redirect"}},
      {"418", {.path = "/odd"}},
      {"a handler that throws", {.path = "/throws"}},
      {"a handler that throws a problem", {.path = "/problem"}},
      {"a handler that waits", {.path = "/later"}},
      {"a hint", {.path = "/hint"}},
      {"cookies", {.path = "/seen", .fields = {{"Cookie", "a=1; b=2; c=3"}}}},
      {"fields of all sorts",
       {.path = "/seen",
        .fields = {{"X-A", "1"},
                   {"x-a", "2"},
                   {"Accept", "text/*;q=0.5, */*"},
                   {"Authorization", "Basic eA=="},
                   {"X-Long", std::string_view(long_value)}}}},
      {"content where none is expected", {.path = "/plain", .content = "content"}},
      {"POST without content", {.method = "POST", .path = "/echo"}},
      {"PUT of nothing", {.method = "PUT", .path = "/echo", .content = ""}},
      {"chunks of nothing", {.method = "PUT", .path = "/echo", .content = "", .chunked = true}},
      {"DELETE with content", {.method = "DELETE", .path = "/echo", .content = "which"}},
      {"TRACE", {.method = "TRACE", .path = "/echo"}},
      {"PATCH", {.method = "PATCH", .path = "/echo", .content = "x"}},
      {"trailers",
       {.method = "POST",
        .path = "/echo",
        .content = "with trailers",
        .chunked = true,
        .trailers = {{"X-Sum", "13"}, {"X-B", "b"}}}},
      {"content that nobody reads", {.method = "POST", .path = "/unread", .content = "some content"}},
      {"leave is asked", {.method = "POST", .path = "/echo", .fields = {{"Expect", "100-continue"}}, .content = "after 100"}},
  };
  for (const std::size_t size : {1UL, 100UL, 16'383UL, 16'384UL, 16'385UL, 65'535UL, 65'536UL, 100'000UL, 1'000'000UL}) {
    const std::string n = std::to_string(size);
    all.push_back({"bytes " + n, {.path = "/bytes/" + n}});
    all.push_back({"a stream of " + n, {.path = "/stream/" + n}});
    all.push_back({"a stream of known size " + n, {.path = "/known/" + n}});
    all.push_back({"upload " + n, {.method = "POST", .path = "/echo", .content = repeated(size)}});
    all.push_back({"upload in chunks " + n, {.method = "POST", .path = "/echo", .content = repeated(size), .chunked = true}});
    all.push_back({"upload to a plain handler " + n, {.method = "POST", .path = "/plain", .content = repeated(size)}});
  }
  return all;
}

}  // namespace cross
