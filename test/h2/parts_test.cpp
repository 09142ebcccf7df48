// The parts of the engine, each alone.
#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <set>

#include "h2/content_queue.hpp"
#include "h2/flow_window.hpp"
#include "h2/frame_reader.hpp"
#include "h2/message_faults.hpp"
#include "h2/stream_state.hpp"
#include "h2/stream_store.hpp"
#include "h2/tester.hpp"
#include "h2/violations.hpp"

namespace parley::h2::test {
namespace {

TEST(h2_frame, headers_go_there_and_back) {
  const frame_header h{.length = 0xabcdef, .type = frame_type::goaway, .flags = 0x25, .stream = 0x7eadbeef};
  char bytes[frame_header_size];
  EXPECT_EQ(write_frame_header(bytes, h), bytes + frame_header_size);
  bytes[5] = static_cast<char>(bytes[5] | 0x80);
  const frame_header back = parse_frame_header(bytes);
  EXPECT_EQ(back.length, h.length);
  EXPECT_EQ(back.type, h.type);
  EXPECT_EQ(back.flags, h.flags);
  EXPECT_EQ(back.stream, h.stream) << "without the reserved bit";
  EXPECT_EQ(name(frame_type::continuation), "CONTINUATION");
  EXPECT_EQ(name(static_cast<frame_type>(10)), "");
  EXPECT_EQ(name(error_code::http_1_1_required), "HTTP_1_1_REQUIRED");
  EXPECT_EQ(name(static_cast<error_code>(14)), "unknown");
}

TEST(h2_stream_state, both_lives_of_a_stream) {
  using enum stream_input;
  struct {
    const char* story;
    std::initializer_list<stream_input> inputs;
    stream_state end;
  } const rows[] = {
      {"a GET at a server", {headers_in, end_in, headers_out, end_out}, stream_state::ended},
      {"an early answer", {headers_in, headers_out, end_out, reset_out}, stream_state::reset_local},
      {"a GET at a client", {headers_out, end_out, headers_in, data_in, end_in}, stream_state::ended},
      {"a push at a server", {promised_out, headers_out, end_out}, stream_state::ended},
      {"a push at a client", {promised_in, headers_in, data_in, end_in}, stream_state::ended},
      {"a refused push", {promised_in, reset_out, headers_in, data_in, end_in}, stream_state::reset_local},
      {"a cancelled request", {headers_in, reset_in}, stream_state::reset_remote},
  };
  for (const auto& row : rows) {
    stream_state s = stream_state::idle;
    for (const stream_input i : row.inputs) {
      const stream_step next = step(s, i);
      EXPECT_TRUE(next.action == stream_action::go || next.action == stream_action::ignore) << row.story;
      s = next.next;
    }
    EXPECT_EQ(s, row.end) << row.story;
  }
}

TEST(h2_stream_state, nothing_leaves_a_closed_state) {
  for (const stream_state s : {stream_state::ended, stream_state::reset_local, stream_state::reset_remote}) {
    EXPECT_EQ(name(s), "closed");
    for (std::size_t i = 0; i < stream_input_count; ++i) {
      const stream_step next = step(s, static_cast<stream_input>(i));
      EXPECT_NE(next.action, stream_action::go);
      EXPECT_TRUE(is_closed(next.next));
    }
  }
}

TEST(h2_flow_window, credit_is_due_when_half_of_it_can_be_given) {
  receive_window w(100, 100);
  EXPECT_FALSE(w.take(101));
  EXPECT_TRUE(w.take(80));
  EXPECT_EQ(w.due(), 0u);
  w.consume(40);
  EXPECT_EQ(w.due(), 0u);
  w.consume(20);
  EXPECT_EQ(w.due(), 60u);
  w.announced(60);
  EXPECT_EQ(w.left(), 80);
  EXPECT_EQ(w.unread(), 20);
  w.consume(1'000);
  EXPECT_EQ(w.unread(), 0);
}

TEST(h2_flow_window, the_peers_may_be_below_zero_and_never_beyond_31_bits) {
  send_window w(10);
  w.use(10);
  EXPECT_TRUE(w.open(-5));
  EXPECT_EQ(w.left(), 0u);
  EXPECT_EQ(w.value(), -5);
  EXPECT_TRUE(w.open(largest_window));
  EXPECT_FALSE(w.open(6));
  EXPECT_TRUE(w.open(5));
}

TEST(h2_stream_store, finds_what_is_there_whatever_the_ids) {
  std::mt19937 random(7);
  for (int round = 0; round < 20; ++round) {
    stream_store store;
    std::set<std::uint32_t> ids;
    const std::uint32_t stride = 1u << (round % 12);
    for (int i = 0; i < 2'000; ++i) {
      const std::uint32_t id = (random() % 300 * stride + 1 + random() % 2) & largest_stream_id;
      if (ids.contains(id)) {
        stream* s = store.find(id);
        ASSERT_NE(s, nullptr);
        ASSERT_EQ(s->id, id);
        store.close(*s);
        ids.erase(id);
      } else {
        ASSERT_EQ(store.find(id), nullptr);
        ASSERT_EQ(store.open(id).id, id);
        ids.insert(id);
      }
      ASSERT_EQ(store.size(), ids.size());
    }
    EXPECT_EQ(store.ids(), std::vector<std::uint32_t>(ids.begin(), ids.end()));
    for (const std::uint32_t id : ids) store.close(*store.find(id));
    store.rest();
    EXPECT_EQ(store.find(1), nullptr);
    EXPECT_EQ(store.memory(), 0u);
  }
}

TEST(h2_stream_store, streams_are_as_new) {
  stream_store store;
  stream& s = store.open(1);
  s.told = true;
  s.content.append({engine::chunk::view{"left behind"}});
  store.close(s);
  const stream& again = store.open(3);
  EXPECT_FALSE(again.told);
  EXPECT_TRUE(again.content.empty());
  EXPECT_EQ(again.state, stream_state::idle);
}

TEST(h2_closed_streams, the_last_ones_are_known) {
  closed_streams closed;
  for (std::uint32_t id = 1; id < 1'000; id += 2) closed.add(id, stream_state::ended);
  EXPECT_EQ(closed.find(999), stream_state::ended);
  EXPECT_EQ(closed.find(1), stream_state::idle);
  closed.add(1'001, stream_state::reset_local);
  EXPECT_EQ(closed.find(1'001), stream_state::reset_local);
}

TEST(h2_content_queue, what_goes_in_comes_out) {
  std::mt19937 random(3);
  for (int round = 0; round < 50; ++round) {
    content_queue queue;
    engine::send_queue out;
    std::string put;
    for (int i = 0; i < 40; ++i) {
      std::string text(random() % 2 == 0 ? random() % 300 : random() % 20'000, static_cast<char>('a' + i % 26));
      put += text;
      switch (random() % 3) {
        case 0: queue.append({engine::chunk::view{text}}); break;
        case 1: queue.append({engine::chunk::owned{std::move(text)}}); break;
        default: {
          auto kept = std::make_shared<const std::string>(std::move(text));
          const std::string_view all = *kept;
          queue.append({engine::chunk::shared{all, std::move(kept)}});
        }
      }
      if (random() % 2 == 0) queue.move_to(out, random() % (queue.size() + 1));
    }
    queue.move_to(out, queue.size());
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(out.size(), put.size());
    std::string got;
    engine::segment segment[1];
    while (out.peek(segment) == 1) {
      got += segment[0].bytes;
      out.written(segment[0].bytes.size());
    }
    EXPECT_TRUE(got == put);
  }
}

TEST(h2_content_queue, a_slice_of_a_file_is_cut_and_kept_open) {
  content_queue queue;
  engine::send_queue out;
  auto owner = std::make_shared<int>(0);
  queue.append({engine::chunk::file{7, 100, 50, owner}});
  queue.move_to(out, 20);
  queue.move_to(out, 30);
  EXPECT_TRUE(queue.empty());
  engine::segment segments[4];
  ASSERT_EQ(out.peek(segments), 2u);
  EXPECT_EQ(segments[0].offset, 100u);
  EXPECT_EQ(segments[0].length, 20u);
  EXPECT_EQ(segments[1].offset, 120u);
  EXPECT_EQ(segments[1].length, 30u);
  EXPECT_EQ(owner.use_count(), 3);
  out.written(50);
  EXPECT_EQ(owner.use_count(), 1);
}

TEST(h2_violations, each_has_a_name_of_its_own_a_sentence_and_a_section) {
  std::set<std::string_view> names;
  for (const auto* v : all_faults()) {
    EXPECT_TRUE(names.insert(v->name).second) << v->name;
    EXPECT_TRUE(v->message.ends_with('.')) << v->name;
    EXPECT_TRUE(v->section.starts_with("RFC ")) << v->name;
  }
}

}  // namespace
}  // namespace parley::h2::test
