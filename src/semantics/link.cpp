#include "semantics/link.hpp"

#include <algorithm>
#include <utility>

#include "base/ascii.hpp"
#include "semantics/content_disposition.hpp"
#include "semantics/escape.hpp"

namespace parley::semantics {

namespace {

// Appendix B.3 and B.4 over one value.
class link_reader {
 public:
  explicit link_reader(std::string_view text) : rest_(text) {}

  bool next(link_value& out) {
    skip_blanks();
    while (rest_.starts_with(',')) {
      rest_.remove_prefix(1);
      skip_blanks();
    }
    if (!rest_.starts_with('<')) return false;
    const std::size_t end = rest_.find('>');
    if (end == rest_.npos) return false;
    out.target = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    while (take_parameter()) {
      if (parameters_.size() > max_link_parameters) return false;
    }
    settle(out);
    return rest_.empty() || rest_[0] == ',';
  }

 private:
  struct read_parameter {
    std::string name;
    std::string value;
    bool extended;
  };

  void skip_blanks() {
    while (!rest_.empty() && base::is_ows(rest_[0])) rest_.remove_prefix(1);
  }
  std::string take_until(std::string_view set) {
    const std::string_view text = rest_.substr(0, rest_.find_first_of(set));
    rest_.remove_prefix(text.size());
    return std::string(text);
  }
  std::string take_quoted() {
    std::string text;
    rest_.remove_prefix(1);
    while (!rest_.empty()) {
      const char c = rest_[0];
      rest_.remove_prefix(1);
      if (c == '"') break;
      if (c != '\\') {
        text += c;
      } else if (!rest_.empty()) {
        text += rest_[0];
        rest_.remove_prefix(1);
      }
    }
    return text;
  }
  bool take_parameter() {
    skip_blanks();
    if (!rest_.starts_with(';')) return false;
    rest_.remove_prefix(1);
    skip_blanks();
    read_parameter one{base::to_lower(take_until(" \t=;,")), {}, false};
    skip_blanks();
    if (rest_.starts_with('=')) {
      rest_.remove_prefix(1);
      skip_blanks();
      one.value = rest_.starts_with('"') ? take_quoted() : std::string(base::trim_ows(take_until(";,")));
    }
    one.extended = one.name.size() > 1 && one.name.back() == '*';
    if (one.extended) {
      const auto decoded = decode_extended(one.value);
      if (!decoded) return true;
      one.value = *decoded;
      one.name.pop_back();
    }
    if (!one.name.empty()) parameters_.push_back(std::move(one));
    return true;
  }
  void settle(link_value& out) {
    bool related = false;
    for (auto& one : parameters_) {
      if (one.name == "rel") {
        if (!std::exchange(related, true)) split_relations(one.value, out.relations);
        continue;
      }
      const bool overruled = !one.extended && std::any_of(parameters_.begin(), parameters_.end(), [&](const read_parameter& other) {
        return other.extended && other.name == one.name;
      });
      const bool once = one.name == "anchor" || one.name == "media" || one.name == "title" || one.name == "type";
      if (overruled || (once && out.get(one.name) != nullptr)) continue;
      out.parameters.push_back({one.name, one.value});
    }
    parameters_.clear();
  }
  static void split_relations(std::string_view text, std::vector<std::string>& out) {
    while (true) {
      text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
      if (text.empty() || out.size() == max_link_parameters) return;
      const std::string_view one = text.substr(0, text.find_first_of(" \t"));
      out.push_back(base::to_lower(one));
      text.remove_prefix(one.size());
    }
  }

  std::string_view rest_;
  std::vector<read_parameter> parameters_;
};

bool is_ascii_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

bool append_link_parameter(std::string& out, std::string_view name, std::string_view value) {
  if (!base::is_token(name) || name.ends_with('*')) return false;
  out.append("; ").append(name);
  if (!is_ascii_text(value)) {
    if (!is_utf8(value) || std::any_of(value.begin(), value.end(), [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; }))
      return false;
    out.append("*=").append(encode_extended(value));
    return true;
  }
  out += "=\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
  return true;
}

}  // namespace

const std::string* link_value::get(std::string_view name) const {
  for (const auto& p : parameters) {
    if (p.name == name) return &p.value;
  }
  return nullptr;
}

bool link_value::has_relation(std::string_view relation) const {
  return std::any_of(relations.begin(), relations.end(), [&](const std::string& one) { return base::iequals(one, relation); });
}

std::vector<link_value> parse_links(std::string_view value) {
  std::vector<link_value> links;
  link_reader reader(value);
  while (links.size() < max_links) {
    link_value one;
    const bool whole = reader.next(one);
    // What ends in a fault is left out with all that follows.
    if (!whole) break;
    links.push_back(std::move(one));
  }
  return links;
}

std::optional<std::string> to_text(const link_value& link) {
  const bool good =
      std::all_of(link.target.begin(), link.target.end(), [](char c) { return c > 0x20 && c < 0x7f && c != '<' && c != '>'; });
  if (!good) return std::nullopt;
  std::string text = "<" + link.target + ">";
  std::string relations;
  for (const std::string& one : link.relations) {
    if (one.empty() || one.find_first_of(" \t") != one.npos || !is_ascii_text(one)) return std::nullopt;
    if (!relations.empty()) relations += ' ';
    relations += one;
  }
  if (!relations.empty() && !append_link_parameter(text, "rel", relations)) return std::nullopt;
  for (const auto& p : link.parameters) {
    if (!append_link_parameter(text, p.name, p.value)) return std::nullopt;
  }
  return text;
}

}  // namespace parley::semantics
