#include "streams.hpp"

#include "crc32.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

namespace demo {
namespace {

using parley::body_reader;
using parley::body_writer;
using parley::request;
using parley::response;
using parley::task;

// --- GET /bytes/{count} ------------------------------------------------------------------------------------------------------------

constexpr std::uint64_t most_bytes = std::uint64_t{16} << 30;

/// The byte at offset n is n modulo 251: a prime, so that pieces which are lost, doubled or swapped show.
constexpr std::size_t period = 251;
constexpr auto pattern = [] {
  std::array<char, period * 256> bytes{};
  for (std::size_t n = 0; n < bytes.size(); ++n) bytes[n] = static_cast<char>(n % period);
  return bytes;
}();

/// With `with_trailers`, the CRC-32 of all that was sent follows as a trailer field.
task<> send_pattern(body_writer& to, std::uint64_t count, bool with_trailers) {
  crc32 sum;
  while (count > 0) {
    const std::string_view piece(pattern.data(), static_cast<std::size_t>(std::min<std::uint64_t>(count, pattern.size())));
    count -= piece.size();
    if (with_trailers) sum.add(piece);
    auto writing = to.write(piece);
    co_await writing;
  }
  if (with_trailers) to.trailers({{"Crc32", sum.text()}});
}

response bytes(const request& req) {
  const std::string text = req.path("count");
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size() || count > most_bytes) {
    throw parley::problem_error(404, "The number of bytes is an integer from 0 to " + std::to_string(most_bytes) + ".");
  }
  const bool chunked = req.query("chunked").has_value();
  response answer = parley::stream([=](body_writer& to) { return send_pattern(to, count, chunked); }, "application/octet-stream",
                                   chunked ? std::nullopt : std::optional(count));
  if (chunked) answer.header("Trailer", "Crc32");
  return answer;
}

// --- POST /echo --------------------------------------------------------------------------------------------------------------------

task<> copy(body_reader from, body_writer& to) {
  for (;;) {
    auto reading = from.read();
    const std::string_view piece = co_await reading;
    if (piece.empty()) co_return;
    auto writing = to.write(piece);
    co_await writing;
  }
}

task<response> echo(request& req) {
  const std::string_view given = req.header("Content-Type");
  const std::string_view type = given.empty() ? "application/octet-stream" : given;
  body_reader content = req.body();
  response answer = parley::stream([content](body_writer& to) { return copy(content, to); }, type, content.length());
  // What others send is shown by no browser as a page of this site.
  answer.header("Content-Security-Policy", "sandbox; default-src 'none'").header("X-Content-Type-Options", "nosniff");
  co_return answer;
}

// --- POST /upload ------------------------------------------------------------------------------------------------------------------

task<response> upload(request& req) {
  std::uint64_t count = 0;
  crc32 sum;
  body_reader content = req.body();
  for (;;) {
    auto reading = content.read();
    const std::string_view piece = co_await reading;
    if (piece.empty()) break;
    count += piece.size();
    sum.add(piece);
  }
  std::string result = R"({"bytes":)" + std::to_string(count) + R"(,"crc32":")" + sum.text() + "\"}";
  response answer;
  answer.content(std::move(result), "application/json");
  co_return answer;
}

}  // namespace

void add_streams(parley::server& app) {
  app.route("GET /bytes/{count}", bytes);
  app.route("POST /echo", echo);
  app.route("POST /upload", upload);
}

}  // namespace demo
