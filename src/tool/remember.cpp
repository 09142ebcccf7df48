#include "tool/remember.hpp"

#include <parley/ca.hpp>
#include <parley/method.hpp>

#include "tool/option_words.hpp"
#include "tool/terminal.hpp"
#include "trace/escape.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>

namespace parley::tool {

bool asks_https(const fetch_plan& plan) {
  return std::ranges::any_of(plan.urls, [](const uri& url) { return url.scheme() == "https"; });
}

// Sessions are for those who trust the same authorities, and show the same certificate.
bool keeps_sessions(const fetch_plan& plan) {
  return plan.early_data && asks_https(plan) && !plan.insecure && !plan.cacert && !plan.cert;
}

std::string why_no_early_data(const fetch_plan& plan) {
  if (!keeps_sessions(plan)) {
    return std::string("no early data, and no session is kept for it: ") +
           (plan.insecure ? "with -k nobody knows whose it is"
                          : "sessions go with the usual authorities, and not with --cacert or --cert");
  }
  if (plan.content || plan.agent.form || !parley::method::parse(plan.method)->safe())
    return "no early data: it is for GET, HEAD, OPTIONS and TRACE without content";
  return {};
}

namespace {

/// A folder that does not let us write, or cannot be made; empty: nothing is wrong.
std::string unwritable(const std::string& folder) {
  std::filesystem::path there(folder);
  std::error_code error;
  while (!std::filesystem::exists(there, error) && there.has_parent_path() && there != there.parent_path())
    there = there.parent_path();
  if (!std::filesystem::is_directory(there, error)) return there.string() + " is no folder";
  return ::access(there.c_str(), W_OK | X_OK) == 0 ? std::string() : there.string() + " cannot be written: " + std::strerror(errno);
}

/// With -v: why nothing of what was learned is used or kept.
void tell_what_is_not_kept(const fetch_plan& plan, const std::string& folder) {
  const auto tell = [](const std::string& sentence) { write_all(STDERR_FILENO, "* " + trace::printable(sentence) + "\n"); };
  if (plan.insecure && !plan.no_alt_svc) tell("with -k, what servers announce about HTTP/3 (Alt-Svc) is neither used nor kept");
  if (const std::string why = why_no_early_data(plan); plan.early_data && !why.empty()) tell(why);
  const bool keeps = keeps_sessions(plan) || (!plan.no_alt_svc && !plan.insecure);
  if (const std::string trouble = unwritable(folder); keeps && !trouble.empty())
    tell("what servers announce, and sessions, cannot be kept: " + trouble);
}

}  // namespace

// With -k anybody may have said what is said, so it is neither believed nor kept.
void remember_servers(client& http, const fetch_plan& plan) {
  const bool announced = !plan.no_alt_svc && !plan.insecure;
  if (!announced) http.alternatives(false);
  if (!asks_https(plan)) {
    const std::string_view of_http3 = plan.http3_first ? "--http3" : plan.early_data ? "--early-data" : "";
    if (!of_http3.empty()) say("note: " + std::string(of_http3) + " has no effect over http: HTTP/3 is for https");
    return;
  }
  try {
    const std::string folder = certificate_authority::default_data_folder() + "/client";
    if (plan.verbose) tell_what_is_not_kept(plan, folder);
    if (keeps_sessions(plan)) http.keep_tickets(folder);
    if (!announced) return;
    const std::string trouble = http.keep_alternatives(folder);
    if (!trouble.empty()) say("note: what servers announced about HTTP/3 is not known: " + trouble);
  } catch (const ca_error& error) {
    // A user without a home keeps nothing.
    if (plan.verbose) say("note: what servers announce, and sessions, cannot be kept: " + in_options(error.what()));
  }
}

}  // namespace parley::tool
