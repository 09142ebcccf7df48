// A request: what a server's handler gets, and what a client sends. The same in every version.
#pragma once

#include <parley/body.hpp>
#include <parley/fields.hpp>
#include <parley/method.hpp>
#include <parley/task.hpp>
#include <parley/tls.hpp>
#include <parley/version.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley {

class cookie;        // parley/cookie.hpp
class form;          // parley/form.hpp
class form_options;  // parley/form.hpp
class request;
class session;           // parley/session.hpp
struct received_cookie;  // parley/cookie.hpp

/// What a hinted resource is going to be used as (the `as` of a preload link, Fetch §2.2.5 and RFC 8297).
enum class as : std::uint8_t { audio, document, fetch, font, image, script, style, track, video, worker };

namespace detail {
struct request_access;
struct request_notes;  // src/connection/message_access.hpp
class web_context;     // src/server/web_context.hpp

/// What a server keeps beside a request that asked for it, such as its session.
class request_state {
 public:
  virtual ~request_state() = default;
};

/// Who passes a request's hints on.
class hint_sink {
 public:
  virtual void hint(const request& from, std::string_view target, as use) = 0;

 protected:
  ~hint_sink() = default;
};
}  // namespace detail

/// Views that it gives out live as long as the request, unless its fields are modified.
class PARLEY_API request {
 public:
  /// `GET /`.
  request();
  /// A request for a URL (`https://host/path?query`; a fragment is dropped) or, for `server::handle`, for a path. OPTIONS of a URL
  /// without path asks about the whole server (`*`), and CONNECT takes `host:port`. Throws `std::invalid_argument`, with the reason and
  /// the position, when it is none of these, and for a URL with user information (RFC 9110 §4.2.4).
  request(parley::method m, std::string_view url);
  request(request&&) noexcept;
  request& operator=(request&&) noexcept;
  ~request();

  // --- the head ------------------------------------------------------------------------------------------------------------
  [[nodiscard]] const parley::method& method() const { return method_; }
  /// The version it came over.
  [[nodiscard]] parley::version version() const { return version_; }
  /// The request-target as sent (RFC 9112 §3.2).
  [[nodiscard]] std::string_view target() const;
  /// `http` or `https`.
  [[nodiscard]] std::string_view scheme() const;
  /// Host and, where it was given, port: from the target, else from Host. Empty when the client named none.
  [[nodiscard]] std::string_view authority() const;
  /// The path as sent, still percent-encoded, without the query. `*` for `OPTIONS *`.
  [[nodiscard]] std::string_view path() const;
  /// The part of the path that the route's `{name}` stands for, percent-decoded; empty when the route has no such part.
  [[nodiscard]] std::string path(std::string_view name) const;
  /// The query as sent, without `?`.
  [[nodiscard]] std::string_view query() const;
  /// The first query parameter of that name, decoded (`+` is a space).
  [[nodiscard]] std::optional<std::string> query(std::string_view name) const;
  [[nodiscard]] const parley::fields& fields() const { return fields_; }
  [[nodiscard]] parley::fields& fields() {
    if (!text_apart_) keep_text_apart();
    return fields_;
  }
  /// The first field line of that name; empty when there is none. Host is the authority where HTTP/2 sent no such field.
  [[nodiscard]] std::string_view header(std::string_view name) const;
  /// Which of `offers` (media types, the favourite first) the Accept field prefers (RFC 9110 §12.5.1); nothing when it accepts none.
  /// The answer then says so by itself (Vary).
  [[nodiscard]] std::optional<std::size_t> accepts(std::initializer_list<std::string_view> offers) const;
  /// The same for who has nothing else to give: throws `problem_error` with 406 (RFC 9110 §15.5.7) when it accepts none.
  [[nodiscard]] std::size_t negotiate(std::initializer_list<std::string_view> offers) const;
  /// Which of `offers` (language tags, the default first) suits the Accept-Language field best, by lookup (RFC 4647 §3.4): `de` for who
  /// asks for `de-CH`. 0 when none does. Vary is set as above.
  [[nodiscard]] std::size_t language(std::initializer_list<std::string_view> offers) const;

  // --- state -----------------------------------------------------------------------------------------------------------------
  /// The value of the first cookie of that name, as sent (RFC 6265 §5.4: the one with the longest path); nothing when there is none.
  [[nodiscard]] std::optional<std::string_view> cookie(std::string_view name) const;
  /// All cookies, as they came (include <parley/cookie.hpp>).
  [[nodiscard]] std::vector<received_cookie> cookies() const;
  /// The visitor's session (include <parley/session.hpp>). Nothing is looked up before it is asked for, where the store answers at once.
  /// Throws `problem_error` (503) when the store failed, `std::logic_error` without `server::sessions`.
  [[nodiscard]] parley::session& session() const;

  // --- the content ---------------------------------------------------------------------------------------------------------
  /// The whole content, in a handler that takes `const request&`. Empty in one that reads it by itself.
  [[nodiscard]] std::string_view content() const { return content_owned_ ? std::string_view(owned_content_) : content_; }
  /// The content as a stream, in a handler that takes `request&`.
  [[nodiscard]] body_reader body();
  /// The whole content. Throws `content_too_large` (413) above `limit`.
  task<std::string> text();
  task<std::string> text(std::size_t limit);
  /// The form that was sent, its files on the disk where they are large (include <parley/form.hpp>). Throws `problem_error`: 400 where it
  /// breaks the grammar, 413 beyond a cap, 415 for other content, 422 for a text that is no UTF-8, 507 when the disk is full. In a handler
  /// that takes `const request&`, see `form_of`.
  task<parley::form> form();
  task<parley::form> form(form_options how);
  /// The whole content, parsed (include <parley/json.hpp>). Throws `problem_error` with 415, 400 or 422.
  template <class T>
  task<T> json();

  // --- what comes next -----------------------------------------------------------------------------------------------------
  /// Tells the client, while the answer is still being made, what it is going to need: `req.hint("/style.css", parley::as::style)`.
  ///
  /// Over HTTP/2, to a client that takes pushed responses, the resource itself is pushed (RFC 9113 §8.4): the server asks its own
  /// router for it, as if the client had. To everyone else a 103 (Early Hints, RFC 8297) with a preload link is sent at once; to
  /// HTTP/1.0 nothing. Browsers get the link, unless `server::push_to_browsers` says otherwise. `target` is a path, with a query where there
  /// is one; throws `std::invalid_argument` for anything else. Without effect once the answer's head is sent, and for a request that
  /// came from no server. A loop's thread only.
  void hint(std::string_view target, as use) const;

  // --- where it came from --------------------------------------------------------------------------------------------------
  /// The peer's address and port, such as `127.0.0.1:54321`.
  [[nodiscard]] const std::string& peer() const;
  /// The client's address, without a port: the peer's, or, where the peer is one of `server::trusted_proxies`, that of the client that
  /// they tell of; scheme, `secure` and authority are that client's too then. `unix:` for the peer of a Unix socket.
  [[nodiscard]] std::string_view client_address() const;
  /// Whether it came over TLS or QUIC; behind a trusted proxy, whether the proxy says so of its own client.
  [[nodiscard]] bool secure() const { return secure_; }
  /// Its id (`server::request_ids`), 1 to 128 visible characters; empty where there is none.
  [[nodiscard]] std::string_view id() const;
  /// The trace that it belongs to (`server::tracing`), as the value of `traceparent` (W3C Trace Context §3.2) to send with requests that
  /// are made because of it; empty where there is none.
  [[nodiscard]] std::string_view trace() const;
  /// Who has proven to be whom (parley/auth.hpp); empty for nobody.
  [[nodiscard]] std::string_view user() const;
  /// Whether it may be a copy: it came in the early data of QUIC (0-RTT), before the handshake had shown that its client is there, and who
  /// recorded it could send it again (RFC 8446 §8); or a gateway says the same of its own client (the field Early-Data, RFC 8470 §5.1).
  /// Handlers only get such requests of safe methods (RFC 9110 §9.2.1); all others are answered 425. Who must not answer a copy even then
  /// answers 425 too, and the client asks again once its handshake is done.
  [[nodiscard]] bool early_data() const;
  /// What TLS settled for its connection, a client's certificate included; nothing where there is none.
  [[nodiscard]] std::optional<tls_info> tls() const;

  // --- making one (a client) -----------------------------------------------------------------------------------------------
  /// Sets a field line; throws `invalid_field` as `fields::set`. A Host replaces the URL's in what is sent. Content-Length,
  /// Transfer-Encoding and Connection are the library's: they are made, not taken.
  request& header(std::string_view name, std::string_view value);
  /// Sets the content, and its Content-Type unless `type` is empty.
  request& content(std::string bytes, std::string_view type);
  /// Content that is produced while it is sent. `length` where it is known beforehand: producing less or more is an error.
  request& stream(std::function<task<>(body_writer&)> producer, std::optional<std::uint64_t> length = {});
  /// The producer may be called more than once, and writes the same each time: so the request can be sent again where that is needed (a
  /// connection that was closed meanwhile, a redirect, a login).
  request& repeatable(bool on = true) {
    repeatable_ = on;
    return *this;
  }

 private:
  friend struct detail::request_access;
  struct parameter {
    std::string_view name;   // lies in the route's pattern
    detail::text_ref value;  // relative to the path
  };
  static constexpr std::size_t max_parameters = 8;

  [[nodiscard]] std::string_view view(detail::text_ref piece) const;
  void keep_text_apart();

  parley::method method_;
  parley::version version_ = parley::version::http1_1;
  bool secure_ = false;
  bool early_ = false;
  bool text_apart_ = true;      // the target's text lies in `text_`, else in the block of `fields_`, as it was received
  bool content_owned_ = false;  // the content is `owned_content_`, else `content_`
  bool repeatable_ = false;     // `producer_` may be called again
  std::uint8_t parameter_count_ = 0;
  mutable std::uint8_t varies_ = 0;  // detail::varied
  detail::text_ref target_, authority_, path_, query_, scheme_;
  parley::fields fields_;
  std::string text_;
  std::array<parameter, max_parameters> parameters_;
  std::string_view content_;  // in the exchange's buffer
  std::string owned_content_;
  detail::body_source* source_ = nullptr;
  detail::hint_sink* hints_ = nullptr;
  std::unique_ptr<detail::body_source> owned_source_;
  const std::string* peer_ = nullptr;
  const detail::tls_source* tls_ = nullptr;
  std::unique_ptr<detail::request_notes> notes_;  // what few requests have
  detail::web_context* web_ = nullptr;
  mutable std::unique_ptr<detail::request_state> state_;
  std::size_t content_limit_ = 1024 * 1024;
  std::function<task<>(body_writer&)> producer_;
  std::optional<std::uint64_t> producer_length_;
};

}  // namespace parley
