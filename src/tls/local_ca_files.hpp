// The files of a local authority: small, private, and written so that they are there whole or not at all.
#pragma once

#include "base/unique_fd.hpp"
#include "tls/error.hpp"

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace parley::tls {

/// A folder that is this user's (or root's) and that nobody else can write to, nor to the one above it, unless that is sticky.
class private_folder {
 public:
  /// Nothing when there is none, or an empty one. A symbolic link is refused.
  static std::expected<std::optional<private_folder>, error> open(const std::string& path);

  /// A plain file of this user's or root's, at most 64 KiB, that nobody else can write to; nor read, when it is `secret`.
  /// Nothing when it is missing.
  [[nodiscard]] std::expected<std::optional<std::string>, error> read(const std::string& name, bool secret) const;
  /// Puts the file in its place, with mode 0600 and in one step; on the disk when this returns.
  [[nodiscard]] std::expected<void, error> write(const std::string& name, std::string_view text) const;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  private_folder(std::string path, base::unique_fd folder) : path_(std::move(path)), folder_(std::move(folder)) {}
  std::string path_;
  base::unique_fd folder_;
};

struct named_text {
  std::string name;
  std::string_view text;
};

/// Makes the folder (0700) with these files (0600) in one step, and the folders above it, on the disk when this returns. Of several
/// programs that do so at once, one wins, and to the others its folder is as good as theirs.
[[nodiscard]] std::expected<void, error> make_private_folder(const std::string& path, std::span<const named_text> files);

}  // namespace parley::tls
