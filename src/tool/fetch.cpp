#include "tool/fetch.hpp"

#include <parley/ca.hpp>
#include <parley/client.hpp>

#include "tool/exit_code.hpp"
#include "tool/output.hpp"
#include "tool/terminal.hpp"
#include "trace/escape.hpp"
#include "trace/frames.hpp"
#include "trace/head_watch.hpp"
#include "trace/live.hpp"
#include "trace/timeline.hpp"

#include <unistd.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace parley::tool {

namespace {

constexpr std::chrono::milliseconds continue_wait{1000};

/// `> ` before our lines, `< ` before theirs.
void print_head(const trace::head_step& head) {
  const std::string_view mark = head.way == trace::direction::out ? ">" : "<";
  std::string text;
  // What HTTP/1 says in its first line.
  if (!head.start_line.empty()) text = "* " + trace::printable(head.start_line) + (head.pushed ? " (pushed)\n" : "\n");
  for (const std::string_view line : trace::head_lines(head.text))
    text.append(mark).append(" ").append(trace::printable(line)).append("\n");
  if (!text.empty()) write_all(STDERR_FILENO, text.append(mark).append("\n"));
}

/// Watches the connections: for -v and -i as it happens, for --show and for messages an exchange at a time.
class session_view {
 public:
  explicit session_view(const fetch_plan& plan)
      : plan_(plan), heads_([this](const trace::head_step& head) { see_head(head); }),
        exchanges_([this](const trace::exchange& x) { (x.promised_on != 0 ? pushed_ : seen_).push_back(x); }),
        frames_([this](const trace::recorded& one) { frame_list_.add(one); }) {
    sinks_.add(&heads_);
    sinks_.add(&exchanges_);
    if (plan_.frames) sinks_.add(&frames_);
  }

  [[nodiscard]] engine::observer* sink() { return &clock_; }
  [[nodiscard]] const std::string& response_head() const { return response_head_; }
  void begin() {
    response_head_.clear();
    seen_.clear();
  }

  /// What the exchange that failed was doing last.
  std::string doing() {
    exchanges_.flush();
    return seen_.empty() ? "starting" : trace::last_doing(seen_.back());
  }

  void show(const std::string& title) {
    if (!plan_.show) return;
    if (seen_.empty()) exchanges_.flush();  // it has not ended, and will not
    const trace::look how = look_of(STDERR_FILENO, plan_.show_secrets);
    for (const trace::exchange& x : seen_) write_all(STDERR_FILENO, "\n" + trace::timeline(x, title, how));
    for (const trace::exchange& x : pushed_) write_all(STDERR_FILENO, "\n" + trace::timeline(x, {}, how));
    pushed_.clear();
    if (!frame_list_.empty() && !seen_.empty()) write_all(STDERR_FILENO, "\n" + frame_list_.lines(seen_.front().started(), how));
    frame_list_.clear();
  }

 private:
  void see_head(const trace::head_step& head) {
    if (plan_.verbose) print_head(head);
    const bool interim = head.status >= 100 && head.status < 200 && head.status != 101;
    if (!head.is_request && !interim && !head.pushed) response_head_ = as_included(head);
  }

  /// With a first line, which HTTP/2 has in another form.
  static std::string as_included(const trace::head_step& head) {
    if (head.start_line.empty()) return head.text;
    return head.start_line + head.text.substr(std::min(head.text.find("\r\n"), head.text.size()));
  }

  const fetch_plan& plan_;
  trace::head_watch heads_;
  trace::live exchanges_;
  trace::frame_watch frames_;
  trace::frame_list frame_list_;
  trace::fan_out sinks_;
  trace::clocked clock_{sinks_};
  std::vector<trace::exchange> seen_;
  std::vector<trace::exchange> pushed_;
  std::string response_head_;
};

parley::request make_request(const fetch_plan& plan, const uri& url) {
  parley::request req(*parley::method::parse(plan.method), url.to_string());
  for (const auto& [name, value] : plan.fields) req.fields().add(name, value);
  if (plan.content && plan.content->in_memory()) {
    req.content(plan.content->text(), {});
  } else if (plan.content) {
    req.stream([content = plan.content](body_writer& to) { return content->produce(to); }, plan.content->length());
  } else if (plan.method == "POST" || plan.method == "PUT" || plan.method == "PATCH") {
    req.content({}, {});  // RFC 9110 §8.6: these say Content-Length: 0
  }
  return req;
}

options make_options(const fetch_plan& plan) {
  options how;
  how.streamed();
  if (plan.version) how.version(*plan.version);
  if (plan.connect_timeout) how.connect_timeout(*plan.connect_timeout);
  if (plan.unix_socket) how.unix_socket(*plan.unix_socket);
  if (plan.expect) how.expect_continue(continue_wait);
  how.insecure(plan.insecure).upgrade(plan.upgrade).http3_first(plan.http3_first).early_data(plan.early_data);
  return how;
}

/// The head for -i: as it came, but harmless where a terminal shows it.
std::string included_head(const std::string& text, bool to_terminal) {
  if (!to_terminal || text.empty()) return text;
  std::string shown;
  for (const std::string_view line : trace::head_lines(text)) shown += trace::printable(line) + "\n";
  return shown + "\n";
}

task<> fetch_one(client& http, const fetch_plan& plan, std::size_t which, session_view& view) {
  const uri& url = plan.urls[which];
  output to(plan.output);
  if (!plan.fail) to.begin();  // a file that cannot be written shows before anything is sent
  parley::request req = make_request(plan, url);
  const options how = make_options(plan);
  auto sending = http.send(std::move(req), how);
  parley::response res = co_await sending;
  if (res.status() == 400 && plan.http_assumed[which]) {  // the answer of a port for https, among others
    say("note: this was asked by http, since the URL names no scheme; if the port is for https, write https://" +
        url.host_and_port());
  }
  if (plan.fail && res.status() >= 400) {
    const std::string status = std::to_string(res.status()) + " " + std::string(res.reason());
    throw refusal(exit_status, url.to_string() + ": the answer is " + status);
  }
  to.begin();
  if (plan.include) to.write(included_head(view.response_head(), to.to_terminal()));
  body_reader body = res.body();
  for (;;) {
    auto reading = body.read();
    const std::string_view piece = co_await reading;
    if (piece.empty()) break;
    to.write(piece);
  }
  to.commit();
}

/// `work`, and its time limit.
task<> within_time(const fetch_plan& plan, task<> work) {
  if (plan.timeout) work = parley::timeout(*plan.timeout, std::move(work));
  co_await work;
}

exit_code code_of(const fetch_error& error) {
  if (error.why() == fetch_error::kind::credentials) return exit_local;
  const bool asked_wrongly = error.why() == fetch_error::kind::bad_url || error.why() == fetch_error::kind::not_supported;
  return asked_wrongly ? exit_usage : exit_fetch_failed;
}

std::string without_prefix(std::string text) {
  constexpr std::string_view prefix = "parley: ";
  return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

/// Says why a fetch ended early; its exit status.
int explain(std::exception_ptr thrown, const fetch_plan& plan, std::size_t which, session_view& view) {
  const uri& url = plan.urls[which];
  try {
    std::rethrow_exception(std::move(thrown));
  } catch (const refusal& error) {
    say(error.what());
    return error.code();
  } catch (const timed_out&) {
    const std::string limit = trace::duration_text(*plan.timeout);
    say(url.to_string() + ": not done within " + limit + " (--timeout); it was " + view.doing());
    return exit_fetch_failed;
  } catch (const fetch_error& error) {
    const bool trust = error.why() == fetch_error::kind::certificate;
    // What a port for https makes of a request in cleartext.
    const bool turned_away = error.why() == fetch_error::kind::connection_lost || error.why() == fetch_error::kind::protocol;
    std::string way_out = trust ? " (--cacert FILE trusts more authorities, -k any certificate)" : "";
    if (turned_away && plan.http_assumed[which] && view.response_head().empty())
      way_out = "; if the port is for https, write https://" + url.host_and_port();
    say(without_prefix(error.what()) + way_out);
    return code_of(error);
  } catch (const std::invalid_argument& error) {
    say(without_prefix(error.what()));
    return exit_usage;
  } catch (const std::exception& error) {
    say(url.to_string() + ": " + without_prefix(error.what()));
    return exit_fetch_failed;
  }
}

/// The files of --cacert, --cert and --key. Throws `refusal`.
void give_credentials(client& http, const fetch_plan& plan) {
  try {
    if (plan.cacert) http.trust(*plan.cacert);
    if (plan.cert) http.certificate(*plan.cert, *plan.key);
  } catch (const fetch_error& error) {
    throw refusal(code_of(error), without_prefix(error.what()));
  }
  const auto https = [](const uri& url) { return url.scheme() == "https"; };
  if (plan.insecure && std::ranges::any_of(plan.urls, https))
    say("warning: with -k nobody knows who answers: what is sent and received can be read and changed on its way");
}

/// What servers have announced to earlier runs, and sessions with them. That it cannot be kept is no reason to fetch nothing.
void remember_servers(client& http, const fetch_plan& plan) {
  if (plan.no_alt_svc) http.alternatives(false);
  if (std::ranges::none_of(plan.urls, [](const uri& url) { return url.scheme() == "https"; })) return;
  try {
    const std::string folder = certificate_authority::default_data_folder() + "/client";
    // Sessions are for those who trust the same authorities, and show the same certificate.
    if (plan.early_data && !plan.insecure && !plan.cacert && !plan.cert) http.keep_tickets(folder);
    if (plan.no_alt_svc) return;
    const std::string trouble = http.keep_alternatives(folder);
    if (!trouble.empty()) say("note: what servers announced about HTTP/3 is not known: " + trouble);
  } catch (const ca_error&) {
    // A user without a home keeps nothing.
  }
}

task<int> fetch_each(const fetch_plan& plan, session_view& view) {
  client http;
  give_credentials(http, plan);
  remember_servers(http, plan);
  http.observe(view.sink());
  if (plan.push) http.push();
  int result = exit_done;
  std::vector<std::string> kept;
  for (std::size_t which = 0; which < plan.urls.size(); ++which) {
    const uri& url = plan.urls[which];
    view.begin();
    std::exception_ptr failure;
    auto work = within_time(plan, fetch_one(http, plan, which, view));
    try {
      co_await work;
    } catch (...) {
      failure = std::current_exception();
    }
    const int code = failure ? explain(failure, plan, which, view) : exit_done;
    if (result == exit_done) result = code;
    if (plan.push) {
      auto arriving = http.pushed();
      kept = co_await arriving;
    }
    view.show(plan.method + " " + url.to_string());
  }
  for (const std::string& url : kept) say("pushed, and not asked for: " + trace::printable(url));
  co_return result;
}

}  // namespace

int fetch_all(const fetch_plan& plan) {
  session_view view(plan);  // connections are closed, and tell so, after their client has gone
  return parley::run(fetch_each(plan, view));
}

}  // namespace parley::tool
