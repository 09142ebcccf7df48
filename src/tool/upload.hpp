// Content to send: text, or a file that is read while it is sent.
#pragma once

#include <parley/body.hpp>
#include <parley/task.hpp>

#include "tool/arguments.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::tool {

class upload {
 public:
  explicit upload(std::string text) : text_(std::move(text)) {}
  /// An open file, closed with this object; its name is for messages.
  upload(int descriptor, std::string name);
  upload(const upload&) = delete;
  upload& operator=(const upload&) = delete;
  ~upload();

  [[nodiscard]] bool in_memory() const { return descriptor_ < 0; }
  [[nodiscard]] const std::string& text() const { return text_; }
  /// Nothing for a pipe.
  [[nodiscard]] std::optional<std::uint64_t> length() const { return length_; }
  /// Whether it can be sent more than once.
  [[nodiscard]] bool repeatable() const { return in_memory() || length_.has_value(); }
  /// Reads it to its end into memory. Throws `refusal`.
  [[nodiscard]] std::string collect() const;
  /// Sends it piece by piece; reading is done off the loop. Throws `refusal` when it cannot be read to its end.
  task<> produce(body_writer& to) const;

 private:
  std::string text_;
  int descriptor_ = -1;
  std::string name_;
  std::optional<std::uint64_t> length_;
};

/// What --data-urlencode says, as curl reads it: `CONTENT`, `=CONTENT`, `NAME=CONTENT`, `@FILE`, `NAME@FILE`. Throws `refusal`.
[[nodiscard]] std::string urlencoded_data(const std::string& written);

/// What -d and --data-urlencode were given, in that order, as `open_upload` takes it. Throws `refusal`.
[[nodiscard]] std::vector<std::string> data_of(const std::vector<given_value>& given);

/// What `-d` or `--json` say: text, `@FILE`, or `@-` for standard input; several are joined by `&`. Large files and pipes stay
/// outside of memory unless `collected`. Throws `refusal` for a file that cannot be read.
[[nodiscard]] std::shared_ptr<const upload> open_upload(const std::vector<std::string>& data, bool collected);

}  // namespace parley::tool
