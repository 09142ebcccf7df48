#include "tool/form_option.hpp"

#include <parley/media_type.hpp>

#include "tool/exit_code.hpp"
#include "tool/option_values.hpp"
#include "trace/escape.hpp"

#include <stdexcept>
#include <string_view>
#include <system_error>

namespace parley::tool {

namespace {

constexpr std::size_t largest_form_input = std::size_t{64} << 20;

[[noreturn]] void refuse_form(const std::string& written, const std::string& why) {
  throw refusal(exit_usage, "--form \"" + trace::printable(written) + "\": " + why);
}

/// Takes a word, in quotes or up to a semicolon.
std::string take_word(std::string_view& rest, const std::string& written) {
  std::string word;
  if (!rest.starts_with('"')) {
    word = rest.substr(0, rest.find(';'));
    rest.remove_prefix(word.size());
    return word;
  }
  std::size_t at = 1;
  while (at < rest.size() && rest[at] != '"') {
    if (rest[at] == '\\' && at + 1 < rest.size()) ++at;
    word += rest[at++];
  }
  if (at >= rest.size()) refuse_form(written, "a quote is not closed");
  rest.remove_prefix(at + 1);
  return word;
}

}  // namespace

form_option parse_form_option(const std::string& written) {
  const std::size_t equals = written.find('=');
  if (equals == std::string::npos || equals == 0) refuse_form(written, "write NAME=VALUE, NAME=@FILE or NAME=<FILE");
  form_option made;
  made.name = written.substr(0, equals);
  std::string_view rest = std::string_view(written).substr(equals + 1);
  if (rest.starts_with('@')) made.what = form_option::kind::file;
  if (rest.starts_with('<')) made.what = form_option::kind::content;
  if (made.what == form_option::kind::text) {
    // A value may have semicolons of its own: only a type at its very end is one.
    const std::size_t type = rest.rfind(";type=");
    if (rest.starts_with('"')) {
      made.value = take_word(rest, written);
    } else {
      made.value = rest.substr(0, type);
      rest.remove_prefix(made.value.size());
    }
  } else {
    rest.remove_prefix(1);
    made.value = take_word(rest, written);
    if (made.value.empty()) refuse_form(written, "a file's name must follow, or - for standard input");
  }
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::size_t mark = std::min(rest.find('='), rest.size());
    const std::string_view name = rest.substr(0, mark);
    if (name != "type" && name != "filename")
      refuse_form(written, "behind a value stand ;type=TYPE and ;filename=NAME and nothing else");
    rest.remove_prefix(std::min(mark + 1, rest.size()));
    (name == "type" ? made.type : made.filename) = take_word(rest, written);
  }
  if (!made.type.empty() && !media_type::parse(made.type))
    refuse_form(written, "\"" + trace::printable(made.type) + "\" is no media type; write one such as ;type=text/plain");
  if (made.what != form_option::kind::file && !made.filename.empty())
    refuse_form(written, ";filename= is for files; write NAME=@FILE");
  return made;
}

namespace {

void add_option(form_content& to, const form_option& one) {
  const bool input = one.value == "-" && one.what != form_option::kind::text;
  if (input) {
    std::string all = read_small_file("-", largest_form_input);
    if (one.what == form_option::kind::content) {
      to.field(one.name, std::move(all), one.type);
    } else {
      to.bytes(one.name, std::move(all), one.filename.empty() ? "-" : one.filename, one.type);
    }
    return;
  }
  switch (one.what) {
    case form_option::kind::text: to.field(one.name, one.value, one.type); return;
    case form_option::kind::file: to.file(one.name, one.value, one.filename, one.type); return;
    case form_option::kind::content: to.field_from(one.name, one.value, one.type); return;
  }
}

}  // namespace

std::shared_ptr<const form_content> make_form(const std::vector<given_value>& forms) {
  if (forms.empty()) return nullptr;
  auto made = std::make_shared<form_content>();
  try {
    for (const auto& [option, written] : forms) {
      if (option == "--form") {
        add_option(*made, parse_form_option(written));
        continue;
      }
      const std::size_t equals = written.find('=');
      if (equals == std::string::npos || equals == 0) throw refusal(exit_usage, "--form-string: write NAME=VALUE");
      made->field(written.substr(0, equals), written.substr(equals + 1));
    }
  } catch (const refusal&) {
    throw;
  } catch (const std::system_error& error) {
    throw refusal(exit_local, error.what());
  } catch (const std::invalid_argument& error) {
    throw refusal(exit_usage, error.what());
  }
  return made;
}

}  // namespace parley::tool
