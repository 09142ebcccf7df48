#include "tool/arguments.hpp"

#include "tool/exit_code.hpp"
#include "tool/nearest.hpp"
#include "trace/escape.hpp"

#include <algorithm>
#include <utility>

namespace parley::tool {

std::vector<std::string> split_names(std::string_view names) {
  std::vector<std::string> all;
  while (!names.empty()) {
    const std::size_t comma = std::min(names.find(','), names.size());
    all.emplace_back(names.substr(0, comma));
    names.remove_prefix(std::min(comma + 1, names.size()));
  }
  return all;
}

std::string_view arguments::option::main_name() const {
  const std::size_t at = names.find("--");
  return std::string_view(names).substr(at == std::string::npos ? 0 : at);
}

arguments::arguments(std::string command, std::string positionals, std::string summary)
    : command_(std::move(command)), positionals_(std::move(positionals)), summary_(std::move(summary)) {}

arguments& arguments::group(std::string title) {
  group_ = std::move(title);
  return *this;
}

void arguments::add(std::string names, std::string placeholder, std::string help, decltype(option::target) target) {
  options_.push_back({group_, std::move(names), std::move(placeholder), std::move(help), target});
}

arguments& arguments::flag(std::string names, bool& to, std::string help) {
  add(std::move(names), {}, std::move(help), &to);
  return *this;
}

arguments& arguments::value(std::string names, std::string placeholder, std::optional<std::string>& to, std::string help) {
  add(std::move(names), std::move(placeholder), std::move(help), &to);
  return *this;
}

arguments& arguments::values(std::string names, std::string placeholder, std::vector<std::string>& to, std::string help) {
  add(std::move(names), std::move(placeholder), std::move(help), &to);
  return *this;
}

arguments& arguments::values(std::string names, std::string placeholder, std::vector<given_value>& to, std::string help) {
  add(std::move(names), std::move(placeholder), std::move(help), &to);
  return *this;
}

arguments& arguments::hint(std::string names, std::string sentence) {
  hints_.push_back({std::move(names), std::move(sentence)});
  return *this;
}

arguments& arguments::note(std::string paragraph) {
  notes_.push_back(std::move(paragraph));
  return *this;
}

arguments& arguments::example_line(std::string line, std::string says) {
  examples_.push_back({std::move(line), std::move(says)});
  return *this;
}

const arguments::option* arguments::find(std::string_view name) const {
  const auto at = std::ranges::find_if(options_, [&](const option& o) {
    const auto names = split_names(o.names);
    return std::ranges::find(names, name) != names.end();
  });
  return at == options_.end() ? nullptr : &*at;
}

void arguments::refuse(const std::string& sentence) const { throw refusal(exit_usage, command_ + ": " + sentence); }

void arguments::refuse_unknown(std::string_view word) const {
  std::vector<std::string> known{"--help"};
  for (const option& o : options_) {
    for (std::string& name : split_names(o.names)) {
      if (name.starts_with("--")) known.push_back(std::move(name));
    }
  }
  const std::string_view name = word.substr(0, word.find('='));
  std::string sentence = "there is no option " + trace::printable(name);
  for (const auto& [names, says] : hints_) {
    const auto all = split_names(names);
    if (std::ranges::find(all, name) != all.end()) refuse(sentence + "; " + says);
  }
  const std::string_view meant = word.starts_with("--") ? nearest(word, known) : std::string_view();
  sentence += meant.empty() ? "" : "; did you mean " + std::string(meant) + "?";
  refuse(sentence + (meant.empty() ? "; " : " ") + "parley " + command_ + " --help lists them");
}

namespace {

/// `text` in lines of at most `width` columns, all but the first behind `indent` blanks.
std::string wrapped(std::string_view text, std::size_t width, std::size_t indent) {
  std::string out;
  std::size_t used = indent;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t needed = trace::columns(word);
    const bool first = out.empty() || out.ends_with(' ');
    if (!first && used + 1 + needed > width) {
      out.append("\n").append(indent, ' ');
      used = indent;
    } else if (!first) {
      out += ' ';
      ++used;
    }
    out += word;
    used += needed;
  }
  return out;
}

std::string left_column(const arguments::option& o) {
  std::string text;
  for (const std::string& name : split_names(o.names)) text += (text.empty() ? "" : ", ") + name;
  // Long names line up behind the place of a short one.
  if (text.starts_with("--")) text.insert(0, "    ");
  return text + (o.placeholder.empty() ? "" : " " + o.placeholder);
}

}  // namespace

std::string arguments::help(std::size_t width) const {
  constexpr std::size_t left_width = 28;
  std::string out = "parley " + command_ + (positionals_.empty() ? "" : " " + positionals_) + " [OPTIONS]\n\n";
  out += wrapped(summary_, width, 0) + "\n";
  std::string_view group;
  for (const option& o : options_) {
    if (o.group != group || &o == options_.data()) out += "\n" + o.group + "\n";
    group = o.group;
    std::string left = "  " + left_column(o);
    if (left.size() + 2 > left_width) {
      out += left + "\n" + std::string(left_width, ' ');
    } else {
      out += left + std::string(left_width - left.size(), ' ');
    }
    out += wrapped(o.help, width, left_width) + "\n";
  }
  out += "  -h, --help" + std::string(left_width - 12, ' ') + "this text\n";
  for (const std::string& paragraph : notes_) out += "\n" + wrapped(paragraph, width, 0) + "\n";
  if (!examples_.empty()) out += "\nExamples\n";
  for (const example& e : examples_) out += "  " + e.line + "\n      " + wrapped(e.says, width, 6) + "\n";
  return out;
}

}  // namespace parley::tool
