// A response: what a server's handler returns, and what a client gets. The same in every version.
#pragma once

#include <parley/body.hpp>
#include <parley/fields.hpp>
#include <parley/problem.hpp>
#include <parley/task.hpp>
#include <parley/version.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace parley {

class cookie;  // parley/cookie.hpp

namespace detail {
struct response_access;
struct ready_lines;  // src/semantics/ready_lines.hpp

/// A slice of an open file; closed when the last response with it is gone.
struct file_content {
  std::shared_ptr<const void> owner;
  int descriptor = -1;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};
struct shared_content {
  std::string_view bytes;
  std::shared_ptr<const void> owner;  // or none: then the response's ready lines keep the bytes
};
/// Slices of files with text before each and behind the last, as in multipart/byteranges.
struct parts_content {
  std::vector<std::string> texts;  // one more than `files`
  std::vector<file_content> files;
  std::uint64_t length = 0;  // of all
};
struct streamed_content {
  std::function<task<>(body_writer&)> producer;
  std::optional<std::uint64_t> length;
};
struct tunnel_content {
  std::function<task<>(tunnel&)> handler;
};
}  // namespace detail

/// What a validator promises (RFC 9110 §8.8.1): the same one means the same bytes, or only the same meaning.
enum class validator : std::uint8_t { strong, weak };

class PARLEY_API response {
 public:
  /// An answer without content; `status` is 200 to 599.
  explicit response(int status = 200) : status_(status) {}
  response(response&&) noexcept = default;
  response& operator=(response&&) noexcept = default;
  ~response();

  [[nodiscard]] int status() const { return status_; }
  /// Sets the status, 200 to 599. Throws `std::invalid_argument` for another.
  response& status(int code) &;
  response&& status(int code) &&;

  [[nodiscard]] const parley::fields& fields() const { return ready_ == nullptr ? fields_ : ready_fields(); }
  [[nodiscard]] parley::fields& fields() {
    if (ready_ != nullptr) own_fields();
    return fields_;
  }
  /// The first field line of that name; empty when there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const;
  /// Sets a field line; throws `invalid_field` as `fields::set`. Content-Length, Transfer-Encoding and Connection are the library's: they are made, not taken.
  response& header(std::string_view name, std::string_view value) &;
  response&& header(std::string_view name, std::string_view value) &&;

  /// Sets a cookie (include <parley/cookie.hpp>); one of the same name, path and domain that was set before is replaced. Throws
  /// `std::invalid_argument`, saying what has no place in a cookie.
  response& cookie(const parley::cookie& set) &;
  response&& cookie(const parley::cookie& set) &&;

  /// The content: at a client all of it (unless the fetch asked to stream), at a server what was set as bytes.
  [[nodiscard]] std::string_view content() const;
  /// Sets the content, and its Content-Type unless `type` is empty.
  response& content(std::string bytes, std::string_view type) &;
  response&& content(std::string bytes, std::string_view type) &&;
  /// Content that lies elsewhere and is not copied; `owner` keeps it alive.
  response& content(std::string_view bytes, std::shared_ptr<const void> owner, std::string_view type) &;

  // --- what a server makes of it -------------------------------------------------------------------------------------------
  /// Sets ETag (RFC 9110 §8.8.3) to `opaque` in quotes. For GET and HEAD the server then does the rest: If-None-Match and If-Match are
  /// evaluated (304, 412), and parts are sent as Range and If-Range ask (206, 416) where the validator is strong and the length is known.
  /// Throws `std::invalid_argument` for what no entity tag may have: quotes, blanks, control characters. See parley/conditional.hpp.
  response& entity_tag(std::string_view opaque, validator strength = validator::strong) &;
  response&& entity_tag(std::string_view opaque, validator strength = validator::strong) &&;
  /// Sets Last-Modified. For GET and HEAD the server evaluates If-Modified-Since and If-Unmodified-Since.
  response& last_modified(std::chrono::system_clock::time_point when) &;
  response&& last_modified(std::chrono::system_clock::time_point when) &&;
  /// Whether it may be sent in a content coding, where the server does that (`server::compression`): yes, unless a handler says no. Say
  /// no where a secret stands in the same content as what others may choose, or its length tells them the secret (BREACH).
  response& compress(bool allowed) &;
  response&& compress(bool allowed) &&;
  /// Trailer fields to send behind the content, where the version carries them: over HTTP/1.1 to who asks for them (`TE: trailers`). Those
  /// that concern framing or routing are left out (RFC 9110 §6.5.1). Of content that is produced, see `body_writer::trailers`.
  response& trailers(parley::fields lines) &;
  response&& trailers(parley::fields lines) &&;

  // --- at a client ---------------------------------------------------------------------------------------------------------
  [[nodiscard]] parley::version version() const { return version_; }
  /// The reason phrase as received over HTTP/1, else the registered one.
  [[nodiscard]] std::string_view reason() const;
  /// The content as a stream, when the fetch asked for it; else the collected content in one piece. Lives no longer than the response.
  [[nodiscard]] body_reader body();
  /// The trailer fields of a response that was collected; of a streamed one, see `body_reader::trailers`.
  [[nodiscard]] const parley::fields& trailers() const { return trailers_; }

 private:
  friend struct detail::response_access;
  friend PARLEY_API response stream(std::function<task<>(body_writer&)>, std::string_view, std::optional<std::uint64_t>);
  friend PARLEY_API response switch_protocols(std::string_view, std::function<task<>(tunnel&)>);
  friend PARLEY_API response accept_tunnel(std::function<task<>(tunnel&)>);

  [[nodiscard]] const parley::fields& ready_fields() const;
  void own_fields();

  int status_;
  bool validated_ = false;     // the server is to evaluate preconditions and Range
  bool shaped_ = false;        // it has trailers
  bool uncompressed_ = false;  // no content coding
  parley::version version_ = parley::version::http1_1;
  parley::fields fields_;                             // empty while `ready_` is there
  std::shared_ptr<const detail::ready_lines> ready_;  // lines that were made beforehand, until somebody changes them
  std::variant<std::monostate, std::string, detail::shared_content, detail::file_content, detail::streamed_content,
               detail::tunnel_content, detail::parts_content>
      content_;
  parley::fields trailers_;
  std::string reason_;
  std::shared_ptr<detail::body_source> source_;  // a client's stream; keeps its exchange alive
};

/// `text/plain; charset=utf-8`.
[[nodiscard]] PARLEY_API response text(std::string content);
/// `text/html; charset=utf-8`.
[[nodiscard]] PARLEY_API response html(std::string content);
/// The text with `&`, `<`, `>` and quotes as entities, for content and attributes of HTML.
[[nodiscard]] PARLEY_API std::string html_escape(std::string_view text);
/// 204.
[[nodiscard]] PARLEY_API response no_content();
/// A redirect with Location (RFC 9110 §15.4); 303 by default, as after a form. Throws `std::invalid_argument` for a status that is no
/// redirect and for a location that no field may carry.
[[nodiscard]] PARLEY_API response redirect(std::string_view location, int status = 303);
/// Content that is produced while it is sent; the producer is called once the head is on its way, and kept until it has ended; so is
/// the request that it answers, whose content it may read.
/// `length` where it is known beforehand: producing less or more resets the exchange.
[[nodiscard]] PARLEY_API response stream(std::function<task<>(body_writer&)> producer, std::string_view type,
                                         std::optional<std::uint64_t> length = {});
/// `application/problem+json` (RFC 9457).
[[nodiscard]] PARLEY_API response to_response(const problem& what);
/// 101 to `protocol`, where the request asked for it (RFC 9110 §7.8): then the handler has the byte stream.
[[nodiscard]] PARLEY_API response switch_protocols(std::string_view protocol, std::function<task<>(tunnel&)> handler);
/// 200 to a CONNECT: then the handler has the byte stream.
[[nodiscard]] PARLEY_API response accept_tunnel(std::function<task<>(tunnel&)> handler);

/// Thrown by a handler to answer with an error: a page, or problem details for programs; see `server::error_page`.
class PARLEY_API problem_error : public std::runtime_error {
 public:
  explicit problem_error(problem what);
  explicit problem_error(int status, std::string detail = {});
  [[nodiscard]] const problem& what_problem() const { return problem_; }
  /// Adds a field line to the answer, such as Retry-After, or Accept with 415: `throw problem_error(503).header("Retry-After", "5");`
  problem_error& header(std::string_view name, std::string_view value);
  [[nodiscard]] const parley::fields& fields() const { return fields_; }

 private:
  problem problem_;
  parley::fields fields_;
};

}  // namespace parley
