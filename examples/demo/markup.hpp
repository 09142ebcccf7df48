// HTML from templates, escaped by construction.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace demo {

class slot;

/// Text that is HTML already. Only `fill` makes it, so whatever came from outside has been escaped on its way in.
class markup {
 public:
  markup() = default;
  [[nodiscard]] const std::string& text() const { return text_; }
  markup& operator+=(const markup& more) {
    text_ += more.text_;
    return *this;
  }

 private:
  friend markup fill(std::string_view page, std::initializer_list<slot> values);
  std::string text_;
};

/// A name in a template and what is to stand there: text, which is escaped, or markup, which is not. Both must outlive the call.
class slot {
 public:
  slot(std::string_view name, std::string_view text) : name_(name), text_(text), escape_(true) {}
  slot(std::string_view name, const markup& ready) : name_(name), text_(ready.text()), escape_(false) {}

 private:
  friend markup fill(std::string_view page, std::initializer_list<slot> values);
  std::string_view name_;
  std::string_view text_;
  bool escape_;
};

/// Puts values into a template, where `{{name}}` stands for one, in element content or within a quoted attribute.
/// Throws `std::logic_error` when the template names a value that is not given.
[[nodiscard]] markup fill(std::string_view page, std::initializer_list<slot> values);

}  // namespace demo
