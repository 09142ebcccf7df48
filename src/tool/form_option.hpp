// What --form says.
#pragma once

#include "tool/arguments.hpp"

#include <parley/form_content.hpp>

#include <memory>
#include <string>
#include <vector>

namespace parley::tool {

/// One `NAME=VALUE`, taken apart.
struct form_option {
  enum class kind { text, file, content };
  kind what = kind::text;
  std::string name, value, type, filename;
};

/// Throws `refusal`.
[[nodiscard]] form_option parse_form_option(const std::string& written);

/// What --form and --form-string say, in the order in which it was given, since servers look for some fields before files; null
/// when there is nothing. Throws `refusal`, for files that cannot be read too.
[[nodiscard]] std::shared_ptr<const form_content> make_form(const std::vector<given_value>& forms);

}  // namespace parley::tool
