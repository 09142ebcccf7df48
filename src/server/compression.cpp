#include "server/compression.hpp"

#include "base/ascii.hpp"
#include "coding/encoder.hpp"
#include "semantics/conditional.hpp"
#include "semantics/fields_access.hpp"
#include "semantics/negotiation.hpp"
#include "server/served_file.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace parley {

namespace {

coding::content_coding codes_with(std::string_view name) {
  const auto known = coding::coding_named(name);
  if (!known || *known == coding::content_coding::deflate) {
    throw std::invalid_argument("parley: \"" + std::string(name) + "\" is no coding to compress with; use br, zstd or gzip");
  }
  return *known;
}

}  // namespace

compression_options::compression_options()
    : codings_{"br", "zstd", "gzip"}, types_{"text/*",
                                             "application/json",
                                             "application/*+json",
                                             "application/javascript",
                                             "application/xml",
                                             "application/*+xml",
                                             "application/wasm",
                                             "application/manifest+json",
                                             "application/yaml",
                                             "application/toml",
                                             "application/x-tar",
                                             "image/svg+xml",
                                             "image/vnd.microsoft.icon",
                                             "image/bmp",
                                             "font/ttf",
                                             "font/otf"} {}

compression_options& compression_options::codings(std::initializer_list<std::string_view> favourites_first) {
  return codings(std::vector<std::string>(favourites_first.begin(), favourites_first.end()));
}

compression_options& compression_options::codings(const std::vector<std::string>& favourites_first) {
  std::vector<std::string> checked;
  for (const std::string& name : favourites_first) checked.emplace_back(coding::name_of(codes_with(name)));
  codings_ = std::move(checked);
  return *this;
}

compression_options& compression_options::level(std::string_view coding, int value) {
  std::string name(coding::name_of(codes_with(coding)));
  std::erase_if(levels_, [&](const chosen_level& each) { return each.coding == name; });
  levels_.push_back({std::move(name), value});
  return *this;
}

compression_options& compression_options::minimum(std::size_t bytes) {
  minimum_ = bytes;
  return *this;
}

compression_options& compression_options::types(std::vector<std::string> all) {
  types_ = std::move(all);
  return *this;
}

compression_options& compression_options::at_once(std::size_t answers) {
  at_once_ = answers;
  return *this;
}

std::optional<int> compression_options::level(std::string_view coding) const {
  for (const chosen_level& each : levels_) {
    if (each.coding == coding) return each.value;
  }
  return std::nullopt;
}

namespace server_room {

namespace {

thread_local compressor* this_loops_compressor = nullptr;

constexpr std::size_t as_it_is = 4;
constexpr std::size_t kept_overhead = 1024;

// `application/*+json` is all with that suffix, `text/*` all of the type.
bool type_matches(std::string_view pattern, std::string_view type) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return base::iequals(pattern, type);
  const std::string_view front = pattern.substr(0, star);
  const std::string_view back = pattern.substr(star + 1);
  return type.size() >= front.size() + back.size() && base::iequals(type.substr(0, front.size()), front) &&
         base::iequals(type.substr(type.size() - back.size()), back);
}

std::shared_ptr<const served_file> coded_now(const served_file& file, const compression_settings::offer& how) {
  return in_coding(file, how.coding, coding::encode_whole(how.coding, file.bytes, how.level),
                   semantics::coded_tag(file.entity_tag, how.coding));
}

}  // namespace

compression_settings::compression_settings(const compression_options& from)
    : types(from.types()), minimum(from.minimum()), at_once(from.at_once()) {
  for (const std::string& name : from.codings()) {
    const auto which = codes_with(name);
    offers.push_back({which, from.level(name)});
    names.push_back(coding::name_of(which));
  }
  names.push_back("identity");
}

bool compression_settings::takes(std::string_view content_type) const {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (!type.empty() && base::is_ows(type.back())) type.remove_suffix(1);
  if (type.empty() || base::iequals(type, "text/event-stream")) return !type.empty();
  return std::ranges::any_of(types, [&](const std::string& pattern) { return type_matches(pattern, type); });
}

bool refuses_identity(const request& req) {
  using detail::fields_access;
  const fields& lines = req.fields();
  const std::size_t count = fields_access::count(lines, semantics::field_id::accept_encoding);
  if (count == 0) return false;
  static constexpr std::array<std::string_view, 1> identity{"identity"};
  // Without a 0 nobody says q=0: nearly all requests.
  const auto refuses = [](std::string_view value) {
    return value.find('0') != value.npos && !semantics::preferred_coding(value, true, identity);
  };
  return count == 1 ? refuses(req.header("Accept-Encoding")) : refuses(lines.joined("Accept-Encoding"));
}

std::optional<std::size_t> choose_coding(const request& req, std::span<const std::string_view> offers) {
  using detail::fields_access;
  const fields& lines = req.fields();
  const std::size_t count = fields_access::count(lines, semantics::field_id::accept_encoding);
  if (count == 0) return std::nullopt;  // it allows all by RFC 9110 §12.5.3, but most who say nothing decode nothing
  // A part of the content as it is would be another part in a coding.
  if (fields_access::find(lines, semantics::field_id::range) != nullptr && !refuses_identity(req)) return std::nullopt;
  const auto choice = count == 1 ? semantics::preferred_coding(req.header("Accept-Encoding"), true, offers)
                                 : semantics::preferred_coding(lines.joined("Accept-Encoding"), true, offers);
  if (!choice || *choice + 1 == offers.size()) return std::nullopt;
  return choice;
}

const compression_settings::offer* compression_settings::choose(const request& req) const {
  const auto choice = choose_coding(req, names);
  return choice ? &offers[*choice] : nullptr;
}

std::optional<int> compression_settings::level_of(coding::content_coding which) const {
  for (const offer& each : offers) {
    if (each.coding == which) return each.level;
  }
  return std::nullopt;
}

compressor::~compressor() {
  if (this_loops_compressor == this) this_loops_compressor = nullptr;
}

compressor* compressor::current() {
  compressor* const here = this_loops_compressor;
  return here != nullptr && here->settings_ != nullptr ? here : nullptr;
}

void compressor::make_current() { this_loops_compressor = this; }

std::shared_ptr<void> compressor::enter() {
  if (settings_ == nullptr || *under_way_ >= settings_->at_once) {
    ++refused_;
    return nullptr;
  }
  ++*under_way_;
  // The count outlives this: answers may be given up later than their loop.
  return {under_way_.get(), [count = under_way_](void*) { --*count; }};
}

compressor::variants& compressor::variants_of(const std::shared_ptr<const served_file>& file) {
  const auto at = kept_.find(file.get());
  if (at != kept_.end()) return at->second;
  const std::size_t cost = file->bytes.size() + kept_overhead;
  make_room(cost);
  bytes_ += cost;
  variants& made = kept_[file.get()];
  made.file = file;
  const fields& said = file->lines.fields;
  made.possible = !file->bytes.empty() && !file->entity_tag.empty() && said.get("Content-Encoding") == std::nullopt &&
                  said.get("Cache-Control").value_or("").find("no-transform") == std::string_view::npos;
  made.worth_it = settings_->worth_it(said.get("Content-Type").value_or(""), file->bytes.size());
  return made;
}

// All at once: a loop that serves more files than it has room for is no worse off than with an order of their use.
void compressor::make_room(std::size_t bytes) {
  if (bytes_ + bytes <= most_bytes_) return;
  kept_.clear();
  bytes_ = 0;
}

const std::shared_ptr<const served_file>& compressor::variant(const request& req, const std::shared_ptr<const served_file>& file) {
  if (settings_ == nullptr) return file;
  variants* known = &variants_of(file);
  if (!known->possible || (!known->worth_it && !refuses_identity(req))) return file;
  const auto* const choice = settings_->choose(req);
  const std::size_t slot = choice != nullptr ? static_cast<std::size_t>(choice->coding) : as_it_is;
  if (known->coded[slot] != nullptr) return known->coded[slot];
  auto made = choice != nullptr ? coded_now(*file, *choice) : with_vary(*file);
  const std::size_t cost = made->bytes.size() + kept_overhead;
  make_room(cost);
  bytes_ += cost;
  known = &variants_of(file);  // it may have gone to make room
  known->coded[slot] = std::move(made);
  return known->coded[slot];
}

}  // namespace server_room
}  // namespace parley
