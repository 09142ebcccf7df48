#include "tool/agent_options.hpp"

#include "tool/exit_code.hpp"
#include "tool/form_option.hpp"
#include "tool/login_options.hpp"
#include "tool/option_values.hpp"
#include "tool/request_conditions.hpp"
#include "tool/terminal.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace parley::tool {

void declare_request_options(arguments& to, agent_options& o) {
  to.flag("-G,--get", o.get, "put what -d and --data-urlencode have into the URL's query instead")
      .values("-F,--form", "NAME=VALUE", o.forms,
              "send a form (multipart/form-data): NAME=VALUE, NAME=@FILE, NAME=<FILE for a file's content as value; behind them "
              ";type=TYPE and ;filename=NAME; repeatable")
      .values("--form-string", "NAME=VALUE", o.forms, "as --form, and VALUE is taken as it is")
      .value("-r,--range", "RANGE", o.range, "ask for these bytes: 0-499, 500-, -500, or several between commas")
      .value("-z,--time-cond", "DATE", o.time_cond,
             "ask for it only if it was changed since DATE, or since a file of that name was; -DATE: only if it was not")
      .value("--etag-compare", "FILE", o.etag_compare, "ask for it only if its entity tag is another than the one in FILE");
}

void declare_response_options(arguments& to, agent_options& o) {
  to.flag("--compressed", o.compressed, "ask for br, zstd or gzip, and decode it")
      .value("--decode-limit", "SIZE", o.decode_limit,
             "the most bytes that --compressed decodes to, such as 1000000 or 64MiB; default 4GiB. What grows beyond 4 MiB to more "
             "than 200 times its size is an error all the same")
      .flag("--check-digest", o.check_digest, "ask for a digest of the content, and fail when one is there and is wrong")
      .value("-C,--continue-at", "OFFSET", o.continue_at,
             "go on with the file of -o from this byte; - is where it ends; started anew when it is another one by now")
      .value("--etag-save", "FILE", o.etag_save, "write the entity tag of the response to FILE, for --etag-compare");
}

void declare_session_options(arguments& to, agent_options& o) {
  to.group("Session")
      .flag("-L,--location", o.location, "follow redirects, up to 20; Authorization and cookies stay where they belong")
      .value("--max-redirs", "N", o.max_redirs, "as -L, up to N; one more is an error, with 0 any")
      .flag("--allow-downgrade", o.allow_downgrade, "with -L: from https to http too, where others can read what is sent")
      .values("-b,--cookie", "COOKIES", o.cookies,
              "send these: 'NAME=VALUE; NAME=VALUE'; without a = it is a file to read them from")
      .value("-c,--cookie-jar", "FILE", o.cookie_jar,
             "read cookies from FILE, send and keep them, and write them back at the end (Netscape's format, mode 0600)")
      .value("-u,--user", "USER[:PASSWORD]", o.user,
             "log in, by Basic unless another is chosen; without a password it is asked for")
      .value("--password-file", "FILE", o.password_file, "the password is the first line of FILE; - is standard input")
      .flag("--basic", o.basic, "log in by Basic: the password is sent with the first request")
      .flag("--digest", o.digest, "log in by Digest: the password is not sent")
      .flag("--anyauth", o.any_auth, "log in by the best that the server offers")
      .value("--bearer,--oauth2-bearer", "TOKEN", o.bearer, "send this bearer token; @FILE reads it from a file")
      .flag("-n,--netrc", o.netrc, "log in as ~/.netrc says for the URL's host")
      .value("--netrc-file", "FILE", o.netrc_file, "as --netrc, from FILE");
}

void declare_proxy_options(arguments& to, agent_options& o) {
  to.value("-x,--proxy", "URL", o.proxy,
           "go through this proxy, http://HOST:PORT or https://HOST:PORT; default: as http_proxy, https_proxy and all_proxy say; "
           "'': none")
      .value("-U,--proxy-user", "USER[:PASSWORD]", o.proxy_user, "log in at the proxy; without a password it is asked for")
      .value("--noproxy", "LIST", o.no_proxy, "hosts, domains, addresses and blocks that need no proxy; default: as no_proxy says");
}

namespace {

constexpr unsigned usual_redirects = 20;
constexpr unsigned most_redirects = 1000;

void note_bad_lines(const std::string& file, std::size_t bad) {
  if (bad == 0) return;
  say("note: " + file + " has " + std::to_string(bad) + (bad == 1 ? " line that is no cookie" : " lines that are no cookies"));
}

void plan_cookies(agent_plan& plan, const agent_options& o) {
  std::string pairs;
  for (const std::string& written : o.cookies) {
    if (written.find('=') != std::string::npos) {
      pairs += (pairs.empty() ? "" : "; ") + written;
      continue;
    }
    if (!plan.jar) plan.jar.emplace();
    if (written.empty()) continue;  // as with curl: an empty jar
    struct stat there{};
    if (::stat(written.c_str(), &there) != 0) {
      throw refusal(exit_local,
                    "cannot read the cookie file " + written + ": " + std::strerror(errno) + " (a cookie has a = in it)");
    }
    try {
      note_bad_lines(written, plan.jar->load(written));
    } catch (const std::runtime_error& error) {
      throw refusal(exit_local, error.what());
    }
  }
  if (!pairs.empty()) {
    try {
      parley::fields().add("Cookie", pairs);
    } catch (const invalid_field&) {
      throw refusal(exit_usage, "-b: cookies have no control characters in them");
    }
    plan.fields.emplace_back("Cookie", pairs);
  }
  if (!o.cookie_jar) return;
  if (o.cookie_jar->empty()) throw refusal(exit_usage, "--cookie-jar needs a file's name");
  if (!plan.jar) plan.jar.emplace();
  plan.jar_file = o.cookie_jar;
  if (*o.cookie_jar == "-") return;
  try {
    note_bad_lines(*o.cookie_jar, plan.jar->load(*o.cookie_jar));
  } catch (const std::runtime_error& error) {
    throw refusal(exit_local, error.what());
  }
}

}  // namespace

agent_plan make_agent_plan(const agent_options& o, const std::vector<uri>& urls, const std::string& method,
                           const std::optional<std::string>& output) {
  agent_plan plan;
  if (urls.size() > 1 && (o.continue_at || o.etag_save || o.etag_compare))
    throw refusal(exit_usage, "-C, --etag-save and --etag-compare are for one URL; give one");
  if (o.location) plan.redirects = usual_redirects;
  if (o.max_redirs) plan.redirects = static_cast<unsigned>(parse_count("--max-redirs", *o.max_redirs, most_redirects));
  plan.refuses_redirects = o.max_redirs && plan.redirects == 0;
  if (o.allow_downgrade && plan.redirects == 0)
    throw refusal(exit_usage, "--allow-downgrade is about redirects; follow them with -L");
  plan.downgrades = o.allow_downgrade;
  plan.decode = o.compressed;
  plan.check_digest = o.check_digest;
  if (o.decode_limit && !o.compressed) throw refusal(exit_usage, "--decode-limit bounds what --compressed decodes; give that too");
  if (o.decode_limit) plan.decode_limit = parse_size("--decode-limit", *o.decode_limit);
  plan.who = chosen_login(o);
  if (o.netrc || o.netrc_file) {
    if (plan.who) throw refusal(exit_usage, "choose one of --netrc, -u and --bearer");
    const char* const home = std::getenv("HOME");
    if (!o.netrc_file && (home == nullptr || *home == '\0'))
      throw refusal(exit_local, "there is no HOME to find .netrc in; use --netrc-file FILE");
    plan.netrc_file = o.netrc_file ? *o.netrc_file : std::string(home) + "/.netrc";
  }
  plan.proxy = o.proxy;
  plan.no_proxy = o.no_proxy;
  if (o.proxy_user && (!o.proxy || o.proxy->empty())) throw refusal(exit_usage, "-U is for the proxy of -x; give that too");
  if (o.proxy_user) plan.proxy = with_proxy_user(*o.proxy, *o.proxy_user);
  try {
    if (plan.proxy) static_cast<void>(options().proxy(*plan.proxy));
  } catch (const std::invalid_argument& error) {
    throw refusal(exit_usage, std::string("-x: ") + error.what());
  }
  plan_cookies(plan, o);
  plan_conditions(plan, o);
  plan_ranges(plan, o, method, output);
  plan.etag_save = o.etag_save;
  if (o.etag_save && o.etag_save->empty()) throw refusal(exit_usage, "--etag-save needs a file's name");
  plan.form = make_form(o.forms);
  return plan;
}

void apply_agent(const agent_plan& plan, const uri& url, options& how) {
  if (plan.jar) how.cookies(*plan.jar);
  if (plan.redirects > 0) how.redirects(plan.redirects, plan.downgrades);
  if (plan.decode && plan.decode_limit) how.decode(*plan.decode_limit);
  if (plan.decode && !plan.decode_limit) how.decode();
  if (plan.check_digest) how.check_digests();
  if (plan.who) how.login(*plan.who);
  if (plan.netrc_file) {
    try {
      if (const auto known = login::from_netrc(*plan.netrc_file, url.host_name())) how.login(*known);
    } catch (const std::runtime_error& error) {
      throw refusal(exit_local, error.what());
    }
  }
  if (plan.no_proxy) how.no_proxy(*plan.no_proxy);
  if (plan.proxy && !plan.proxy->empty()) how.proxy(*plan.proxy);
  if (!plan.proxy) how.proxy_from_environment();
}

}  // namespace parley::tool
