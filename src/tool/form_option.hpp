// What --form says.
#pragma once

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

/// All of them, in order, those of --form-string last; null when there are none. Throws `refusal`, for files that cannot be read too.
[[nodiscard]] std::shared_ptr<const form_content> make_form(const std::vector<std::string>& forms,
                                                            const std::vector<std::string>& strings);

}  // namespace parley::tool
