// Somebody with a browser: keeps cookies, and sends the forms of pages with their hidden fields.
#pragma once

#include "demo/support.hpp"
#include "support/html_check.hpp"

#include <parley/uri.hpp>

#include <gtest/gtest.h>

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace demo_test {

class visitor {
 public:
  using values = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  explicit visitor(site& of) : site_(of) {}

  parley::response get(std::string_view path) {
    parley::request req(parley::method::get, "http://localhost:8080" + std::string(path));
    return ask(std::move(req));
  }
  /// Sends the form of the last page whose hidden fields it has, with these values.
  parley::response post(std::string_view path, values typed) {
    std::vector<parley::query_parameters::parameter> pairs;
    for (const auto& [name, value] : hidden_) pairs.push_back({name, value});
    for (const auto& [name, value] : typed) pairs.push_back({std::string(name), std::string(value)});
    return post_raw(path, parley::form_encode(pairs), "application/x-www-form-urlencoded");
  }
  parley::response post_raw(std::string_view path, std::string content, std::string_view type) {
    parley::request req(parley::method::post, "http://localhost:8080" + std::string(path));
    req.content(std::move(content), type);
    return ask(std::move(req));
  }

  std::map<std::string, std::string, std::less<>> cookies;
  /// Of the last page.
  std::map<std::string, std::string, std::less<>>& hidden() { return hidden_; }
  std::string page;

 private:
  parley::response ask(parley::request req) {
    std::string brought;
    for (const auto& [name, value] : cookies) brought += (brought.empty() ? "" : "; ") + name + "=" + value;
    if (!brought.empty()) req.header("Cookie", brought);
    req.header("Accept", "text/html,*/*;q=0.8");
    parley::response answer = site_.app.handle(std::move(req));
    for (const std::string_view set : answer.fields().get_all("Set-Cookie")) keep(set);
    page = std::string(answer.content());
    if (holds(answer.header("Content-Type"), "text/html")) {
      EXPECT_EQ(html_fault(page), "") << page;
      read_hidden();
    }
    return answer;
  }
  void keep(std::string_view set) {
    const auto pair = set.substr(0, set.find(';'));
    const auto sign = pair.find('=');
    const std::string name(pair.substr(0, sign));
    if (holds(set, "Max-Age=0") || sign + 1 == pair.size()) {
      cookies.erase(name);
    } else {
      cookies[name] = std::string(pair.substr(sign + 1));
    }
  }
  void read_hidden() {
    hidden_.clear();
    constexpr std::string_view begin = "<input type=\"hidden\" name=\"";
    for (std::size_t at = 0; (at = page.find(begin, at)) != page.npos;) {
      at += begin.size();
      const std::string name = page.substr(at, page.find('"', at) - at);
      const auto value = page.find("value=\"", at) + 7;
      std::string text = page.substr(value, page.find('"', value) - value);
      for (std::size_t amp = 0; (amp = text.find("&amp;", amp)) != text.npos; ++amp) text.replace(amp, 5, "&");
      hidden_[name] = std::move(text);
    }
  }

  site& site_;
  std::map<std::string, std::string, std::less<>> hidden_;
};

}  // namespace demo_test
