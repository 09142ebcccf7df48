// Requests that come to `server::handle`, without a socket: the same way to an answer, whose content is made whole.
#include "connection/message_access.hpp"
#include "server/file_access.hpp"
#include "server/server_core.hpp"
#include "server/shaping.hpp"

#include <stdexcept>
#include <utility>

namespace parley {

namespace {

/// Collects what a producer writes.
class memory_sink final : public detail::body_sink {
 public:
  bool ready() noexcept override { return true; }
  void write(std::string&& owned) override { bytes += owned; }
  void write(std::string_view copied) override { bytes += copied; }
  void wait(detail::waiter*) noexcept override {}
  void trailers(fields lines) override { trailer_lines = std::move(lines); }
  std::string bytes;
  fields trailer_lines;
};

// Runs a streamed answer's producer into memory. Throws what it throws, and `std::length_error` where a server would cut the message off.
task<> produce_whole(response& r) {
  memory_sink sink;
  body_writer writer(&sink);
  detail::streamed_content streamed = std::move(std::get<detail::streamed_content>(detail::response_access::content(r)));
  auto producing = streamed.producer(writer);
  co_await producing;
  if (streamed.length && *streamed.length != sink.bytes.size()) {
    throw std::length_error("a streamed answer announced " + std::to_string(*streamed.length) + " bytes and produced " +
                            std::to_string(sink.bytes.size()));
  }
  detail::response_access::trailers(r) = std::move(sink.trailer_lines);
  detail::response_access::content(r, std::move(sink.bytes));
}

// What a server would send straight from a file.
void read_whole_file(response& r) {
  if (const auto* parts = std::get_if<detail::parts_content>(&detail::response_access::content(r))) {
    std::string all;
    for (std::size_t i = 0; i < parts->files.size(); ++i) {
      const detail::file_content& file = parts->files[i];
      all.append(parts->texts[i]).append(server_room::read_slice(file.descriptor, file.offset, file.length));
    }
    all += parts->texts.back();
    if (all.size() != parts->length) throw std::length_error("a file shrank while it was read to answer with");
    detail::response_access::content(r, std::move(all));
    return;
  }
  const detail::file_content file = std::get<detail::file_content>(detail::response_access::content(r));
  std::string bytes = server_room::read_slice(file.descriptor, file.offset, file.length);
  if (bytes.size() != file.length) throw std::length_error("a file shrank while it was read to answer with");
  detail::response_access::content(r, std::move(bytes));
}

}  // namespace

task<response> server_core::handle_whole(request& req) const {
  std::optional<response> result = looks_first ? look_first(req) : std::nullopt;
  if (!result) {
    auto answering = handle_request(req);
    response made = co_await answering;
    result = std::move(made);
  }
  if (looks_last) look_last(req, *result);
  co_return std::move(*result);
}

task<response> server_core::handle_request(request& req) const {
  server_room::compressor coder(compression);
  coder.make_current();
  detail::request_access::web(req, &web);
  std::optional<response> answer;
  const server_room::route* route = middleware.empty() ? find_route(req, answer) : match_route(req);
  response result(200);
  std::exception_ptr thrown;
  try {
    std::optional<response> refused;
    if (route == nullptr && middleware.empty() && !answer) {
      auto loading = load_session(req);
      refused = co_await loading;
      find_route(req, answer);
    } else if ((route != nullptr || !middleware.empty()) && must_prepare(req, route)) {
      auto preparing = prepare(req, route);
      refused = co_await preparing;
    }
    if (refused) {
      result = *std::move(refused);
    } else if (const auto rule = server_room::partial_put(req)) {
      result = error_response(*rule, req);
    } else if (route == nullptr && middleware.empty()) {
      result = std::move(*answer);
    } else if (middleware.empty() && route->plain && req.content().size() > caps.content) {
      throw content_too_large(caps.content);
    } else {
      auto chain = run_chain(req, 0, route);
      result = co_await chain;
    }
  } catch (...) {
    thrown = std::current_exception();
  }
  if (thrown) result = answer_to(thrown, req);
  thrown = nullptr;
  try {
    auto finishing = finish_state(req, result, false);
    co_await finishing;
  } catch (...) {
    thrown = std::current_exception();
  }
  if (thrown) result = answer_to(thrown, req);

  auto shaped = server_room::shape_answer(*this, coder, req, result);
  if (!shaped.trailers.empty()) detail::response_access::trailers(result) = std::move(shaped.trailers);

  const bool without_content = req.method() == method::head || result.status() == 204 || result.status() == 304;
  const bool streams = std::holds_alternative<detail::streamed_content>(detail::response_access::content(result));
  std::optional<std::uint64_t> length;
  if (streams && !without_content) {
    auto producing = produce_whole(result);
    co_await producing;
    length = result.content().size();
  } else if (streams) {
    length = std::get<detail::streamed_content>(detail::response_access::content(result)).length;
  } else {
    const auto* file = std::get_if<detail::file_content>(&detail::response_access::content(result));
    const auto* parts = std::get_if<detail::parts_content>(&detail::response_access::content(result));
    length = file != nullptr ? file->length : parts != nullptr ? parts->length : result.content().size();
    if ((file != nullptr || parts != nullptr) && !without_content) read_whole_file(result);
  }
  if (length && result.status() != 204 && result.status() != 304) result.fields().set("Content-Length", std::to_string(*length));
  if (without_content) detail::response_access::content(result, std::string());
  co_return result;
}

response server_core::handle(request req) {
  auto whole = handle_whole(req);
  return parley::run(std::move(whole));
}

}  // namespace parley
