// A file as it is sent: its bytes when it is small, its validators, and its field lines made beforehand.
#pragma once

#include "coding/content_coding.hpp"
#include "semantics/ready_lines.hpp"
#include "server/file_access.hpp"

#include <parley/response.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley {
class request;
}

namespace parley::server_room {

/// Up to this size a file is read where it is opened, and may be kept in memory; larger ones are sent from their descriptors.
inline constexpr std::uint64_t small_file = 64 * 1024;

/// What the owner of a folder wants.
struct file_choices {
  std::string index = "index.html";
  std::string cache_control;
  bool listing = false;
  bool precompressed = false;
};

/// How many files may stand beside one, each in a coding of its own.
inline constexpr std::size_t most_siblings = 3;

/// What stands beside a large file in a coding: `style.css.br`.
struct coded_sibling {
  coding::content_coding coding;
  opened_file large;
};

/// A small file, or a page that was made; never changed once it is made. Any thread.
struct served_file {
  std::string path;  // below the root, of the file itself; empty for a page
  file_identity identity;
  bool settled = false;  // a change after this reading has to show in the identity
  std::string bytes;
  std::string entity_tag;
  std::optional<std::chrono::sys_seconds> modified;
  std::string modified_text;
  detail::ready_lines lines;      // of a 200
  detail::ready_lines unchanged;  // of a 304
  bool ranges = true;             // parts of it may be sent
  std::vector<std::pair<coding::content_coding, std::shared_ptr<const served_file>>> siblings = {};
  std::vector<file_identity> beside =
      {};  // of each name that a sibling could have, all 0 where there is none; empty where none was sought
};

/// What became of a name.
struct found_file {
  std::shared_ptr<const served_file> small;
  opened_file large;                         // where `small` is null and `error` is 0
  std::vector<coded_sibling> siblings = {};  // of `large`
  std::string name;                          // the last part of its path, for the type
  int error = 0;                             // errno; EAGAIN with `reach::memory`: it cannot be told without waiting
  bool redirect = false;                     // a folder that was named without its slash
};

/// Whether a later change of the file must get another identity: a file system's clock ticks, and what is written twice within a
/// tick looks the same.
[[nodiscard]] bool is_settled(const file_identity& of, std::chrono::system_clock::time_point now);
/// Strong, from the content: the same for the same bytes on every machine.
[[nodiscard]] std::string tag_of_content(std::string_view bytes);
/// Strong, from the identity. One that is not settled gets a tag that never comes again.
[[nodiscard]] std::string tag_of_identity(const file_identity& of, std::chrono::system_clock::time_point now);

/// RFC 9110 §8.8.2.1: never later than the time of the answer.
[[nodiscard]] std::chrono::sys_seconds said_date(std::chrono::sys_seconds modified, std::chrono::system_clock::time_point now);
/// The field lines of a 200, and of a 304.
[[nodiscard]] fields content_fields(std::string_view type, std::string_view modified, std::string_view tag,
                                    const std::string& cache_control);
[[nodiscard]] fields unchanged_fields(std::string_view tag, const std::string& cache_control);

/// The same file for who takes no coding, where others do; and in a coding, with its bytes and tag.
[[nodiscard]] std::shared_ptr<served_file> with_vary(const served_file& file);
[[nodiscard]] std::shared_ptr<served_file> in_coding(const served_file& file, coding::content_coding with, std::string bytes,
                                                     std::string tag);

/// Whether the file, and what stands beside it, is still as it was read. Nothing: that cannot be told without waiting.
[[nodiscard]] std::optional<bool> is_as_before(int root, const served_file& file);

/// Finds and, when it is small, reads `path` below `root`.
[[nodiscard]] found_file find_file(int root, const std::string& path, const file_choices& how, reach far);
/// The same for an open file, of which `path` is what the type is taken from.
[[nodiscard]] found_file load_file(opened_file file, const std::string& path, const file_choices& how, reach far);

/// The answer: 200, or what the request's preconditions make of it. Throws `problem_error`. That of a kept file is never empty: it is made
/// where `try_at_once` gives it, since moving an answer costs as much as making it.
[[nodiscard]] std::optional<response> answer_with(const request& req, const std::shared_ptr<const served_file>& file);
[[nodiscard]] response answer_with(const request& req, found_file& found, const file_choices& how);

}  // namespace parley::server_room
