// Requests whose content comes in a coding: decoded before a handler reads it, within bounds.
//
//   parley::request_decoding().add_to(app);                                       // gzip, br and zstd, 16 MiB, 100 times its size
//   parley::request_decoding().at("/import").bytes(1 << 30).add_to(app);
#pragma once

#include <parley/path_prefixes.hpp>
#include <parley/server.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace parley {

/// What becomes of requests with Content-Encoding (RFC 9110 §8.4). Chained setters, then `add_to`.
///
/// Without it content is given to handlers as it came, coding and all; `request::form`, `form_of` and JSON answer 415, since what they read
/// would be taken for something else. With it, `body`, `text`, `form` and `json` give what was coded, for plain handlers and tasks alike, and the request
/// has no Content-Encoding any more, and none of Content-Length, Content-Digest and Repr-Digest, which are about the coded content; a Content-Digest
/// was compared with it. A coding that is not taken is answered 415 with Accept-Encoding (RFC 7694), content that breaks its format or is not what its
/// digest says 400, more than is allowed 413, too many at once 503; the counter `requests_not_decoded` has them. What follows a CONNECT is no
/// content. Tokens of `csrf_field` are not looked for in coded content: no browser sends forms so.
class PARLEY_API request_decoding {
 public:
  request_decoding();
  /// Of `gzip`, `br` and `zstd`. Default: all of them. Throws `std::invalid_argument` for another.
  request_decoding& codings(const std::vector<std::string>& names);
  /// So much may come of one request, decoded; twice that and 64 KiB may be sent for it. Default 16 MiB. Plain handlers have
  /// `limits::content` besides.
  request_decoding& bytes(std::uint64_t most);
  /// And so many times what was sent, once it is more than 1 MiB. Default 100; text seldom gets beyond 20.
  request_decoding& ratio(std::uint64_t most);
  /// So many requests may be decoded at once, from their first byte to the end of their answer: each takes up to 16 MiB for each of its codings
  /// (of which there are three at most), and what its handler keeps. More are answered 503 with Retry-After. Default 64.
  request_decoding& at_once(std::size_t requests);
  /// Only for this path and what is below it (see `path_prefixes`); repeatable. Default: everything.
  request_decoding& at(std::string_view prefix);
  /// Before `run` or `start`. It is a middleware: those that were added before see the content as it came. A forward proxy (parley/proxy.hpp)
  /// that was added behind it sends on what is decoded: keep it from there by `at`, or add it behind the proxy.
  void add_to(server& app) const;

 private:
  std::vector<std::string> codings_;
  std::uint64_t bytes_ = std::uint64_t{16} << 20;
  std::uint64_t ratio_ = 100;
  std::size_t at_once_ = 64;
  path_prefixes paths_;
};

}  // namespace parley
