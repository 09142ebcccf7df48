// Field sections of HTTP/2 and HTTP/3 to heads and trailers: pseudo-fields and the rules of messages (RFC 9113 §8.1.1 to §8.5, RFC 9114
// §4.1.2 to §4.4, RFC 8441 §4).
#pragma once

#include <parley/fields.hpp>
#include <parley/limits.hpp>
#include <parley/version.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "semantics/line_block.hpp"
#include "semantics/malformed.hpp"
#include "semantics/message_head.hpp"
#include "semantics/name_tag.hpp"

namespace parley::semantics {

/// What a field section may cost. The default takes nothing: use `of_head` or `of_trailers`.
struct section_caps {
  std::size_t size = 0;    // names and values, and 32 for each line (RFC 9113 §6.5.2)
  std::size_t count = 0;   // lines without pseudo-fields; each piece of a cookie counts
  std::size_t line = 0;    // the longest name and value together
  std::size_t target = 0;  // the longest `:path`
  bool trailers = false;   // which of `limits` is named when one fires
  // The block to begin with. It grows, but copies then, so the best guess is what the last head of the same peer came to.
  std::size_t expected = usual_head;

  static constexpr std::size_t usual_head = 1024;
  static section_caps of_head(const limits& l, std::size_t expected = usual_head) {
    return {l.head, l.field_count, l.field_line, l.start_line, false, expected};
  }
  static section_caps of_trailers(const limits& l) { return {l.trailers, l.trailer_count, l.field_line, l.start_line, true}; }
};

/// What the fields of a head say to its engine, so that it need not search for them.
struct section_facts {
  std::optional<std::uint64_t> content_length;
  /// Expect: 100-continue, and no Content-Length of 0 (RFC 9110 §10.1.1). It means nothing when the stream ends with the head.
  bool expects_continue = false;
  bool has_priority = false;  // a Priority field (RFC 9218 §5): see semantics/priority.hpp
};

/// One field section, line by line, straight into the block of a `parley::fields`: each text is copied once, and nothing is allocated
/// once the thread's pool is warm.
///
/// Every line of a section must be given to its decompressor, but nothing is kept behind the first fault. An object is used for one
/// section; it is cheap to make (no block before the first line).
class field_section {
 public:
  field_section(const field_section&) = delete;
  field_section& operator=(const field_section&) = delete;

  /// The next line, both views for the call only. `tag` is `tag_of(name)`.
  void add(name_tag tag, std::string_view name, std::string_view value);
  /// A rule was broken: the rest of the section needs no adding.
  [[nodiscard]] bool failed() const { return failed_; }
  /// Valid once `failed()`.
  [[nodiscard]] const malformed& fault() const { return fault_; }
  /// All lines so far, as RFC 9113 §6.5.2 counts; those behind a fault are not in it.
  [[nodiscard]] std::size_t size() const { return size_; }

 protected:
  enum class kind : std::uint8_t { request, response, trailers };
  field_section(kind what, const section_caps& caps);
  ~field_section() = default;

  struct pseudo_text {
    parley::detail::text_ref where;
    bool present = false;
  };

  void fail(const malformed& fault);
  void fail(malformed fault, const char* sentence);
  [[nodiscard]] const pseudo_text& text_of(pseudo_field f) const { return pseudo_[static_cast<std::size_t>(f)]; }
  /// Hands the lines over; then cookies in one line, and Content-Length.
  void finish_fields(parley::fields& out);

  section_facts facts_;
  bool failed_ = false;
  bool has_host_ = false;
  bool has_expect_ = false;
  malformed fault_;

 private:
  static constexpr std::size_t line_overhead = 32;

  void add_pseudo(pseudo_field f, std::string_view value);
  bool prepare_special(std::uint8_t action, std::string_view value);
  bool extends_cookie(std::string_view value);
  void fail_name(name_tag tag);
  void fail_size();
  void fail_count();
  static void join_cookies(parley::fields& f);

  section_caps caps_;
  line_block lines_;
  std::size_t size_ = 0;
  std::size_t count_ = 0;
  std::size_t cookies_ = 0;  // lines of cookies
  kind kind_;
  bool regular_ = false;  // a regular field came: no pseudo-field may follow
  bool has_length_ = false;
  std::array<pseudo_text, static_cast<std::size_t>(pseudo_field::unknown)> pseudo_{};
};

/// What a server takes besides the rules of messages.
struct request_rules {
  parley::version version = parley::version::http2;  // of the head that comes out
  bool extended_connect = false;                     // `:protocol` is allowed (RFC 8441 §4): we announced it
  /// What `:scheme` must be, without regard to case: `https`, `http`, or empty for any. Another one is misdirected (421).
  std::string_view scheme = {};
};

class request_fields : public field_section {
 public:
  request_fields(const section_caps& caps, const request_rules& rules) : field_section(kind::request, caps), rules_(rules) {}

  /// The head, or why there is none. `target` is `:path`, and `:authority` for CONNECT; `authority` is `:authority`, else Host. The
  /// form is origin, asterisk, or authority (CONNECT); an extended CONNECT has origin form and `protocol()`. Cookies stand in one line
  /// (RFC 9113 §8.2.3), and all other lines as received, Host too.
  ///
  /// Call it once.
  [[nodiscard]] std::expected<request_head, malformed> finish();
  /// Valid after a `finish` that gave a head.
  [[nodiscard]] const section_facts& facts() const { return facts_; }

 private:
  void read(request_head& head);
  void read_connect(request_head& head);
  void read_target(request_head& head);
  void read_host(request_head& head);
  void read_expect(const parley::fields& f);

  request_rules rules_;
};

class response_fields : public field_section {
 public:
  response_fields(const section_caps& caps, parley::version version) : field_section(kind::response, caps), version_(version) {}

  /// Call it once. A Content-Length is checked whatever the status: whether it says how much content comes is the engine's to know.
  [[nodiscard]] std::expected<response_head, malformed> finish();
  [[nodiscard]] const section_facts& facts() const { return facts_; }

 private:
  void read_status(response_head& head);

  parley::version version_;
};

class trailer_fields : public field_section {
 public:
  explicit trailer_fields(const section_caps& caps) : field_section(kind::trailers, caps) {}

  /// Call it once.
  [[nodiscard]] std::expected<parley::fields, malformed> finish();
};

}  // namespace parley::semantics
