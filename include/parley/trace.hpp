// Seeing a session: what happened on the connections of a client or a server, as text for a person.
//
//   parley::recorder seen;
//   parley::client http;
//   http.observe(seen.sink());
//   auto getting = http.get("http://localhost:8080/hello/ada");
//   auto res = co_await getting;
//   std::cerr << seen.timeline();
#pragma once

#include <parley/config.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace parley {

namespace engine {
class observer;  // src/engine/observer.hpp
}

/// How a timeline is drawn. Chained setters.
class PARLEY_API timeline_options {
 public:
  /// ANSI colours. Default: none.
  timeline_options& colour(bool on = true) {
    colour_ = on;
    return *this;
  }
  /// Box drawing and bars of Unicode; else plain ASCII. Default: on.
  timeline_options& unicode(bool on = true) {
    unicode_ = on;
    return *this;
  }
  /// Columns, 60 at least. Default 80.
  timeline_options& width(std::size_t columns) {
    width_ = columns;
    return *this;
  }
  /// Shows the values of Authorization, Proxy-Authorization, Cookie and Set-Cookie. Default: `[hidden]` instead.
  timeline_options& show_secrets(bool on = true) {
    show_secrets_ = on;
    return *this;
  }

  [[nodiscard]] bool colour() const { return colour_; }
  [[nodiscard]] bool unicode() const { return unicode_; }
  [[nodiscard]] std::size_t width() const { return width_; }
  [[nodiscard]] bool show_secrets() const { return show_secrets_; }

 private:
  bool colour_ = false;
  bool unicode_ = true;
  std::size_t width_ = 80;
  bool show_secrets_ = false;
};

/// Records connections: `client::observe(r.sink())`, `server::observe(r.sink())`. It must outlive what it observes.
///
/// Keeps heads, times and sizes, but no content. Any thread.
class PARLEY_API recorder {
 public:
  /// Keeps up to `capacity` observations; an exchange has about ten.
  explicit recorder(std::size_t capacity = 100'000);
  recorder(const recorder&) = delete;
  recorder& operator=(const recorder&) = delete;
  ~recorder();

  [[nodiscard]] engine::observer* sink();
  /// What was seen so far: each exchange in the three steps connect, request, response, with their times and both heads.
  /// Text from peers is made harmless for a terminal.
  [[nodiscard]] std::string timeline(const timeline_options& how = {}) const;
  /// The heads as they were on the wire, in order, requests and responses alike.
  [[nodiscard]] std::vector<std::string> heads() const;
  /// How many observations did not find room.
  [[nodiscard]] std::uint64_t dropped() const;
  void clear();

 private:
  class state;
  std::unique_ptr<state> state_;
};

}  // namespace parley
