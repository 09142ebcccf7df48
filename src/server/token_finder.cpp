#include "server/token_finder.hpp"

#include "semantics/form_data.hpp"

#include <parley/media_type.hpp>

#include <utility>

namespace parley::detail {

namespace {

enum class form_kind { none, urlencoded, multipart };
form_kind kind_of_form(std::string_view content_type) {
  const auto type = media_type::parse(content_type);
  if (!type) return form_kind::none;
  if (type->type() == "application" && type->subtype() == "x-www-form-urlencoded") return form_kind::urlencoded;
  return type->type() == "multipart" && type->subtype() == "form-data" ? form_kind::multipart : form_kind::none;
}

}  // namespace

bool token_finder::may_be_in(std::string_view content_type) { return kind_of_form(content_type) != form_kind::none; }

token_finder::token_finder(std::string_view content_type, std::string_view name) : name_(name) {
  const form_kind kind = kind_of_form(content_type);
  if (kind == form_kind::urlencoded) pairs_.emplace();
  if (kind != form_kind::multipart) return;
  const auto boundary = semantics::boundary_of(content_type, "multipart/form-data");
  if (boundary) parts_.emplace(*boundary);
}

bool token_finder::take_pairs() {
  while (auto pair = pairs_->next()) {
    if (pair->name != name_) continue;
    token_ = std::move(pair->value);
    return true;
  }
  return false;
}

bool token_finder::feed_parts(std::string_view bytes) {
  for (;;) {
    switch (parts_->next(bytes)) {
      case semantics::multipart_event::head: {
        const auto part = semantics::read_form_part(parts_->head());
        wanted_ = part && part->name == name_ && !part->file_name;
        token_.clear();
        break;
      }
      case semantics::multipart_event::data:
        if (wanted_ && token_.size() <= digits) token_.append(parts_->data());
        break;
      case semantics::multipart_event::part_end:
        if (wanted_) return true;
        break;
      case semantics::multipart_event::need_more:
      case semantics::multipart_event::end:
      case semantics::multipart_event::fault: return false;
    }
  }
}

}  // namespace parley::detail
