#include "trace/frames.hpp"

#include "trace/escape.hpp"
#include "trace/paint.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace parley::trace {

namespace {

constexpr std::size_t type_width = 18;
constexpr std::size_t narrow_type_width = 16;  // beside a connection's number; the longest setting fits in 80 columns then
constexpr std::size_t stream_width = 8;
constexpr std::size_t size_width = 10;
constexpr std::size_t time_width_of_frames = 11;

bool joins(const recorded& run, const recorded& next) {
  const auto& a = std::get<frame_step>(run.what);
  const auto& b = std::get<frame_step>(next.what);
  return run.connection == next.connection && run.stream == next.stream && a.way == b.way && a.type == "DATA" && b.type == "DATA" &&
         a.about.empty();
}

/// The end of a stream, which stands among the frames.
bool is_fin(const recorded& one) { return std::get<frame_step>(one.what).type == "FIN"; }

/// Which stream it is on, as its version counts them; `-`: the connection's own.
std::string stream_column(const recorded& one) {
  if (one.stream == 0) return "-";
  const bool http3 = std::get<frame_step>(one.what).http3;
  if (http3 && is_http3_push(one.stream)) return stream_name(one.stream, true);
  return std::to_string(one.stream - (http3 ? 1 : 0));
}

/// What a frame is: `→ HEADERS          1      38 B`. `time` may be empty.
std::string frame_columns(const recorded& one, const paint& with, const std::string& time, std::size_t type_room) {
  const auto& frame = std::get<frame_step>(one.what);
  const bool out = frame.way == direction::out;
  const std::string type = printable(frame.type) + (frame.count > 1 ? " x" + std::to_string(frame.count) : "");
  std::string line = "  " + with.colour(out ? tint::request : tint::response,
                                        std::string(out ? with.arrow() : with.arrow_back()) + " " + with.left(type, type_room));
  line += with.right(stream_column(one), stream_width);
  line += with.colour(tint::faint, with.right(size_text(frame.size), size_width) + time);
  return line;
}

std::size_t longest_word(std::string_view text) {
  std::size_t longest = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    longest = std::max(longest, columns(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return longest;
}

/// `columns`, and what the frame says beside it, in as many lines as that takes.
std::string with_about(std::string columns_text, std::size_t taken, const std::string& about, const paint& with,
                       std::size_t width) {
  std::string text;
  const std::string said = printable(about);
  // What would have to be broken there stands below, where there is more room.
  constexpr std::size_t indent = 6;
  if (with.wraps() && longest_word(said) > width - taken - 2) {
    text = columns_text + "\n";
    for (const std::string& each : with.wrapped(said, width - indent))
      text += std::string(indent, ' ') + with.colour(tint::faint, each) + "\n";
    return text;
  }
  const auto pieces = with.wrapped(said, width - taken - 2);
  for (std::size_t i = 0; i < std::max<std::size_t>(pieces.size(), 1); ++i) {
    text += i == 0 ? columns_text : std::string(taken, ' ');
    if (i < pieces.size()) text += "  " + with.colour(tint::faint, pieces[i]);
    text += "\n";
  }
  return text;
}

std::size_t frame_columns_width(const paint& with, std::size_t type_room) {
  return 2 + columns(with.arrow()) + 1 + type_room + stream_width + size_width;
}

}  // namespace

void frame_list::add(const recorded& one) {
  if (!std::holds_alternative<frame_step>(one.what)) return;
  if (is_fin(one)) {
    // The end of a stream is no frame: it is said of the last one there.
    const auto last = std::find_if(frames_.rbegin(), frames_.rend(), [&](const recorded& each) {
      return each.connection == one.connection && each.stream == one.stream &&
             std::get<frame_step>(each.what).way == std::get<frame_step>(one.what).way;
    });
    if (last != frames_.rend()) {
      std::string& about = std::get<frame_step>(last->what).about;
      about += about.empty() ? "FIN" : " FIN";
      return;
    }
  }
  if (!frames_.empty() && joins(frames_.back(), one)) {
    auto& run = std::get<frame_step>(frames_.back().what);
    const auto& next = std::get<frame_step>(one.what);
    ++run.count;
    run.size += next.size;
    run.about = next.about;  // END_STREAM, which ends the run
  } else if (frames_.size() < capacity_) {
    frames_.push_back(one);
  } else {
    ++dropped_;
  }
}

void frame_list::clear() {
  frames_.clear();
  dropped_ = 0;
}

std::string frame_list::lines(time_point start, const look& how) const {
  const paint with(how);
  const std::size_t width = std::max<std::size_t>(how.width, 60);
  const std::size_t taken = frame_columns_width(with, type_width) + time_width_of_frames;
  std::string text;
  std::uint64_t connection = 0;
  for (const recorded& one : frames_) {
    if (one.connection != connection) {
      connection = one.connection;
      const std::string heading =
          with.left("Frames on connection " + std::to_string(connection), 2 + columns(with.arrow()) + 1 + type_width);
      text += (text.empty() ? "" : "\n") + with.colour(tint::strong, heading) +
              with.colour(tint::faint, with.right("stream", stream_width) + with.right("payload", size_width) +
                                           with.right("at", time_width_of_frames)) +
              "\n";
    }
    const std::string time =
        with.right(duration_text(std::max(one.time - start, std::chrono::steady_clock::duration{})), time_width_of_frames);
    text += with_about(frame_columns(one, with, time, type_width), taken, std::get<frame_step>(one.what).about, with, width);
  }
  if (dropped_ > 0) text += "  and " + std::to_string(dropped_) + " more\n";
  return text;
}

std::string frame_line(const recorded& one, const look& how) {
  const paint with(how);
  std::string which = "connection " + std::to_string(one.connection);
  which.resize(std::max<std::size_t>(which.size(), 13), ' ');
  const std::size_t taken = which.size() + frame_columns_width(with, narrow_type_width);
  return with_about(which + frame_columns(one, with, {}, narrow_type_width), taken, std::get<frame_step>(one.what).about, with,
                    std::max<std::size_t>(how.width, 80));
}

void frame_watch::observe(const engine::observation& seen) noexcept {
  const auto* const end = std::get_if<engine::observed_end>(&seen.what);
  if (!std::holds_alternative<engine::observed_frame>(seen.what) && (end == nullptr || !end->fin)) return;
  try {
    recorded one = record(seen);
    if (end != nullptr) {
      frame_step fin;
      fin.way = end->way;
      fin.type = "FIN";
      fin.http3 = true;
      one.what = std::move(fin);
    }
    const std::lock_guard lock(mutex_);
    tell_(one);
  } catch (const std::exception&) {
    // No memory, or nowhere to write: watching must not end the session.
  }
}

}  // namespace parley::trace
