#include <parley/body.hpp>
#include <parley/request.hpp>
#include <parley/response.hpp>

#include "connection/message_access.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <utility>

namespace {

// Pieces that are all there, and an announced length that may lie.
class pieces_source final : public parley::detail::body_source {
 public:
  explicit pieces_source(std::deque<std::string> pieces, std::optional<std::uint64_t> length = {})
      : pieces_(std::move(pieces)), length_(length) {}
  bool ready() noexcept override { return true; }
  std::string_view next() override {
    ++reads;
    if (pieces_.empty()) return {};
    current_ = std::move(pieces_.front());
    pieces_.pop_front();
    return current_;
  }
  void wait(parley::detail::waiter*) noexcept override {}
  const parley::fields* trailers() noexcept override { return nullptr; }
  std::optional<std::uint64_t> length() noexcept override { return length_; }
  int reads = 0;

 private:
  std::deque<std::string> pieces_;
  std::optional<std::uint64_t> length_;
  std::string current_;
};

TEST(body_reader, text_joins_all_pieces) {
  pieces_source from({"ab", "c", "defg"});
  EXPECT_EQ(parley::run(parley::body_reader(&from).text()), "abcdefg");
  EXPECT_EQ(parley::run(parley::body_reader().text()), "");
}

TEST(body_reader, text_has_a_limit) {
  pieces_source fits({"ab", "cd"});
  EXPECT_EQ(parley::run(parley::body_reader(&fits).text(4)), "abcd");
  pieces_source larger({"ab", "cde"});
  EXPECT_THROW(parley::run(parley::body_reader(&larger).text(4)), parley::content_too_large);
  pieces_source announced({"ab", "cde"}, 5);
  try {
    parley::run(parley::body_reader(&announced).text(4));
    ADD_FAILURE();
  } catch (const parley::content_too_large& e) {
    EXPECT_EQ(e.limit(), 4u);
    EXPECT_EQ(announced.reads, 0) << "what is announced as too large is not read at all";
  }
}

TEST(body_reader, collected_content_can_be_read_as_a_stream) {
  parley::request r(parley::method::post, "/x");
  r.content("hello", "text/plain");
  EXPECT_EQ(r.body().length(), 5u);
  EXPECT_EQ(parley::run(r.text()), "hello");

  auto res = parley::text("answer");
  EXPECT_EQ(parley::run(res.body().text()), "answer");
  EXPECT_EQ(parley::run(res.body().text()), "") << "a stream is read once";
}

TEST(body_reader, request_text_keeps_to_the_requests_limit) {
  parley::request r(parley::method::post, "/x");
  r.content("hello", "text/plain");
  parley::detail::request_access::content_limit(r, 4);
  EXPECT_THROW(parley::run(r.text()), parley::content_too_large);
  EXPECT_EQ(parley::run(r.text(5)), "hello");
}

}  // namespace
