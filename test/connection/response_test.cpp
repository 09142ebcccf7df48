#include <parley/response.hpp>

#include "connection/message_access.hpp"
#include "semantics/fields_access.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace {

using parley::response;
using response_glue = parley::detail::response_access;

TEST(response, kinds_of_answers) {
  EXPECT_EQ(parley::text("hello").header("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(parley::html("<p>").header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(parley::html("<p>").content(), "<p>");
  EXPECT_EQ(parley::no_content().status(), 204);
  EXPECT_EQ(parley::redirect("/there").status(), 303);
  EXPECT_EQ(parley::redirect("/there", 308).header("Location"), "/there");
  EXPECT_THROW((void)parley::redirect("/there", 200), std::invalid_argument);
  EXPECT_THROW((void)parley::redirect("/a\r\nSet-Cookie: x=y"), std::invalid_argument);
  const auto trouble = parley::to_response(parley::problem(409).detail("taken"));
  EXPECT_EQ(trouble.status(), 409);
  EXPECT_EQ(trouble.header("Content-Type"), "application/problem+json");
  EXPECT_NE(trouble.content().find("\"taken\""), std::string_view::npos);
  EXPECT_EQ(parley::html_escape("<a b=\"&\">"), "&lt;a b=&quot;&amp;&quot;&gt;");
}

TEST(response, chained_setters) {
  const auto r = parley::text("x").status(201).header("Location", "/1").header("location", "/2");
  EXPECT_EQ(r.status(), 201);
  EXPECT_EQ(r.fields().get_all("Location").size(), 1u);
  EXPECT_EQ(r.header("Location"), "/2");
  EXPECT_EQ(r.header("Absent"), "");
  response other;
  EXPECT_THROW(other.status(99), std::invalid_argument);
  EXPECT_THROW(other.status(199), std::invalid_argument);
  EXPECT_THROW(other.status(600), std::invalid_argument);
  EXPECT_EQ(other.status(), 200);
}

TEST(response, shared_content_is_not_copied) {
  const auto owner = std::make_shared<const std::string>("kept elsewhere");
  response r;
  r.content(*owner, owner, "text/plain");
  EXPECT_EQ(r.content().data(), owner->data());
  EXPECT_EQ(owner.use_count(), 2);
}

TEST(response, streams_and_tunnels_hold_their_functions) {
  const auto streamed = parley::stream([](parley::body_writer&) -> parley::task<> { co_return; }, "text/csv", 5);
  EXPECT_EQ(streamed.header("Content-Type"), "text/csv");
  EXPECT_EQ(std::get<parley::detail::streamed_content>(response_glue::content(streamed)).length, 5u);
  const auto switched = parley::switch_protocols("echo", [](parley::tunnel&) -> parley::task<> { co_return; });
  EXPECT_EQ(switched.status(), 101);
  EXPECT_EQ(switched.header("Upgrade"), "echo");
  EXPECT_TRUE(std::holds_alternative<parley::detail::tunnel_content>(response_glue::content(switched)));
  EXPECT_EQ(parley::accept_tunnel([](parley::tunnel&) -> parley::task<> { co_return; }).status(), 200);
}

TEST(response, comes_from_a_received_head) {
  parley::semantics::response_head head;
  head.status = 404;
  head.version = parley::http1_0;
  head.fields.add("Content-Type", "text/plain");
  head.reason_ref = parley::detail::fields_access::store(head.fields, "Nothing Here");
  const auto r = response_glue::from_head(std::move(head));
  EXPECT_EQ(r.status(), 404);
  EXPECT_EQ(r.version(), parley::http1_0);
  EXPECT_EQ(r.reason(), "Nothing Here");
  EXPECT_EQ(r.header("Content-Type"), "text/plain");
  EXPECT_EQ(response(404).reason(), "Not Found");
}

TEST(response, becomes_a_head_to_send) {
  auto r = parley::text("x").status(418).header("X-Tea", "yes");
  const auto head = response_glue::to_head(std::move(r));
  EXPECT_EQ(head.status, 418);
  EXPECT_EQ(head.fields.get("X-Tea"), "yes");
}

TEST(problem_error, says_what_is_wrong_and_carries_fields) {
  try {
    throw parley::problem_error(503, "the database is locked").header("Retry-After", "5");
  } catch (const parley::problem_error& e) {
    EXPECT_STREQ(e.what(), "the database is locked");
    EXPECT_EQ(e.what_problem().status(), 503);
    EXPECT_EQ(e.fields().get("Retry-After"), "5");
  }
  EXPECT_STREQ(parley::problem_error(404).what(), "Not Found");
}

}  // namespace
