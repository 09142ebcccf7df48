// What the rooms behind the public face do to requests and responses: heads go in and out by moves.
#pragma once

#include "semantics/message_head.hpp"

#include <parley/request.hpp>
#include <parley/response.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace parley::detail {

/// Content that lies in memory, read in one piece.
class memory_source final : public body_source {
 public:
  explicit memory_source(std::string bytes, fields trailers = {});
  bool ready() noexcept override { return true; }
  std::string_view next() override;
  void wait(waiter* who) noexcept override;
  const fields* trailers() noexcept override;
  std::optional<std::uint64_t> length() noexcept override { return bytes_.size(); }

 private:
  std::string bytes_;
  fields trailers_;
  bool read_ = false;
};

struct body_access {
  [[nodiscard]] static body_sink* sink(const body_writer& of) { return of.sink_; }
};

/// Fields of a request that were looked at to choose an answer, as bits: Vary names them.
enum varied : std::uint8_t { varied_accept = 1, varied_language = 2 };

/// What few requests have, and so is made when it is first needed; it stays with a request that is used again.
struct request_notes {
  std::string client_address;  // behind trusted proxies
  std::string id;
  std::string trace;
  std::string user;
  std::uint64_t tunnelled = 0;  // bytes that came through its tunnel
  bool by_proxy = false;        // the peer is a trusted proxy
};

struct request_access {
  // --- a server ------------------------------------------------------------------------------------------------------------
  /// Takes a received head over into a request that is new or was `reset`: nothing is copied, nothing allocated.
  static void from_head(request& r, semantics::request_head&& head);
  /// As default-constructed, but the memory it has (up to a bound) stays for the next use; the fields' block goes to the pool.
  static void reset(request& r);
  static void clear_parameters(request& r) { r.parameter_count_ = 0; }
  /// Adds what a route's `{name}` stands for: `value` is relative to the path, `name` must outlive the request. False when full.
  static bool add_parameter(request& r, std::string_view name, text_ref value);
  /// The last of them, still percent-encoded; empty when there is none.
  [[nodiscard]] static std::string_view last_parameter(const request& r);
  static constexpr std::size_t max_parameters = request::max_parameters;
  static void source(request& r, body_source* from) { r.source_ = from; }
  [[nodiscard]] static body_source* source(const request& r) { return r.source_; }
  /// The collected content, which stays where it is.
  static void content(request& r, std::string_view collected);
  /// Content that the request keeps itself.
  static void keep_content(request& r, std::string&& collected) {
    r.owned_content_ = std::move(collected);
    r.content_owned_ = true;
  }
  /// From here on it is read from `from`, which the request keeps.
  static void own_source(request& r, std::unique_ptr<body_source> from) {
    r.owned_source_ = std::move(from);
    r.source_ = r.owned_source_.get();
  }
  [[nodiscard]] static std::unique_ptr<body_source> take_source(request& r) { return std::move(r.owned_source_); }
  static void web(request& r, web_context* of) { r.web_ = of; }
  [[nodiscard]] static web_context* web(const request& r) { return r.web_; }
  [[nodiscard]] static std::unique_ptr<request_state>& state(const request& r) { return r.state_; }
  static void hints(request& r, hint_sink* to) { r.hints_ = to; }
  static hint_sink* hints(const request& r) { return r.hints_; }
  static void peer(request& r, const std::string* name) { r.peer_ = name; }
  static void secure(request& r, const tls_source* by) {
    r.secure_ = true;
    r.tls_ = by;
  }
  static void early(request& r) { r.early_ = true; }
  /// Its target does (absolute-form), or `:scheme`; else it has that of its connection.
  [[nodiscard]] static bool names_scheme(const request& r) { return r.scheme_.length != 0; }
  /// Makes them if there are none.
  [[nodiscard]] static request_notes& notes(request& r);
  [[nodiscard]] static const request_notes* known_notes(const request& r) { return r.notes_.get(); }
  /// The client's own scheme and host, as a trusted proxy tells them; what is empty stays.
  static void origin(request& r, std::string_view scheme, std::string_view authority);
  /// Whether its own connection is protected, whatever a proxy says of its client's.
  [[nodiscard]] static bool over_tls(const request& r) { return r.tls_ != nullptr; }
  static void version(request& r, parley::version v) { r.version_ = v; }
  /// The fields that the handler chose by: see `varied`.
  [[nodiscard]] static std::uint8_t varies(const request& r) { return r.varies_; }
  static void content_limit(request& r, std::size_t bytes) { r.content_limit_ = bytes; }
  [[nodiscard]] static std::size_t content_limit(const request& r) { return r.content_limit_; }

  // --- a client (and server::handle) ---------------------------------------------------------------------------------------
  /// Host and port as the URL named them, whatever Host says; empty for a request that was made of a path.
  [[nodiscard]] static std::string_view url_authority(const request& r) { return r.view(r.authority_); }
  /// The head to send: Host becomes the authority; the fields that engines make by themselves (Content-Length and the like) are theirs to
  /// leave out. Takes the fields out of `r`.
  [[nodiscard]] static semantics::request_head to_head(request&& r);
  [[nodiscard]] static bool has_content(const request& r) { return r.content_owned_; }
  [[nodiscard]] static std::string take_content(request& r) { return std::move(r.owned_content_); }
  [[nodiscard]] static std::function<task<>(body_writer&)>& producer(request& r) { return r.producer_; }
  [[nodiscard]] static std::optional<std::uint64_t> producer_length(const request& r) { return r.producer_length_; }
  [[nodiscard]] static bool repeatable(const request& r) { return r.repeatable_; }
};

struct response_access {
  using content_variant =
      std::variant<std::monostate, std::string, shared_content, file_content, streamed_content, tunnel_content, parts_content>;

  // --- a server ------------------------------------------------------------------------------------------------------------
  [[nodiscard]] static content_variant& content(response& r) { return r.content_; }
  [[nodiscard]] static const content_variant& content(const response& r) { return r.content_; }
  [[nodiscard]] static parley::fields& trailers(response& r) { return r.trailers_; }
  /// Sets the status without a look at its range (101, or what a test wants).
  static void status(response& r, int code) { r.status_ = code; }
  /// The head to send; the fields that engines make by themselves are theirs to leave out. Takes the fields out of `r`; its content
  /// stays, and so do its ready lines, which the head refers to.
  [[nodiscard]] static semantics::response_head to_head(response&& r);
  /// Makes a new one an answer whose field lines were made beforehand. `bytes`, if there are any, live as long as what `lines` shares.
  static void ready(response& r, std::shared_ptr<const ready_lines> lines, std::string_view bytes = {});
  /// The server has to look at it before it is sent.
  [[nodiscard]] static bool shaped(const response& r) { return r.validated_ || r.shaped_; }
  [[nodiscard]] static bool validated(const response& r) { return r.validated_; }
  static void validated(response& r, bool how) { r.validated_ = how; }
  [[nodiscard]] static bool uncompressed(const response& r) { return r.uncompressed_; }
  [[nodiscard]] static const std::shared_ptr<const ready_lines>& lines(const response& r) { return r.ready_; }
  /// What keeps a shared content alive.
  [[nodiscard]] static std::shared_ptr<const void> keeper(const response& r, const shared_content& of) {
    return of.owner ? of.owner : r.ready_;
  }

  // --- a client ------------------------------------------------------------------------------------------------------------
  [[nodiscard]] static response from_head(semantics::response_head&& head);
  static void content(response& r, std::string bytes) { r.content_ = std::move(bytes); }
  static void version(response& r, parley::version v) { r.version_ = v; }
  static void source(response& r, std::shared_ptr<body_source> from) { r.source_ = std::move(from); }
  [[nodiscard]] static const std::shared_ptr<body_source>& source(const response& r) { return r.source_; }
};

}  // namespace parley::detail
