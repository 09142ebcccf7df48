#include "server/served_file.hpp"

#include <parley/date.hpp>
#include <parley/files.hpp>
#include <parley/request.hpp>

#include "connection/message_access.hpp"
#include "semantics/conditional.hpp"
#include "semantics/vary.hpp"
#include "server/compression.hpp"
#include "server/ranged_answer.hpp"

#include <array>
#include <optional>
#include <span>
#include <utility>

// What a file answers: the coding that suits, preconditions, ranges.

namespace parley::server_room {

namespace {

using std::chrono::system_clock;

// `lines` are those of a 200.
semantics::precondition preconditions(const request& req, semantics::validators of, const fields& lines) {
  if (!semantics::has_preconditions(req.fields())) return semantics::precondition::proceed;
  const auto now = std::chrono::floor<std::chrono::seconds>(system_clock::now());
  of.strong_date = of.modified && semantics::is_strong_date(*of.modified, now) && !semantics::varies_by(lines, "Accept-Encoding");
  const auto result = semantics::evaluate_preconditions(req.method(), req.fields(), of, now);
  if (result == semantics::precondition::failed)
    throw problem_error(412, "The file is not in the state that the request asks for.");
  return result;
}

// Which of the codings that are there suits the client; the index, or nothing.
template <class Siblings, class Coding>
std::optional<std::size_t> choose_sibling(const request& req, const Siblings& siblings, Coding coding_of) {
  std::array<std::string_view, most_siblings + 1> offers;
  std::size_t n = 0;
  for (const auto& each : siblings) offers[n++] = coding::name_of(coding_of(each));
  offers[n++] = "identity";
  return choose_coding(req, std::span(offers).first(n));
}

const std::shared_ptr<const served_file>& selected(const request& req, const std::shared_ptr<const served_file>& file) {
  if (!file->siblings.empty()) {
    if (const auto choice = choose_sibling(req, file->siblings, [](const auto& each) { return each.first; })) {
      return file->siblings[*choice].second;
    }
  }
  compressor* const coder = compressor::current();
  return coder != nullptr ? coder->variant(req, file) : file;
}

bool wants_ranges(const request& req, semantics::precondition result) {
  return result == semantics::precondition::ranges && req.method() == method::get;
}

}  // namespace

std::optional<response> answer_with(const request& req, const std::shared_ptr<const served_file>& whole) {
  using detail::response_access;
  const std::shared_ptr<const served_file>& file = selected(req, whole);
  semantics::validators known{file->entity_tag, file->modified, file->modified_text};
  known.coded = true;
  const auto result = preconditions(req, known, file->lines.fields);
  const bool unchanged = result == semantics::precondition::not_modified;
  std::optional<response> res(std::in_place, unchanged ? 304 : 200);
  if (unchanged) {
    response_access::ready(*res, {file, &file->unchanged});
    return res;
  }
  response_access::ready(*res, {file, &file->lines}, file->bytes);
  if (wants_ranges(req, result) && file->ranges) {
    // What is empty has a length too.
    if (file->bytes.empty()) response_access::content(*res) = detail::shared_content{};
    take_ranges(*res, req.header("Range"));
  }
  return res;
}

response answer_with(const request& req, found_file& found, const file_choices& how) {
  if (found.small) return std::move(*answer_with(req, found.small));
  opened_file* file = &found.large;
  const auto now = system_clock::now();
  const auto modified = said_date(file->modified, now);
  const std::string_view type = media_type_of(found.name);
  std::string_view coding;
  bool varies = !found.siblings.empty();
  if (const auto choice = choose_sibling(req, found.siblings, [](const auto& each) { return each.coding; })) {
    file = &found.siblings[*choice].large;
    coding = coding::name_of(found.siblings[*choice].coding);
  }
  const std::string tag = tag_of_identity(file->identity, now);
  // What is going to be coded on its way (coded_content.hpp) has the tag of the coding.
  std::string tag_sent = tag;
  const compressor* const coder = compressor::current();
  const bool coded_later = coding.empty() && coder != nullptr && file->identity.size != 0 &&
                           (coder->settings()->worth_it(type, file->identity.size) || refuses_identity(req)) &&
                           how.cache_control.find("no-transform") == std::string::npos;
  const auto* const choice = coded_later ? coder->settings()->choose(req) : nullptr;
  varies = varies || coded_later;
  if (choice != nullptr) tag_sent = semantics::coded_tag(tag, choice->coding);
  semantics::validators known{tag_sent, modified};
  known.coded = true;
  response res;
  res.fields() = content_fields(type, format_date(modified), tag, how.cache_control);
  if (varies) semantics::add_vary(res.fields(), "Accept-Encoding");
  const auto result = preconditions(req, known, res.fields());
  if (result == semantics::precondition::not_modified) {
    res.status(304).fields() = unchanged_fields(tag_sent, how.cache_control);
    if (varies) semantics::add_vary(res.fields(), "Accept-Encoding");
    return res;
  }
  if (!coding.empty()) {
    res.fields().set("Content-Encoding", coding);
    res.fields().remove("Accept-Ranges");
  }
  const int descriptor = file->descriptor.get();
  const std::uint64_t size = file->identity.size;
  auto owner = std::make_shared<base::unique_fd>(std::move(file->descriptor));
  detail::response_access::content(res) = detail::file_content{std::move(owner), descriptor, 0, size};
  if (wants_ranges(req, result) && coding.empty() && choice == nullptr) take_ranges(res, req.header("Range"));
  return res;
}

}  // namespace parley::server_room
