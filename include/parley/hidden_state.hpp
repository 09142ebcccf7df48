// Hidden fields that nobody can change: for forms of several pages, without a session.
//
//   parley::hidden_state order(parley::secret_keys::in_file("data/form.key"), "order");
//   page += order.field("state", {{"size", "large"}});                       // <input type="hidden" name="state" value="...">
//   ...
//   auto first = order.open(form.text("state"));
//   if (!first) return parley::problem(...)                                   // first.error(): tampered, or expired
#pragma once

#include <parley/config.hpp>
#include <parley/request.hpp>

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley {

namespace detail {
struct key_ring;
struct secret_keys_access;
}  // namespace detail

/// Keys for signing (HMAC-SHA-256). Cheap to copy; any thread.
class PARLEY_API secret_keys {
 public:
  /// Those of this process: drawn from the system, gone when it ends.
  secret_keys();
  /// Those in a file, which is made with mode 0600 when it is missing, with its folder (0700). A file that others can read is refused. Blocks.
  /// Throws `std::runtime_error`, naming the file and the way out.
  [[nodiscard]] static secret_keys in_file(const std::string& path);
  /// A new key for what is signed from now on, in memory and in the file; what older ones signed is still good. The last 4 are kept. Blocks.
  /// Copies share it.
  void rotate();

 private:
  friend struct detail::secret_keys_access;
  std::shared_ptr<detail::key_ring> ring_;
};

/// Seals values into a text that a page carries, and opens it again. They can be read by whoever has the page, but not changed.
class PARLEY_API hidden_state {
 public:
  using values = std::vector<std::pair<std::string, std::string>>;
  enum class fault : std::uint8_t {
    tampered,  // not one of ours: changed, cut, of another purpose or session, or its key is gone
    expired,   // it was good
  };

  /// `purpose` keeps one form's state from being given to another form.
  hidden_state(secret_keys keys, std::string purpose) : keys_(std::move(keys)), purpose_(std::move(purpose)) {}
  /// How long it is good. Default one hour.
  hidden_state& lifetime(std::chrono::seconds time) {
    lifetime_ = time;
    return *this;
  }
  /// What time it is, for tests.
  hidden_state& clock(std::function<std::chrono::sys_seconds()> now) {
    clock_ = std::move(now);
    return *this;
  }

  /// Letters, digits, `-` and `_`. `bound_to`: what must be given to `open` again, such as the session's user.
  [[nodiscard]] std::string seal(const values& what, std::string_view bound_to = {}) const;
  [[nodiscard]] std::expected<values, fault> open(std::string_view sealed, std::string_view bound_to = {}) const;
  /// `<input type="hidden" name="NAME" value="...">`, escaped.
  [[nodiscard]] std::string field(std::string_view name, const values& what, std::string_view bound_to = {}) const;

 private:
  [[nodiscard]] std::chrono::sys_seconds now() const;

  secret_keys keys_;
  std::string purpose_;
  std::chrono::seconds lifetime_{60 * 60};
  std::function<std::chrono::sys_seconds()> clock_;
};

/// The first value of that name; nothing when there is none.
[[nodiscard]] PARLEY_API std::optional<std::string_view> find_value(const hidden_state::values& in, std::string_view name);

}  // namespace parley
