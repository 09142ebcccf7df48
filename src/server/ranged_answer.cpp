#include "server/ranged_answer.hpp"

#include "base/random.hpp"
#include "connection/message_access.hpp"
#include "semantics/boundary.hpp"
#include "semantics/byteranges.hpp"
#include "semantics/range.hpp"

#include <string>
#include <utility>
#include <variant>

namespace parley::server_room {

namespace {

using detail::file_content;
using detail::response_access;
using detail::shared_content;
using semantics::byte_range;

file_content slice_of(const file_content& file, const byte_range& part) {
  return {file.owner, file.descriptor, file.offset + part.first, part.length()};
}

std::string_view slice_of(std::string_view bytes, const byte_range& part) {
  return bytes.substr(static_cast<std::size_t>(part.first), static_cast<std::size_t>(part.length()));
}

void keep_one(response& r, const byte_range& part) {
  auto& content = response_access::content(r);
  if (auto* file = std::get_if<file_content>(&content)) {
    *file = slice_of(*file, part);
  } else if (auto* shared = std::get_if<shared_content>(&content)) {
    shared->bytes = slice_of(shared->bytes, part);
  } else {
    auto& bytes = std::get<std::string>(content);
    bytes = std::string(slice_of(bytes, part));
  }
}

void keep_several(response& r, const semantics::byteranges& parts) {
  auto& content = response_access::content(r);
  if (const auto* file = std::get_if<file_content>(&content)) {
    detail::parts_content several;
    for (std::size_t i = 0; i < parts.parts().size(); ++i) {
      several.texts.push_back(parts.head(i));
      several.files.push_back(slice_of(*file, parts.parts()[i]));
    }
    several.texts.push_back(parts.end());
    several.length = parts.content_length();
    content = std::move(several);
    return;
  }
  const std::string_view bytes = r.content();
  std::string all;
  all.reserve(static_cast<std::size_t>(parts.content_length()));
  for (std::size_t i = 0; i < parts.parts().size(); ++i) all.append(parts.head(i)).append(slice_of(bytes, parts.parts()[i]));
  all += parts.end();
  content = std::move(all);
}

}  // namespace

std::optional<std::uint64_t> length_in_parts(const response& r) {
  const auto& content = response_access::content(r);
  if (const auto* file = std::get_if<file_content>(&content)) return file->length;
  if (std::holds_alternative<std::string>(content) || std::holds_alternative<shared_content>(content)) return r.content().size();
  return std::nullopt;
}

bool take_ranges(response& r, std::string_view range) {
  const auto length = length_in_parts(r);
  if (!length) return false;
  const auto chosen = semantics::choose_ranges(range, *length);
  if (chosen.answer == semantics::range_answer::whole) return false;
  if (chosen.answer == semantics::range_answer::unsatisfiable) {
    throw problem_error(416, "The content has " + std::to_string(*length) + " bytes, and none of them is asked for.")
        .header("Content-Range", semantics::unsatisfied_range(*length))
        .header("Accept-Ranges", "bytes");
  }
  fields& lines = r.fields();      // from here on its own, and what is shared has its keeper
  lines.remove("Content-Digest");  // RFC 9530 §2: of what is sent, which was all of it
  if (chosen.parts.size() == 1) {
    lines.set("Content-Range", semantics::to_text({.range = chosen.parts.front(), .complete = *length}));
    keep_one(r, chosen.parts.front());
  } else {
    const semantics::byteranges parts(semantics::make_boundary(base::system_random()), std::string(r.header("Content-Type")),
                                      chosen.parts, *length);
    keep_several(r, parts);
    lines.set("Content-Type", parts.content_type());
  }
  r.status(206);
  return true;
}

}  // namespace parley::server_room
