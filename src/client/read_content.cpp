#include "client/read_content.hpp"

#include "client/errors.hpp"
#include "client/response_stream.hpp"
#include "connection/message_access.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace parley::fetching {

namespace {

using content_access = parley::detail::response_access;

// So much of a redirect or a challenge is read though nobody wants it.
constexpr std::size_t most_passed_over = std::size_t{64} * 1024;

}  // namespace

std::shared_ptr<parley::detail::body_source> source_of(response& of) {
  if (const auto& there = content_access::source(of)) return there;
  return std::make_shared<parley::detail::memory_source>(std::string(of.content()), fields(of.trailers()));
}

task<> pass_over(response& of) {
  body_reader body = of.body();
  if (body.length().value_or(0) > most_passed_over) co_return;
  std::size_t passed = 0;
  try {
    while (passed <= most_passed_over) {
      auto reading = body.read();
      const std::string_view piece = co_await reading;
      if (piece.empty()) co_return;
      passed += piece.size();
    }
  } catch (const connection_lost&) {
    // Then the next request has another connection.
  }
}

task<> collect_content(response& of, std::size_t limit, const origin& to) {
  const auto source = source_of(of);
  body_reader body(source.get());
  if (body.length().value_or(0) > limit) throw more_than_collected(to, limit);
  std::string all;
  try {
    for (;;) {
      auto reading = body.read();
      const std::string_view piece = co_await reading;
      if (piece.empty()) break;
      if (piece.size() > limit - all.size()) throw more_than_collected(to, limit);
      all += piece;
    }
  } catch (const connection_lost& lost) {
    throw fetch_error(fetch_error::kind::connection_lost, lost.what());
  }
  if (const fields* trailers = source->trailers()) content_access::trailers(of) = *trailers;
  content_access::source(of, nullptr);
  content_access::content(of, std::move(all));
}

}  // namespace parley::fetching
