// A folder of files that visitors send, with room for so much and no more.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace demo {

/// Its functions block, so they are for `parley::blocking`. Any thread.
class shelf : public std::enable_shared_from_this<shelf> {
 public:
  static constexpr std::uint64_t largest_file = std::uint64_t{64} << 20;
  static constexpr std::uint64_t most_bytes = std::uint64_t{256} << 20;
  static constexpr std::size_t most_files = 200;
  static constexpr std::size_t longest_name = 120;  // bytes

  struct entry {
    std::string name;
    std::uint64_t size = 0;
    std::chrono::sys_seconds modified;
  };

  /// Makes the folder where it is missing. Throws `std::filesystem::filesystem_error`.
  explicit shelf(std::string folder);
  [[nodiscard]] const std::string& folder() const { return folder_; }
  /// In the order of names. What begins with a dot is left out.
  [[nodiscard]] std::vector<entry> list() const;
  /// Keeps room for a file, until the result is let go; by then it lies there or never will. Throws `parley::problem_error` (507)
  /// when there is too little.
  [[nodiscard]] std::shared_ptr<const void> reserve(std::uint64_t bytes);
  /// False when there is no such file. `name` may be anything.
  bool remove(std::string_view name) const;
  /// Where a file of that name lies; `name` must be one of `parley::uploaded_file::file_name`.
  [[nodiscard]] std::string path_of(const std::string& name) const { return folder_ + "/" + name; }

 private:
  void give_back(std::uint64_t bytes);

  std::string folder_;
  std::mutex mutex_;
  std::uint64_t reserved_bytes_ = 0;
  std::size_t reserved_files_ = 0;
};

/// `640 KiB`.
[[nodiscard]] std::string size_text(std::uint64_t bytes);

}  // namespace demo
