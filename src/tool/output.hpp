// Where content goes: standard output, or a file that appears under its name only once it is whole.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley::tool {

/// Whether a terminal can show it: no control characters but white space. An escape sequence in content could change the
/// terminal.
[[nodiscard]] bool is_displayable(std::string_view piece);

class output {
 public:
  /// `path` as given to -o: nothing or `-` is standard output. What is no plain file (a pipe, /dev/null) is written to directly.
  explicit output(std::optional<std::string> path);
  output(const output&) = delete;
  output& operator=(const output&) = delete;
  /// A file that was not committed is gone.
  ~output();

  [[nodiscard]] bool to_terminal() const { return to_terminal_; }
  /// Opens the file. Throws `refusal`.
  void begin();
  /// Throws `refusal` when it cannot be written, and for content that a terminal must not get.
  void write(std::string_view piece);
  /// All was written: a file gets its name, and a terminal a line end if the content had none. Throws `refusal`.
  void commit();

 private:
  void open_file();
  [[noreturn]] void refuse_file(int error) const;

  std::string path_;                       // empty: standard output
  std::string temporary_;                  // while the file has it
  std::optional<unsigned> replaced_mode_;  // the permissions of the file that was there
  int descriptor_ = -1;
  bool to_terminal_ = false;
  bool asked_for_ = false;  // `-o -`: any content, also to a terminal
  std::uint64_t written_ = 0;
  bool in_line_ = false;  // the last byte was no line end
};

}  // namespace parley::tool
