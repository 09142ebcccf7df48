// The only file that includes CLI11, which compiles slowly.
#include "tool/arguments.hpp"
#include "tool/exit_code.hpp"
#include "trace/escape.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>

namespace parley::tool {

/// `--name=value` becomes two words, since CLI11 takes the word behind an empty `--name=` for its value. What an option takes as
/// its value stays as it is.
std::vector<std::string> arguments::separated(const std::vector<std::string>& words) const {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--") {
      out.insert(out.end(), words.begin() + static_cast<std::ptrdiff_t>(i), words.end());
      break;
    }
    const std::size_t equals = word.find('=');
    if (word.starts_with("--") && equals != std::string::npos) {
      const option* known = find(word.substr(0, equals));
      if (known == nullptr && !word.starts_with("--help=")) refuse_unknown(word);
      if (known == nullptr || !known->takes_value()) refuse(word.substr(0, equals) + " takes no value");
      out.push_back(word.substr(0, equals));
      out.push_back(word.substr(equals + 1));
      continue;
    }
    if (equals == 2 && word[0] == '-') {
      const option* flag = find(word.substr(0, 2));
      if (word.starts_with("-h") || (flag != nullptr && !flag->takes_value())) refuse(word.substr(0, 2) + " takes no value");
    }
    out.push_back(word);
    // `-d VALUE`, also at the end of a cluster such as `-vd VALUE`.
    const bool cluster = word.size() > 1 && word[0] == '-' && word[1] != '-';
    const option* last = find(cluster ? std::string{'-', word.back()} : word);
    const bool all_flags = !cluster || std::ranges::all_of(word.substr(1, word.size() - 2), [this](char letter) {
      const option* o = find(std::string{'-', letter});
      return o != nullptr && !o->takes_value();
    });
    if (last != nullptr && last->takes_value() && all_flags && i + 1 < words.size()) out.push_back(words[++i]);
  }
  return out;
}

std::vector<std::string> arguments::parse(const std::vector<std::string>& words) {
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  const auto take_last = CLI::MultiOptionPolicy::TakeLast;  // so that a flag may be repeated
  app.add_flag_callback("-h,--help", [this] { help_wanted_ = true; })->multi_option_policy(take_last);
  for (option& o : options_) {
    if (auto* flag = std::get_if<bool*>(&o.target)) {
      app.add_flag_callback(o.names, [flag] { **flag = true; })->multi_option_policy(take_last);
      continue;
    }
    // Told of each occurrence by itself, so that a value is never split, joined or taken for a list. Only the first result is
    // the value: newer CLI11 adds a mark of its own behind `{}`.
    const auto take = [&o](const CLI::results_t& results) {
      if (auto* one = std::get_if<std::optional<std::string>*>(&o.target)) **one = results.front();
      if (auto* all = std::get_if<std::vector<std::string>*>(&o.target)) (*all)->push_back(results.front());
      if (auto* ordered = std::get_if<std::vector<given_value>*>(&o.target))
        (*ordered)->push_back({std::string(o.main_name()), results.front()});
      return true;
    };
    app.add_option(o.names, take)->trigger_on_parse();
  }

  const std::vector<std::string> separate = separated(words);
  std::vector<const char*> argv{"parley"};
  for (const std::string& word : separate) argv.push_back(word.c_str());
  try {
    app.parse(static_cast<int>(argv.size()), argv.data());
  } catch (const CLI::ParseError& error) {
    // Options are free of conditions, so all that can be wrong is a value that is missing at the end.
    const option* last = separate.empty() ? nullptr : find(separate.back());
    if (last == nullptr) refuse(trace::printable(error.what()));
    refuse(separate.back() + " needs a value: " + separate.back() + " " + last->placeholder);
  }

  std::vector<std::string> positionals;
  bool options = true;
  for (const std::string& word : app.remaining()) {
    if (options && word == "--") {
      options = false;
    } else if (options && word.size() > 1 && word.starts_with('-')) {
      if (!help_wanted_) refuse_unknown(word);
    } else {
      positionals.push_back(word);
    }
  }
  return positionals;
}

}  // namespace parley::tool
