#include "semantics/fields_access.hpp"

#include <gtest/gtest.h>

#include <string>

#include "semantics/allocation_count.hpp"
#include "semantics/message_head.hpp"

namespace parley::semantics {
namespace {

using access = parley::detail::fields_access;

// A head as a parser takes it over: names and values where they stand in the text.
fields assigned(std::string_view text) {
  std::vector<parley::detail::field_slot> slots;
  for (std::size_t line = text.find('\n') + 1; line < text.size(); line = text.find('\n', line) + 1) {
    const std::size_t colon = text.find(':', line);
    const std::size_t end = text.find('\n', line);
    const auto id = find_field_name(text.substr(line, colon - line));
    slots.push_back({static_cast<std::uint32_t>(line), static_cast<std::uint32_t>(colon + 1),
                     static_cast<std::uint32_t>(end - colon - 1), static_cast<std::uint16_t>(colon - line),
                     static_cast<std::uint16_t>(id)});
  }
  fields f;
  access::assign(f, text, slots);
  return f;
}

TEST(fields_access, takes_a_head_over_with_its_offsets) {
  const fields f = assigned("GET /a HTTP/1.1\nHost:h\nX-Y:1\nAccept:*/*\n");
  EXPECT_EQ(access::view(f, {4, 2}), "/a");
  ASSERT_EQ(f.size(), 3u);
  EXPECT_EQ(f.get("host"), "h");
  EXPECT_EQ(f.get("x-y"), "1");
  EXPECT_EQ(access::get(f, field_id::accept), "*/*");
  EXPECT_EQ(access::get(f, field_id::age), "");
  EXPECT_EQ(access::find(f, field_id::age), nullptr);
  EXPECT_EQ(access::count(f, field_id::host), 1u);
  EXPECT_EQ(f[2].name, "Accept");
}

TEST(fields_access, what_is_stored_keeps_its_offset_through_growth_copy_and_removal) {
  request_head head;
  head.target_ref = access::store(head.fields, "/target");
  head.path_ref = head.target_ref;
  for (int i = 0; i < 500; ++i) head.fields.add("x-" + std::to_string(i), std::string(30, 'v'));
  head.fields.remove("x-7");
  EXPECT_EQ(head.target(), "/target");
  const request_head copy = head;
  EXPECT_EQ(copy.path(), "/target");
  EXPECT_EQ(copy.fields.get("x-499"), std::string(30, 'v'));
  const request_head moved = std::move(head);
  EXPECT_EQ(moved.target(), "/target");
  EXPECT_EQ(moved.authority(), "");
  EXPECT_EQ(request_head().target(), "");
}

TEST(fields_access, what_is_stored_keeps_its_place_while_values_change) {
  request_head head;
  head.fields.add("x-before", "1");
  head.target_ref = access::store(head.fields, "/target");
  access::append(head.fields, field_id::host, "Host", "example.com");
  const auto& host = *access::find(head.fields, field_id::host);
  head.authority_ref = {host.value_offset, host.value_length};
  for (int i = 0; i < 5000; ++i) {
    head.fields.set("host", std::string(static_cast<std::size_t>(i % 90), 'h')).set("x-before", "short").set("x-after", "after");
    ASSERT_EQ(head.target(), "/target");
    ASSERT_EQ(head.authority(), "example.com");
  }
  EXPECT_EQ(head.fields.get("x-after"), "after");
  EXPECT_EQ(head.fields.get("host"), std::string(4999 % 90, 'h'));
}

TEST(fields_access, assigning_replaces_what_was_there) {
  fields f{{"old", "1"}};
  access::assign(f, "", {});
  EXPECT_TRUE(f.empty());
  access::assign(f, "abc", {});
  EXPECT_EQ(access::view(f, {0, 3}), "abc");
  access::reserve(f, 5000, 100);
  EXPECT_TRUE(f.empty());
}

TEST(fields_access, appends_known_lines) {
  fields f;
  access::append(f, field_id::date, "date", "now");
  access::append(f, field_id::unknown, "x-a", "");
  EXPECT_EQ(f.get("Date"), "now");
  EXPECT_EQ(f.get("x-a"), "");
  access::truncate(f, 1);
  EXPECT_EQ(f.size(), 1u);
  access::release(f);
  EXPECT_TRUE(f.empty());
}

TEST(fields_access, the_largest_head_of_the_default_limits_fits) {
  std::string text = "GET / HTTP/1.1\n";
  for (int i = 0; i < 100; ++i) text += "x-" + std::to_string(i) + ":" + std::string(640, 'v') + "\n";
  const fields f = assigned(text);
  EXPECT_EQ(f.size(), 100u);
  EXPECT_EQ(f.get("x-99"), std::string(640, 'v'));
}

TEST(fields_access, heads_cost_no_allocation_once_warm) {
  const auto round = [] {
    request_head head;
    access::reserve(head.fields, 400, 10);
    head.target_ref = access::store(head.fields, "/some/path?query");
    access::append(head.fields, field_id::host, "Host", "www.example.com");
    access::append(head.fields, field_id::unknown, "X-Custom", "value");
    request_head moved = std::move(head);
    moved.fields.add("accept", "text/html, application/json").set("accept", "text/plain").set("x-new", "1");
    fields copy = moved.fields;
    copy.remove("host");
    fields grown;
    for (int i = 0; i < 300; ++i) grown.add("server", "a value of some length that makes the block grow to 16 KiB");
    return copy.get("accept") == "text/plain" && grown.contains("Server") && !copy.contains("host");
  };
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(round());
  const std::size_t before = test::allocation_count();
  bool good = true;
  for (int i = 0; i < 1000; ++i) good = round() && good;
  EXPECT_EQ(test::allocation_count() - before, 0u);
  EXPECT_TRUE(good);
}

}  // namespace
}  // namespace parley::semantics
