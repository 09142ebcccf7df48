// What looks at every request before its handler, and at every answer before it leaves, without a coroutine: what CORS, HSTS, rate
// limits, redirects and lists of hosts are made of, and one's own.
//
//   class no_store final : public parley::filter {
//     void after(const parley::request&, parley::response& answer) override { answer.header("Cache-Control", "no-store"); }
//   };
//   app.use(no_store());
#pragma once

#include <parley/config.hpp>
#include <parley/path_prefixes.hpp>
#include <parley/request.hpp>
#include <parley/response.hpp>

#include <optional>

namespace parley {

class server;

/// `server::use` takes it. Filters run in the order in which they were added, before all middleware; behind it when an answer leaves.
/// All loops call one object at once: what it keeps is to be safe for that. It must not block.
class PARLEY_API filter {
 public:
  virtual ~filter() = default;
  /// A request's head is here, and nothing has been done for it. An answer ends it; nothing lets it go on. What this throws is
  /// answered as a handler's exception is.
  virtual std::optional<response> before(request&) { return std::nullopt; }
  /// An answer is about to leave, whoever made it: a handler, a filter, an error page. Not for tunnels (101, 2xx to CONNECT), nor for
  /// requests whose head could not be read.
  virtual void after(const request&, response&) {}
  /// It was given to that server, which outlives it.
  virtual void added_to(server&) {}

 protected:
  filter() = default;
  filter(const filter&) = default;
  filter(filter&&) = default;
  filter& operator=(const filter&) = default;
  filter& operator=(filter&&) = default;
};

}  // namespace parley
