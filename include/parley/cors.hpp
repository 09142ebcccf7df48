// Cross-origin requests (CORS, Fetch standard §3.2): which pages of other sites may read answers.
//
//   app.use(parley::cors().origin("https://app.example").methods({"GET", "PUT"}).headers({"Content-Type"}).credentials());
//
// It tells browsers what their pages may see. It keeps nobody from sending: a request that changes something needs a token or a look at
// Origin of its own.
#pragma once

#include <parley/filter.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace parley {

/// Preflights (OPTIONS with Origin and Access-Control-Request-Method) are answered with 204, those of other origins with 403; all other answers get
/// what lets the allowed origins read them, and `Vary: Origin`. What a handler has set itself stays.
class PARLEY_API cors final : public filter {
 public:
  /// One origin, as browsers write it: `https://app.example`, `http://localhost:3000`. Compared whole. Throws `std::invalid_argument` for what is
  /// none, and for `null`, which any sandboxed page has.
  cors& origin(std::string_view exact);
  /// Those that this says yes to, given what Origin says (never `null`). Compare whole, or from the dot on.
  cors& origins(std::function<bool(std::string_view)> allowed);
  /// Every origin (`*`). Not with `credentials`: `server::use` throws `std::logic_error`.
  cors& any_origin();
  /// Beside GET, HEAD and POST, which need no permission.
  cors& methods(std::vector<std::string> names);
  /// Fields of requests beside the safelisted ones, such as Content-Type for JSON, or Authorization.
  cors& headers(std::vector<std::string> names);
  /// Fields of answers that pages may read beside the safelisted ones.
  cors& expose(std::vector<std::string> names);
  /// Also requests with cookies and the like.
  cors& credentials(bool allowed = true);
  /// How long browsers keep a preflight's answer. Default 10 min.
  cors& max_age(std::chrono::seconds t);
  /// Whether pages of public sites may ask here where this server has a private address (Private Network Access). Default: not.
  cors& private_network(bool allowed = true);
  /// Only for this path and what is below it; repeatable. Default: everything.
  cors& at(std::string_view prefix);

  std::optional<response> before(request& req) override;
  void after(const request& req, response& answer) override;
  void added_to(server& app) override;

 private:
  [[nodiscard]] bool allows(std::string_view origin) const;

  std::vector<std::string> origins_;
  std::function<bool(std::string_view)> judge_;
  bool any_ = false;
  bool credentials_ = false;
  bool private_network_ = false;
  std::string methods_ = "GET, HEAD, POST";
  std::string headers_;
  std::string exposed_;
  std::chrono::seconds max_age_{600};
  path_prefixes paths_;
};

}  // namespace parley
