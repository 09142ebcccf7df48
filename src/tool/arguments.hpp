// A subcommand's options: declared once, for parsing and for the help text alike, so that the help cannot lie.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace parley::tool {

/// A value, and the option that it was given to: several options share a list of these where their order counts.
struct given_value {
  std::string option;  // as option::main_name says it: `--form`
  std::string value;
};

class arguments {
 public:
  /// One option. A flag has no placeholder.
  struct option {
    std::string group;
    std::string names;        // `-H,--header`
    std::string placeholder;  // `FILE`
    std::string help;
    std::variant<bool*, std::optional<std::string>*, std::vector<std::string>*, std::vector<given_value>*> target;
    [[nodiscard]] bool takes_value() const { return !std::holds_alternative<bool*>(target); }
    /// `--header`, or `-v` where there is no long name.
    [[nodiscard]] std::string_view main_name() const;
  };
  struct example {
    std::string line;
    std::string says;
  };

  /// `command` such as `get`, `positionals` as in the usage line (`URL...`), `summary` a sentence.
  arguments(std::string command, std::string positionals, std::string summary);

  /// The options that follow stand under this title.
  arguments& group(std::string title);
  arguments& flag(std::string names, bool& to, std::string help);
  /// The last one counts when it is given several times.
  arguments& value(std::string names, std::string placeholder, std::optional<std::string>& to, std::string help);
  /// May be given several times.
  arguments& values(std::string names, std::string placeholder, std::vector<std::string>& to, std::string help);
  arguments& values(std::string names, std::string placeholder, std::vector<given_value>& to, std::string help);
  /// What to say to those who try `names`, which are no options: `HTTP/3 is on by itself; --no-http3 switches it off`.
  arguments& hint(std::string names, std::string sentence);
  /// A paragraph below the options.
  arguments& note(std::string paragraph);
  arguments& example_line(std::string line, std::string says);

  /// Sets the targets; gives what is not an option. Throws `refusal` naming the option at fault. Behind `--help`
  /// `help_wanted` is true, and unknown options do not matter.
  std::vector<std::string> parse(const std::vector<std::string>& words);
  [[nodiscard]] bool help_wanted() const { return help_wanted_; }

  /// The whole help text, at most `width` columns.
  [[nodiscard]] std::string help(std::size_t width) const;
  [[nodiscard]] const std::vector<option>& options() const { return options_; }
  [[nodiscard]] const std::string& command() const { return command_; }
  [[nodiscard]] const std::string& positionals() const { return positionals_; }

 private:
  void add(std::string names, std::string placeholder, std::string help, decltype(option::target) target);
  [[noreturn]] void refuse(const std::string& sentence) const;
  [[noreturn]] void refuse_unknown(std::string_view word) const;
  [[nodiscard]] const option* find(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> separated(const std::vector<std::string>& words) const;

  std::string command_, positionals_, summary_, group_;
  std::vector<option> options_;
  std::vector<std::string> notes_;
  std::vector<std::pair<std::string, std::string>> hints_;
  std::vector<example> examples_;
  bool help_wanted_ = false;
};

/// The names in `-H,--header`, one by one.
[[nodiscard]] std::vector<std::string> split_names(std::string_view names);

}  // namespace parley::tool
