#include "tool/fetch.hpp"

#include <parley/client.hpp>

#include "tool/exit_code.hpp"
#include "tool/fetch_request.hpp"
#include "tool/option_words.hpp"
#include "tool/output.hpp"
#include "tool/remember.hpp"
#include "tool/request_conditions.hpp"
#include "tool/resume.hpp"
#include "tool/session_view.hpp"
#include "tool/terminal.hpp"
#include "trace/escape.hpp"
#include "trace/timeline.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

namespace parley::tool {

namespace {

// For the ticket of the next early data, which a server sends behind its handshake: several round trips around the world.
constexpr std::chrono::milliseconds ticket_wait{1000};

/// The head for -i: as it came, but harmless where a terminal shows it.
std::string included_head(const std::string& text, bool to_terminal) {
  if (!to_terminal || text.empty()) return text;
  std::string shown;
  for (const std::string_view line : trace::head_lines(text)) shown += trace::printable(line) + "\n";
  return shown + "\n";
}

/// What --etag-compare asks with the next time; an answer without one leaves nothing that could be wrong.
void save_etag(const fetch_plan& plan, const parley::response& res) {
  if (!plan.agent.etag_save || res.status() / 100 != 2) return;
  output to(plan.agent.etag_save);
  to.begin();
  if (const std::string_view tag = res.header("ETag"); !tag.empty()) to.write(std::string(tag) + "\n");
  to.commit();
}

/// With --max-redirs 0: one that is not followed is a failure, as one too many is.
void refuse_redirect(const fetch_plan& plan, const uri& url, const parley::response& res) {
  constexpr std::array redirects{301, 302, 303, 307, 308};
  if (!plan.agent.refuses_redirects || std::ranges::find(redirects, res.status()) == redirects.end()) return;
  if (res.fields().joined("Location").empty()) return;
  throw refusal(exit_fetch_failed, trace::display_url(url.to_string(), false) + " redirects (" + std::to_string(res.status()) +
                                       "), and --max-redirs 0 follows no redirect");
}

/// With -C: into the file where it ends.
task<> fetch_rest(client& http, const fetch_plan& plan, std::size_t which, session_view& view) {
  const uri& url = plan.urls[which];
  partial_file to(*plan.output, *plan.agent.resume);
  parley::request req = make_request(plan, url);
  to.ask(req.fields());
  const options how = make_options(plan, url);
  auto sending = http.send(std::move(req), how);
  parley::response res = co_await sending;
  refuse_redirect(plan, url, res);
  if (plan.include) write_all(STDOUT_FILENO, included_head(view.response_head(), is_terminal(STDOUT_FILENO)));
  if (!to.take(res)) {
    say("note: " + *plan.output + " is whole already");
    co_return;
  }
  body_reader body = res.body();
  for (;;) {
    auto reading = body.read();
    const std::string_view piece = co_await reading;
    if (piece.empty()) break;
    to.write(piece);
  }
  to.finish();
  save_etag(plan, res);
}

task<> fetch_one(client& http, const fetch_plan& plan, std::size_t which, session_view& view) {
  const uri& url = plan.urls[which];
  output to(plan.output);
  if (!plan.fail) to.begin();  // a file that cannot be written shows before anything is sent
  parley::request req = make_request(plan, url);
  const options how = make_options(plan, url);
  auto sending = http.send(std::move(req), how);
  parley::response res = co_await sending;
  refuse_redirect(plan, url, res);
  if (const std::string note = about_range(plan.agent, res); !note.empty()) say("note: " + note);
  if (res.status() == 400 && plan.http_assumed[which]) {  // the answer of a port for https, among others
    say("note: this was asked by http, since the URL names no scheme; if the port is for https, write https://" +
        url.host_and_port());
  }
  if (plan.fail && res.status() >= 400) {
    const std::string status = std::to_string(res.status()) + " " + std::string(res.reason());
    throw refusal(exit_status, url.to_string() + ": the answer is " + status);
  }
  // What is there is still the same: a file stays as it is.
  if (plan.agent.conditional && res.status() == 304 && plan.output && *plan.output != "-") co_return;
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
  save_etag(plan, res);
}

/// The cookies of --cookie-jar, as far as they have come; the exit status.
int save_cookies(const fetch_plan& plan, int result) {
  if (!plan.agent.jar_file) return result;
  try {
    if (*plan.agent.jar_file == "-") {
      write_all(STDOUT_FILENO, plan.agent.jar->to_text());
    } else {
      plan.agent.jar->save(*plan.agent.jar_file);
    }
  } catch (const std::runtime_error& error) {
    say(error.what());
    return result == exit_done ? exit_local : result;
  }
  return result;
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

/// The option that asked for one version and no other.
std::string_view version_option(const fetch_plan& plan) {
  if (!plan.version) return {};
  switch (*plan.version) {
    case parley::http0_9: return "--http0.9";
    case parley::http1_0: return "--http1.0";
    case parley::http1_1: return "--http1.1";
    case parley::http2: return "--http2-prior-knowledge";
    case parley::http3: return "--http3-only";
  }
  return {};
}

/// What helps against this sentence about a certificate.
std::string way_to_trust(std::string_view sentence) {
  const auto says = [&](std::string_view words) { return sentence.find(words) != std::string_view::npos; };
  if (says("CN=Parley local authority")) {
    return "; it is the local authority of another data folder or machine: --cacert $(parley ca --data DIR --path) trusts it, with "
           "that server's data folder (without DIR, parley get looks where XDG_DATA_HOME says)";
  }
  if (says("no trusted authority") || says("self-signed")) return " (--cacert FILE trusts more authorities, -k any certificate)";
  return " (-k takes any certificate)";
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
    std::string way_out = trust ? way_to_trust(error.what()) : "";
    if (turned_away && plan.http_assumed[which] && view.response_head().empty())
      way_out = "; if the port is for https, write https://" + url.host_and_port();
    say(in_options(error.what(), version_option(plan)) + way_out);
    return code_of(error);
  } catch (const std::invalid_argument& error) {
    say(in_options(error.what()));
    return exit_usage;
  } catch (const std::exception& error) {
    say(url.to_string() + ": " + in_options(error.what()));
    return exit_fetch_failed;
  }
}

/// The files of --cacert, --cert and --key. Throws `refusal`.
void give_credentials(client& http, const fetch_plan& plan) {
  try {
    if (plan.cacert) http.trust(*plan.cacert);
    if (plan.cert) http.certificate(*plan.cert, *plan.key);
  } catch (const fetch_error& error) {
    throw refusal(code_of(error), in_options(error.what()));
  }
  if (plan.insecure && asks_https(plan))
    say("warning: with -k nobody knows who answers: what is sent and received can be read and changed on its way");
}

/// A person asks one server at a time, and some answer with more than a server takes of strangers: as much as curl, and continuations to
/// match.
limits caps_of_answers() {
  limits caps;
  caps.field_line = std::size_t{100} * 1024;
  caps.head = std::size_t{300} * 1024;
  caps.field_count = 1000;
  caps.informational = 100;
  caps.continuations = 32;
  return caps;
}

task<int> fetch_each(const fetch_plan& plan, session_view& view) {
  client http(caps_of_answers());
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
    auto work = within_time(plan, plan.agent.resume ? fetch_rest(http, plan, which, view) : fetch_one(http, plan, which, view));
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
  if (keeps_sessions(plan)) {
    auto ticket = http.resumable(ticket_wait);
    const bool came = co_await ticket;
    static_cast<void>(came);
  }
  for (const std::string& url : kept) say("pushed, and not asked for: " + trace::printable(url));
  co_return save_cookies(plan, result);
}

}  // namespace

int fetch_all(const fetch_plan& plan) {
  session_view view(plan);  // connections are closed, and tell so, after their client has gone
  return parley::run(fetch_each(plan, view));
}

}  // namespace parley::tool
