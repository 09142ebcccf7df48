// A form as a handler gets it, and the token that is looked for in it: the same however the content is cut and whether files are written.
// The first byte is the size of the fragments, then comes a line with the Content-Type, then the content.
#include <parley/form.hpp>
#include <parley/response.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "semantics/escape.hpp"
#include "server/form_builder.hpp"
#include "server/token_finder.hpp"

namespace {

using parley::detail::form_builder;
using parley::detail::token_finder;

void require(bool holds) {
  if (!holds) std::abort();
}

// Pieces in memory of exactly their size.
template <class Take>
bool in_pieces(std::string_view content, std::size_t fragment, Take take) {
  for (std::size_t i = 0; i < content.size(); i += fragment) {
    const std::string_view part = content.substr(i, fragment);
    const auto exact = std::make_unique<char[]>(part.size());
    part.copy(exact.get(), part.size());
    if (take(std::string_view(exact.get(), part.size()))) return true;
  }
  return false;
}

parley::form_options caps() {
  parley::form_options how;
  how.fields(12).name_bytes(40).field_bytes(200).text_bytes(500).file_bytes(600).files(3).total_bytes(3000).part_head_bytes(300);
  return how.memory(50);
}

struct made_form {
  std::string names;     // of fields and files
  std::string contents;  // of files
};

/// Nothing where it is refused.
std::optional<made_form> form_in(std::string_view type, std::string_view content, std::size_t fragment, bool writes) {
  const parley::form_options how = caps();
  try {
    form_builder building(type, how, writes);
    std::string written;
    in_pieces(content, fragment, [&](std::string_view bytes) {
      building.count(bytes.size());
      while (building.feed(bytes) == form_builder::step::write) {
        require(writes);
        const std::string more = building.to_write();
        require(more.size() <= building.current().size());
        written += more;
      }
      return false;
    });
    building.finish();
    const parley::form sent = building.take();
    made_form made;
    std::size_t text = 0;
    std::uint64_t sizes = 0;
    for (const auto& f : sent.fields()) {
      require(parley::semantics::is_utf8(f.name) && parley::semantics::is_utf8(f.value));
      text += f.value.size();
      made.names += f.name + "=" + f.value + "\n";
    }
    std::size_t in_memory = 0;
    for (const auto& f : sent.files()) {
      require(f.size() <= how.file_bytes() && parley::semantics::is_utf8(f.sent_name()));
      const std::string safe = f.file_name();
      require(!safe.empty() && safe.find('/') == std::string::npos && safe.front() != '.');
      made.names += f.name() + ":" + f.sent_name() + ":" + f.content_type() + ":" + std::to_string(f.size()) + "\n";
      made.contents += f.content();
      in_memory += f.content().size();
      sizes += f.size();
    }
    require(sent.fields().size() + sent.files().size() <= how.fields() && sent.files().size() <= how.files());
    require(text <= 3 * how.text_bytes());  // windows-1252 becomes up to three bytes
    require(in_memory + written.size() == sizes && (!writes || in_memory <= how.memory()));
    // With one file it is all in one place.
    if (!written.empty() && made.contents.empty()) made.contents = written;
    return made;
  } catch (const parley::problem_error& e) {
    require(e.what_problem().status() >= 400 && e.what_problem().status() < 500);
    return std::nullopt;
  }
}

void check_form(std::string_view type, std::string_view content, std::size_t fragment) {
  const auto whole = form_in(type, content, std::max<std::size_t>(content.size(), 1), false);
  for (const bool writes : {false, true}) {
    const auto again = form_in(type, content, fragment, writes);
    require(again.has_value() == whole.has_value());
    if (again) require(again->names == whole->names && again->contents.size() <= whole->contents.size());
    if (again && !writes) require(again->contents == whole->contents);
  }
}

std::optional<std::string> token_in(std::string_view type, std::string_view content, std::size_t fragment) {
  token_finder finder(type, "token");
  bool found = in_pieces(content, fragment, [&](std::string_view bytes) { return finder.feed(bytes); });
  if (!found) found = finder.end();
  if (!found) return std::nullopt;
  return finder.token();
}

void check_token(std::string_view type, std::string_view content, std::size_t fragment) {
  const auto whole = token_in(type, content, std::max<std::size_t>(content.size(), 1));
  const auto cut = token_in(type, content, fragment);
  // What is broken behind it is not seen by who reads no further; else both find the same, or a wrong one that is as long as no token.
  if (!whole) return;
  require(cut.has_value());
  if (whole->size() <= token_finder::digits) require(cut == whole);
  if (whole->size() > token_finder::digits) require(cut->size() > token_finder::digits);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::size_t fragment = 1 + data[0] % 40;
  const std::size_t line = std::min(text.find('\n'), text.size());
  const std::string_view type = text.substr(0, line);
  const std::string_view content = text.substr(std::min(line + 1, text.size()));
  check_form(type, content, fragment);
  check_token(type, content, fragment);
  return 0;
}
