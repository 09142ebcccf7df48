#include <parley/form.hpp>

#include "base/ascii.hpp"
#include "base/number.hpp"
#include "connection/message_access.hpp"
#include "semantics/content_disposition.hpp"
#include "server/form_builder.hpp"
#include "server/spool.hpp"
#include "server/web_context.hpp"

#include <charconv>
#include <cstdint>
#include <system_error>
#include <utility>

namespace parley {

namespace {

using detail::form_access;
using detail::request_access;

problem_error no_room() { return problem_error(507, "There is no room on the disk for this upload; nothing of it was kept."); }

// What the disk said, for the client where it is about room.
[[noreturn]] void rethrow_disk(const std::system_error& e) {
  if (detail::is_full(e.code().value())) throw no_room();
  throw std::system_error(e);
}

void count_refusal(const request& req, int status) {
  detail::web_context* const web = request_access::web(req);
  if (web == nullptr) return;
  auto& counted = web->counted;
  if (status == 507) {
    detail::web_context::add(counted.forms_full);
  } else {
    detail::web_context::add(counted.forms_refused);
    if (status == 413) detail::web_context::add(counted.forms_too_large);
  }
}

task<> write_out(detail::form_builder& building, const std::string& folder) {
  std::shared_ptr<detail::spool> to = form_access::stored(building.current());
  std::string bytes = building.to_write();
  auto work = [to, bytes = std::move(bytes), folder]() mutable {
    if (to == nullptr) to = detail::spool::open(folder);
    to->append(bytes);
    return to;
  };
  auto writing = blocking(std::move(work));
  std::shared_ptr<detail::spool> written = co_await writing;
  form_access::stored(building.current()) = std::move(written);
}

// RFC 9110 §15.5.16. Nothing is decoded here, so that nothing can grow: that is for `request_decoding`.
void require_no_coding(const request& req) {
  const std::string coding = req.fields().joined("Content-Encoding");
  if (coding.empty() || base::iequals(coding, "identity")) return;
  throw problem_error(415, "A form is wanted here as it is, without a content coding.").header("Accept-Encoding", "identity");
}

task<form> read_whole_form(request& req, form_options how) {
  require_no_coding(req);
  detail::form_builder building(req.header("Content-Type"), how, true);
  body_reader content = req.body();
  if (const auto length = content.length(); length && *length > how.total_bytes())
    building.count(static_cast<std::size_t>(*length));
  for (;;) {
    auto reading = content.read();
    std::string_view piece = co_await reading;
    if (piece.empty()) break;
    building.count(piece.size());
    while (building.feed(piece) == detail::form_builder::step::write) {
      auto writing = write_out(building, how.folder());
      co_await writing;
    }
  }
  building.finish();
  co_return building.take();
}

task<form> read_form_of(request& req, form_options how) {
  std::exception_ptr refused;
  try {
    auto reading = read_whole_form(req, std::move(how));
    form made = co_await reading;
    co_return made;
  } catch (const problem_error& e) {
    count_refusal(req, e.what_problem().status());
    throw;
  } catch (const std::system_error& e) {
    if (detail::is_full(e.code().value())) count_refusal(req, 507);
    rethrow_disk(e);
  }
}

}  // namespace

task<form> request::form() { return read_form_of(*this, form_options()); }
task<form> request::form(form_options how) { return read_form_of(*this, std::move(how)); }

form form_of(const request& req, const form_options& how) {
  try {
    require_no_coding(req);
    detail::form_builder building(req.header("Content-Type"), how, false);
    std::string_view content = req.content();
    building.count(content.size());
    building.feed(content);
    building.finish();
    return building.take();
  } catch (const problem_error& e) {
    count_refusal(req, e.what_problem().status());
    throw;
  }
}

// --- a form --------------------------------------------------------------------------------------------------------------------

form::form() = default;
form::form(form&&) noexcept = default;
form& form::operator=(form&&) noexcept = default;
form::~form() = default;

std::optional<std::string_view> form::get(std::string_view name) const {
  for (const form_field& f : fields_) {
    if (f.name == name) return f.value;
  }
  return std::nullopt;
}

std::vector<std::string_view> form::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const form_field& f : fields_) {
    if (f.name == name) values.push_back(f.value);
  }
  return values;
}

std::optional<std::int64_t> form::integer(std::string_view name) const {
  std::string_view text = get(name).value_or(std::string_view());
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  if (text.starts_with('+') && text.size() > 1 && text[1] != '-') text.remove_prefix(1);
  std::int64_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return n;
}

uploaded_file* form::file(std::string_view name) {
  for (uploaded_file& f : files_) {
    if (f.name() == name) return &f;
  }
  return nullptr;
}

// --- a file --------------------------------------------------------------------------------------------------------------------

uploaded_file::uploaded_file() = default;
uploaded_file::uploaded_file(uploaded_file&&) noexcept = default;
uploaded_file& uploaded_file::operator=(uploaded_file&&) noexcept = default;
uploaded_file::~uploaded_file() = default;

std::string uploaded_file::file_name() const { return semantics::safe_file_name(sent_name_); }
int uploaded_file::descriptor() const { return spool_ != nullptr ? spool_->descriptor() : -1; }

task<std::string> uploaded_file::read(std::size_t limit) {
  if (size_ > limit) throw content_too_large(limit);
  if (spool_ == nullptr) co_return content_;
  auto work = [from = spool_, limit] { return from->read(limit); };
  auto reading = blocking(std::move(work));
  std::string bytes = co_await reading;
  co_return bytes;
}

task<> uploaded_file::save(std::string path, unsigned mode) {
  try {
    auto work = [from = spool_, bytes = content_, path = std::move(path), mode] {
      if (from != nullptr) {
        from->save(path, mode);
      } else {
        detail::save_bytes(bytes, path, mode);
      }
    };
    auto saving = blocking(std::move(work));
    co_await saving;
  } catch (const std::system_error& e) {
    rethrow_disk(e);
  }
}

}  // namespace parley
