#include "tool/session_view.hpp"

#include "tool/remember.hpp"
#include "tool/terminal.hpp"
#include "trace/escape.hpp"
#include "trace/timeline.hpp"

#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace parley::tool {

namespace {

/// `> ` before our lines, `< ` before theirs.
void print_head(const trace::head_step& head, bool show_secrets) {
  const std::string_view mark = head.way == trace::direction::out ? ">" : "<";
  std::string text;
  // What HTTP/1 says in its first line.
  if (!head.start_line.empty()) text = "* " + trace::printable(head.start_line) + (head.pushed ? " (pushed)\n" : "\n");
  for (const std::string_view line : trace::head_lines(head.text))
    text.append(mark).append(" ").append(trace::display_line(line, show_secrets)).append("\n");
  if (!text.empty()) write_all(STDERR_FILENO, text.append(mark).append("\n"));
}

/// Behind the content, as fields of a head are before it.
void print_trailers(const trace::trailers_step& trailers, bool show_secrets) {
  if (trailers.text.empty()) return;
  const std::string_view mark = trailers.way == trace::direction::out ? "> " : "< ";
  std::string text = "* trailers\n";
  for (const std::string_view line : trace::head_lines(trailers.text))
    text.append(mark).append(trace::display_line(line, show_secrets)).append("\n");
  write_all(STDERR_FILENO, text);
}

/// With a first line, which HTTP/2 has in another form.
std::string as_included(const trace::head_step& head) {
  if (head.start_line.empty()) return head.text;
  return head.start_line + head.text.substr(std::min(head.text.find("\r\n"), head.text.size()));
}

/// `GET /hello HTTP/1.1`
std::string_view request_line(const std::string& start_line, const std::string& text) {
  const std::string_view all = start_line.empty() ? text : start_line;
  return all.substr(0, all.find_first_of("\r\n"));
}

std::string_view request_line(const trace::exchange& x) { return request_line(x.request.start_line, x.request.head); }

bool asks_for_tunnel(std::string_view line) { return line.starts_with("CONNECT "); }

/// Of a redirect, a login, or a second try.
std::string what_followed(const trace::exchange& x, bool first) {
  const std::string_view line = request_line(x);
  return (first ? "" : "then ") + trace::printable(line.substr(0, line.rfind(" HTTP/")));
}

void note(const std::string& sentence) { write_all(STDERR_FILENO, "* " + trace::printable(sentence) + "\n"); }

}  // namespace

session_view::session_view(const fetch_plan& plan)
    : plan_(plan), heads_([this](const trace::head_step& head) { see_head(head); }),
      exchanges_([this](const trace::exchange& x) { (x.promised_on != 0 ? pushed_ : seen_).push_back(x); }),
      handshakes_([this](const trace::handshake_step& step) { see_handshake(step); }),
      trailers_([this](const trace::trailers_step& step) { print_trailers(step, plan_.show_secrets); }),
      frames_([this](const trace::recorded& one) { frame_list_.add(one); }) {
  sinks_.add(&heads_);
  sinks_.add(&exchanges_);
  if (tells_of_early_data()) sinks_.add(&handshakes_);
  if (plan_.verbose) sinks_.add(&trailers_);
  if (plan_.frames) sinks_.add(&frames_);
}

// What is known beforehand was said beforehand (remember_servers).
bool session_view::tells_of_early_data() const {
  return plan_.verbose && plan_.early_data && asks_https(plan_) && why_no_early_data(plan_).empty();
}

void session_view::begin() {
  response_head_.clear();
  seen_.clear();
}

std::string session_view::doing() {
  exchanges_.flush();
  return seen_.empty() ? "starting" : trace::last_doing(seen_.back());
}

void session_view::show(const std::string& title) {
  if (!plan_.show) return;
  if (seen_.empty()) exchanges_.flush();  // it has not ended, and will not
  const trace::look how = look_of(STDERR_FILENO, plan_.show_secrets);
  for (const trace::exchange& x : seen_) {
    // A CONNECT that opened no tunnel is what the proxy was asked, and not the URL.
    const bool first = &x == seen_.data() && !asks_for_tunnel(request_line(x));
    write_all(STDERR_FILENO, "\n" + trace::timeline(x, first ? title : what_followed(x, &x == seen_.data()), how));
  }
  for (const trace::exchange& x : pushed_) write_all(STDERR_FILENO, "\n" + trace::timeline(x, {}, how));
  pushed_.clear();
  if (!frame_list_.empty() && !seen_.empty()) {
    write_all(STDERR_FILENO, "\n" + frame_list_.lines(seen_.front().started(), how));
  } else if (plan_.frames && !seen_.empty() && seen_.back().request.begun && seen_.back().request.version < parley::http2) {
    write_all(STDERR_FILENO, "\nNo frames: " + std::string(name(seen_.back().request.version)) + " has none\n");
  }
  frame_list_.clear();
}

// Only HTTP/3 has early data, and only where a session is resumed that allows it.
void session_view::see_handshake(const trace::handshake_step& step) {
  if (!step.error.empty() || step.about.find("h3") == std::string::npos || step.about.find("early data") != std::string::npos)
    return;
  const bool resumed = step.about.find("resumed") != std::string::npos;
  note(resumed
           ? "no early data was sent: the session that was resumed, or the request, does not allow it"
           : "no early data was sent: there was no session to resume; after this visit there is one, where the server allows it");
}

void session_view::see_version(parley::version v) {
  if (std::exchange(version_seen_, true)) return;
  const std::string by = std::string(name(v));
  if (plan_.push && v < parley::http2)
    say("note: --push has no effect: the server speaks " + by + ", which knows no pushed responses");
  if (tells_of_early_data() && v != parley::http3) note("no early data was sent: it is HTTP/3's, and this goes by " + by);
}

void session_view::see_head(const trace::head_step& head) {
  if (head.way == trace::direction::in && !head.is_request && !head.pushed) see_version(head.version);
  if (plan_.http3_first && !proxy_seen_ && head.is_request && asks_for_tunnel(request_line(head.start_line, head.text))) {
    proxy_seen_ = true;
    say("note: --http3 has no effect through a proxy, whose tunnels are TCP; --noproxy HOST leaves the proxy out");
  }
  if (plan_.verbose) print_head(head, plan_.show_secrets);
  const bool interim = head.status >= 100 && head.status < 200 && head.status != 101;
  if (!head.is_request && !interim && !head.pushed) response_head_ = as_included(head);
}

}  // namespace parley::tool
