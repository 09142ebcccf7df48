#include <parley/body.hpp>

#include <algorithm>
#include <utility>

namespace parley {

namespace {

// Takes the source, not the reader: a reader is often a temporary that is gone before the coroutine begins.
task<std::string> read_whole_content(detail::body_source* source, std::size_t limit) {
  std::string content;
  if (source == nullptr) co_return content;
  const std::optional<std::uint64_t> announced = source->length();
  if (announced && *announced > limit) throw content_too_large(limit);
  source->keep(static_cast<std::size_t>(std::min<std::uint64_t>(announced.value_or(limit), limit)));
  for (;;) {
    detail::read_operation reading(source);
    const std::string_view piece = co_await reading;
    if (piece.empty()) break;
    if (piece.size() > limit - content.size()) throw content_too_large(limit);
    if (content.empty() && announced) content.reserve(static_cast<std::size_t>(*announced));
    content += piece;
  }
  co_return content;
}

}  // namespace

content_too_large::content_too_large(std::size_t limit)
    : std::runtime_error("parley: the content is larger than the " + std::to_string(limit) + " bytes that are allowed"),
      limit_(limit) {}

task<std::string> body_reader::text(std::size_t limit) { return read_whole_content(source_, limit); }

std::optional<std::uint64_t> body_reader::length() const {
  if (source_ == nullptr) return 0;
  return source_->length();
}

const fields* body_reader::trailers() const { return source_ != nullptr ? source_->trailers() : nullptr; }

}  // namespace parley
