// Which handler answers a method and a path.
#pragma once

#include <parley/server.hpp>

#include <array>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace parley::server_room {

/// A handler and the names of its path parameters, in the order in which they stand in the path.
struct route {
  std::string text;  // as registered; the names are views into it
  std::vector<std::string_view> names;
  detail::plain_handler plain;
  detail::task_handler tasked;
  detail::instant_handler at_once;  // asked before `tasked`, where there is one
  bool stateless = false;           // it never asks for a session
};

struct match {
  const route* found = nullptr;
  /// Where the parameters stand in the path.
  std::array<detail::text_ref, 8> values{};
  std::size_t count = 0;
  /// Some route has this path, but not with this method: a bit for each of the nine methods that it does have.
  std::uint16_t allowed = 0;
};

/// A tree over path segments. A literal segment wins over a `{name}`, that over a `{name...}`; what has the method wins over what has
/// it not. Built before the loops run, then only read.
class router {
 public:
  router();
  ~router();
  router(router&&) noexcept;
  router& operator=(router&&) noexcept;

  /// Throws `std::invalid_argument`.
  void add(std::string_view method_and_pattern, detail::plain_handler plain, detail::task_handler tasked,
           detail::instant_handler at_once = {});
  /// What was added last never asks for a session.
  void last_is_stateless() { routes_.back()->stateless = true; }
  /// `path` as sent: percent-encoded, beginning with `/`.
  [[nodiscard]] match find(const method& m, std::string_view path) const;
  /// The methods that any route has.
  [[nodiscard]] std::uint16_t all_methods() const { return all_; }

  static constexpr std::size_t max_parameters = 8;

 private:
  struct node;
  struct search;
  node& descend(const std::string& text, std::string_view pattern, std::vector<std::string_view>& names);

  std::unique_ptr<node> root_;
  std::vector<std::unique_ptr<route>> routes_;
  const route* connect_ = nullptr;  // "CONNECT *"
  std::uint16_t all_ = 0;
};

/// `GET, HEAD, OPTIONS` and so on: what Allow says for these bits. HEAD follows GET, OPTIONS is always there.
[[nodiscard]] std::string allow_value(std::uint16_t methods, bool trace = false);

}  // namespace parley::server_room
