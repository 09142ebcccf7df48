// What all pages share: the frame around them, the policy they are shown under, and small pieces of markup.
#pragma once

#include "markup.hpp"

#include <parley/request.hpp>
#include <parley/response.hpp>

#include <string>
#include <string_view>

namespace demo {

/// A file of assets/. Throws `std::logic_error` when the demo was built without it.
[[nodiscard]] std::string_view asset(std::string_view path);

/// A page of the site: `content` within the frame. `place` is the path that the navigation marks as the present one; empty for none.
[[nodiscard]] parley::response page(const parley::request& req, std::string_view title, std::string_view place,
                                    const markup& content);

/// The same with a script of this site in its head (see assets/live_head.html), which may fetch from this site.
[[nodiscard]] parley::response scripted_page(const parley::request& req, std::string_view title, std::string_view place,
                                             const markup& content, const markup& head);

/// The same as an answer to something that went wrong: nothing is sent ahead for it.
[[nodiscard]] parley::response error_page(const parley::request& req, std::string_view title, const markup& content);

/// The hidden field that lets a form post: another site cannot know it.
[[nodiscard]] markup token_field(const parley::request& req);
[[nodiscard]] markup hidden_field(std::string_view name, std::string_view value);

/// A line about what has happened, and one about what is wrong.
[[nodiscard]] markup notice(std::string_view text);
[[nodiscard]] markup warning(std::string_view text);

/// A line of text in a form, with what is wrong with it; empty: nothing.
struct text_input {
  std::string_view name;
  std::string_view label;
  std::string_view autocomplete;
  std::string_view longest;
};
[[nodiscard]] markup text_field(const text_input& input, std::string_view value, std::string_view fault = {});

/// For commands that people paste into a shell: `http://localhost:8080`, and curl's option for the local authority where it needs one.
[[nodiscard]] std::string shown_authority(const parley::request& req);
[[nodiscard]] std::string shown_origin(const parley::request& req);
[[nodiscard]] std::string_view trust_option(const parley::request& req);

/// `in cleartext`, `encrypted by TLS 1.3`, or `over QUIC, encrypted by its TLS 1.3`.
[[nodiscard]] std::string security_of(const parley::request& req);

}  // namespace demo
