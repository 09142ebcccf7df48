// The two tables, row by row, in words.
#include "h1/state_tables.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace parley::h1 {
namespace {

constexpr std::array<std::string_view, receive_input_count> receive_inputs{
    "first-byte",    "interim", "head-alone", "head-and-content", "head-until-close", "content-end",
    "exchange-over", "detach",  "eof",        "violation"};
constexpr std::array<std::string_view, 5> receive_actions{"", ", complete", ", incomplete", ", finish", "never"};
constexpr std::array<std::string_view, send_input_count> send_inputs{
    "open", "interim", "head-alone", "head-and-content", "data", "end", "detach", "exchange-over", "cut"};

/// `first-byte: head; eof: closed, finish`, without what never happens.
std::string row(receive_state state) {
  std::string text;
  for (std::size_t i = 0; i < receive_input_count; ++i) {
    const receive_step s = step(state, static_cast<receive_input>(i));
    if (s.action == receive_action::never) continue;
    if (!text.empty()) text += "; ";
    text.append(receive_inputs[i]).append(": ").append(name(s.next)).append(receive_actions[static_cast<std::size_t>(s.action)]);
  }
  return text;
}

/// What is allowed, and behind it what is misuse, by the first words of its description.
std::string row(send_state state) {
  std::string text;
  for (std::size_t i = 0; i < send_input_count; ++i) {
    const send_step s = step(state, static_cast<send_input>(i));
    if (!text.empty()) text += "; ";
    text.append(send_inputs[i]).append(": ");
    if (s.allowed) {
      text.append(name(s.next));
    } else {
      text.append("!").append(std::to_string(static_cast<int>(s.why)));
    }
  }
  return text;
}

std::string no(engine::misuse m) { return "!" + std::to_string(static_cast<int>(m)); }

TEST(h1_state_tables, receiving) {
  EXPECT_EQ(row(receive_state::start), "first-byte: head; head-until-close: until-close; eof: closed, finish; violation: closed");
  EXPECT_EQ(row(receive_state::head),
            "interim: start; head-alone: waiting; head-and-content: content; head-until-close: until-close; detach: tunnel; "
            "eof: closed, incomplete; violation: closed");
  EXPECT_EQ(row(receive_state::content), "content-end: waiting, complete; eof: closed, incomplete; violation: closed");
  EXPECT_EQ(row(receive_state::until_close), "eof: closed, complete; violation: closed");
  EXPECT_EQ(row(receive_state::waiting), "exchange-over: start; detach: tunnel; eof: closed; violation: closed");
  EXPECT_EQ(row(receive_state::tunnel), "eof: closed, complete; violation: closed");
  for (std::size_t i = 0; i < receive_input_count; ++i) {
    const receive_step s = step(receive_state::closed, static_cast<receive_input>(i));
    EXPECT_EQ(s.next, receive_state::closed);
    EXPECT_EQ(s.action, receive_action::none);
  }
}

TEST(h1_state_tables, sending) {
  using engine::misuse;
  const std::string unknown = no(misuse::unknown_stream);
  const std::string busy = no(misuse::too_many_streams);
  const std::string early = no(misuse::head_not_sent);
  const std::string twice = no(misuse::head_already_sent);
  const std::string late = no(misuse::after_end);
  const std::string gone = no(misuse::closing);
  EXPECT_EQ(row(send_state::idle), "open: head; interim: " + unknown + "; head-alone: " + unknown +
                                       "; head-and-content: " + unknown + "; data: " + unknown + "; end: " + unknown +
                                       "; detach: tunnel; exchange-over: idle; cut: closed");
  EXPECT_EQ(row(send_state::head), "open: " + busy + "; interim: head; head-alone: ended; head-and-content: content; data: " +
                                       early + "; end: " + early + "; detach: tunnel; exchange-over: closed; cut: closed");
  EXPECT_EQ(row(send_state::content), "open: " + busy + "; interim: " + twice + "; head-alone: " + twice +
                                          "; head-and-content: " + twice + "; data: content; end: ended; detach: " + twice +
                                          "; exchange-over: closed; cut: closed");
  EXPECT_EQ(row(send_state::ended), "open: " + busy + "; interim: " + twice + "; head-alone: " + twice +
                                        "; head-and-content: " + twice + "; data: " + late +
                                        "; end: ended; detach: tunnel; exchange-over: idle; cut: closed");
  EXPECT_EQ(row(send_state::tunnel), "open: " + gone + "; interim: " + twice + "; head-alone: " + twice +
                                         "; head-and-content: " + twice + "; data: tunnel; end: closed; detach: " + twice +
                                         "; exchange-over: closed; cut: closed");
  EXPECT_EQ(row(send_state::closed), "open: " + gone + "; interim: " + gone + "; head-alone: " + gone +
                                         "; head-and-content: " + gone + "; data: " + gone + "; end: " + gone +
                                         "; detach: " + gone + "; exchange-over: closed; cut: closed");
}

}  // namespace
}  // namespace parley::h1
