// What becomes of a handler's hints: pushed requests, and the Link lines of 103 (RFC 8297).
#pragma once

#include "semantics/message_head.hpp"

#include <parley/request.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace parley::server_room {

/// What was pushed on one connection, so that it is not pushed twice. Bounded: when it is full, nothing more is pushed there, and hints
/// are given as links.
class pushed_targets {
 public:
  static constexpr std::size_t most = 128;

  enum class answer : std::uint8_t { fresh, known, full };
  [[nodiscard]] answer look(std::uint64_t key) const;
  /// After `fresh`.
  void add(std::uint64_t key) { keys_[count_++] = key; }

 private:
  std::array<std::uint64_t, most> keys_;
  std::size_t count_ = 0;
};

/// What stands for a target of an authority there.
[[nodiscard]] std::uint64_t pushed_key(std::string_view authority, std::string_view target);

/// Appends `</style.css>; rel=preload; as=style` to a Link field's value.
void append_preload(std::string& links, std::string_view target, as use);

/// The request that is promised because of `from` (RFC 9113 §8.4): GET of `target`, a path that is valid, at the same authority, with
/// the fields by which answers are chosen. No cookies and no credentials: what needs them is not pushed well.
[[nodiscard]] semantics::request_head promised_request(const request& from, std::string_view target);

/// Whether a client calls itself a browser.
[[nodiscard]] bool is_browser(const request& from);

}  // namespace parley::server_room
