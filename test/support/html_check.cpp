#include "support/html_check.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <vector>

namespace demo_test {
namespace {

constexpr std::array<std::string_view, 6> void_elements{"meta", "link", "img", "br", "hr", "input"};
constexpr std::array<std::string_view, 7> references{"&amp;", "&lt;", "&gt;", "&quot;", "&#39;", "&nbsp;", "&apos;"};
constexpr std::array<std::string_view, 9> no_paragraph_holds{"p", "div", "ul", "ol", "pre", "h1", "h2", "figure", "section"};

class checker {
 public:
  checker(std::string_view page, bool own_style) : rest_(page), own_style_(own_style) {}

  std::string run() {
    constexpr std::string_view doctype = "<!DOCTYPE html>\n";
    if (!rest_.starts_with(doctype)) return "it does not begin with the doctype";
    rest_.remove_prefix(doctype.size());
    while (!rest_.empty() && fault_.empty()) {
      const auto open = rest_.find('<');
      text(rest_.substr(0, open));
      if (open == rest_.npos) break;
      rest_.remove_prefix(open + 1);
      if (rest_.starts_with('/')) {
        end_tag();
      } else {
        start_tag();
      }
    }
    if (fault_.empty() && !open_.empty()) fail("<" + open_.back() + "> is not closed");
    for (const char* once : {"html", "head", "title", "body", "main", "h1"}) {
      if (fault_.empty() && std::ranges::count(seen_, once) != 1) fail("there is not one <" + std::string(once) + ">");
    }
    return fault_;
  }

 private:
  void fail(std::string why) {
    if (fault_.empty()) fault_ = std::move(why) + ", before: " + std::string(rest_.substr(0, 60));
  }

  void text(std::string_view piece) {
    for (std::size_t at = 0; (at = piece.find_first_of("&>", at)) != piece.npos; ++at) {
      const std::string_view here = piece.substr(at);
      const bool known = std::ranges::any_of(references, [&](std::string_view r) { return here.starts_with(r); });
      if (!known) fail("a bare " + std::string(here.substr(0, 1)));
    }
  }

  std::string_view take_name() {
    const auto end = std::min(rest_.find_first_of(" \t\n>=/\"'<"), rest_.size());
    const std::string_view name = rest_.substr(0, end);
    if (name.empty()) fail("a name is missing");
    rest_.remove_prefix(end);
    return name;
  }

  void start_tag() {
    const std::string name(take_name());
    std::set<std::string_view> attributes;
    while (fault_.empty() && rest_.starts_with(' ')) {
      rest_.remove_prefix(1);
      const std::string_view attribute = take_name();
      if (!attributes.insert(attribute).second) fail("the attribute " + std::string(attribute) + " is there twice");
      if (!rest_.starts_with("=\"")) return fail("the attribute " + std::string(attribute) + " has no quoted value");
      rest_.remove_prefix(2);
      const std::string_view value = rest_.substr(0, rest_.find('"'));
      if (value.size() == rest_.size()) return fail("a quote is not closed");
      text(value);
      rest_.remove_prefix(value.size() + 1);
      if (attribute == "id" && !ids_.insert(value).second) fail("the id " + std::string(value) + " is there twice");
      if (attribute.starts_with("on") || attribute == "style")
        fail("the attribute " + std::string(attribute) + " breaks the policy");
    }
    if (!rest_.starts_with('>')) return fail("<" + name + " is not ended by >");
    rest_.remove_prefix(1);
    if (name == "img" && (!attributes.contains("alt") || !attributes.contains("src"))) fail("an image without alt or src");
    if (name == "html" && !attributes.contains("lang")) fail("no language");
    const bool own_script = name == "script" && attributes.contains("src") && rest_.starts_with("</script>");
    if ((name == "script" && !own_script) || (name == "style" && !own_style_)) fail("<" + name + "> breaks the policy");
    nested(name);
    seen_.push_back(name);
    if (std::ranges::find(void_elements, name) == void_elements.end()) open_.push_back(name);
  }

  void nested(const std::string& name) {
    const std::string parent = open_.empty() ? "" : open_.back();
    if ((parent == "ul" || parent == "ol") != (name == "li")) fail("<" + name + "> within <" + parent + ">");
    const bool in_paragraph = std::ranges::find(open_, "p") != open_.end();
    if (in_paragraph && std::ranges::find(no_paragraph_holds, name) != no_paragraph_holds.end()) fail("<" + name + "> within <p>");
    if (name == "a" && std::ranges::find(open_, "a") != open_.end()) fail("a link within a link");
  }

  void end_tag() {
    rest_.remove_prefix(1);
    const std::string name(take_name());
    if (open_.empty() || open_.back() != name) return fail("</" + name + "> closes what is not open");
    open_.pop_back();
    if (!rest_.starts_with('>')) return fail("</" + name + " is not ended by >");
    rest_.remove_prefix(1);
  }

  std::string_view rest_;
  bool own_style_;
  std::vector<std::string> open_;
  std::vector<std::string> seen_;
  std::set<std::string_view> ids_;
  std::string fault_;
};

}  // namespace

std::string html_fault(std::string_view page, bool own_style) { return checker(page, own_style).run(); }

}  // namespace demo_test
