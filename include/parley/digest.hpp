// Digests of content (RFC 9530).
#pragma once

#include <parley/request.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace parley {

/// `sha-256=:...:`, as Content-Digest and Repr-Digest have it. `algorithm` is `sha-256` or `sha-512`; throws `std::invalid_argument` for another.
[[nodiscard]] PARLEY_API std::string digest_of(std::string_view content, std::string_view algorithm = "sha-256");

/// Compares content that is read in pieces with the Content-Digest of its request.
class PARLEY_API digest_check {
 public:
  /// Throws `problem_error` with 400 when the field is malformed. A request without it, and algorithms that are not known, pass.
  explicit digest_check(const request& req);
  digest_check(digest_check&&) noexcept;
  digest_check& operator=(digest_check&&) noexcept;
  ~digest_check();

  void add(std::string_view piece);
  /// All content was added. Throws `problem_error` with 400 when it is not what the field says.
  void finish();

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace parley
