#include "tool/agent_options.hpp"

#include <parley/date.hpp>

#include "tool/exit_code.hpp"
#include "tool/form_option.hpp"
#include "tool/password.hpp"
#include "tool/terminal.hpp"
#include "trace/escape.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <stdexcept>

namespace parley::tool {

void declare_request_options(arguments& to, agent_options& o) {
  to.values("--data-urlencode", "DATA", o.urlencoded,
            "as -d, percent-encoded: CONTENT, =CONTENT, NAME=CONTENT, @FILE or NAME@FILE; behind what -d has")
      .flag("-G,--get", o.get, "put what -d and --data-urlencode have into the URL's query instead")
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
      .value("--decode-limit", "BYTES", o.decode_limit, "the most that --compressed decodes to; default 4 GiB")
      .flag("--check-digest", o.check_digest, "ask for a digest of the content, and fail when one is there and is wrong")
      .value("-C,--continue-at", "OFFSET", o.continue_at,
             "go on with the file of -o from this byte; - is where it ends; started anew when it is another one by now")
      .value("--etag-save", "FILE", o.etag_save, "write the entity tag of the response to FILE, for --etag-compare");
}

void declare_session_options(arguments& to, agent_options& o) {
  to.group("Session")
      .flag("-L,--location", o.location, "follow redirects, up to 20; Authorization and cookies stay where they belong")
      .value("--max-redirs", "N", o.max_redirs, "as -L, up to N")
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
constexpr std::size_t largest_tag_file = 16 * 1024;
constexpr std::size_t largest_token_file = 64 * 1024;

std::uint64_t parse_count(const char* option, const std::string& text, std::uint64_t most) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || number > most) {
    throw refusal(exit_usage, std::string(option) + " takes a number up to " + std::to_string(most) + "; got \"" +
                                  trace::printable(text) + "\"");
  }
  return number;
}

std::string first_line(std::string text) {
  text.resize(std::min(text.find('\n'), text.size()));
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

/// `USER:PASSWORD`, or a password that is asked for.
std::pair<std::string, std::string> split_user(const std::string& written, const std::optional<std::string>& file, const char* at) {
  const std::size_t colon = written.find(':');
  std::string user = written.substr(0, colon);
  if (file) return {written, first_line(read_small_file(*file, largest_token_file))};
  if (colon != std::string::npos) return {std::move(user), written.substr(colon + 1)};
  std::string password = ask_password("Password of " + trace::printable(user) + at + ": ");
  return {std::move(user), std::move(password)};
}

std::optional<login> chosen_login(const agent_options& o) {
  if (o.basic + o.digest + o.any_auth > 1) throw refusal(exit_usage, "choose one of --basic, --digest and --anyauth");
  if (o.bearer && o.user) throw refusal(exit_usage, "choose one of -u and --bearer");
  try {
    if (o.bearer) {
      const bool from_file = o.bearer->starts_with('@');  // no token has an @
      return login::bearer(from_file ? first_line(read_small_file(o.bearer->substr(1), largest_token_file)) : *o.bearer);
    }
    if (!o.user) {
      if (o.password_file || o.basic || o.digest || o.any_auth) {
        if (!o.netrc && !o.netrc_file) throw refusal(exit_usage, "who is it? -u USER says so");
      }
      return std::nullopt;
    }
    auto [user, password] = split_user(*o.user, o.password_file, "");
    if (o.digest) return login::digest(std::move(user), std::move(password));
    if (o.any_auth) return login::any(std::move(user), std::move(password));
    return login::basic(std::move(user), std::move(password));
  } catch (const std::invalid_argument& error) {
    throw refusal(exit_usage, error.what());
  }
}

std::string with_proxy_user(const std::string& url, const std::string& written) {
  const auto [user, password] = split_user(written, std::nullopt, " at the proxy");
  const std::size_t mark = url.find("://");
  const std::string scheme = mark == std::string::npos ? "http://" : url.substr(0, mark + 3);
  const std::string rest = mark == std::string::npos ? url : url.substr(mark + 3);
  if (rest.find('@') != std::string::npos) throw refusal(exit_usage, "the proxy's URL has a user already; leave out -U");
  return scheme + percent_encode(user) + ":" + percent_encode(password) + "@" + rest;
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
      static_cast<void>(plan.jar->load(written));
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
    const std::size_t bad = plan.jar->load(*o.cookie_jar);
    if (bad > 0)
      say("note: " + *o.cookie_jar + " has " + std::to_string(bad) +
          (bad == 1 ? " line that is no cookie" : " lines that are no cookies"));
  } catch (const std::runtime_error& error) {
    throw refusal(exit_local, error.what());
  }
}

/// HTTP's dates, `2026-11-23` and `2026-11-23 10:00:00`, in UTC.
std::optional<std::chrono::sys_seconds> date_of(const std::string& text) {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  if (const auto date = parse_date(text, now)) return date;
  for (const char* format : {"%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d", "%Y%m%d"}) {
    std::tm parts{};
    const char* const end = ::strptime(text.c_str(), format, &parts);
    if (end != nullptr && *end == '\0') return std::chrono::sys_seconds(std::chrono::seconds(::timegm(&parts)));
  }
  return std::nullopt;
}

void plan_conditions(agent_plan& plan, const agent_options& o) {
  if (o.etag_compare) {
    if (o.etag_compare->empty()) throw refusal(exit_usage, "--etag-compare needs a file's name");
    struct stat there{};
    // None yet: then it is asked for without a condition.
    const std::string tag =
        ::stat(o.etag_compare->c_str(), &there) == 0 ? first_line(read_small_file(*o.etag_compare, largest_tag_file)) : "";
    const bool quoted = (tag.starts_with('"') || tag.starts_with("W/\"")) && tag.ends_with('"') && tag.size() > 2;
    if (!tag.empty() && !quoted)
      throw refusal(exit_local, *o.etag_compare + " holds no entity tag, such as \"33a64df5\"; remove it, or use another file");
    if (!tag.empty()) plan.fields.emplace_back("If-None-Match", tag);
    plan.conditional = true;
  }
  if (!o.time_cond) return;
  const bool before = o.time_cond->starts_with('-');
  const std::string written = o.time_cond->substr(before ? 1 : 0);
  auto when = date_of(written);
  struct stat there{};
  if (!when && ::stat(written.c_str(), &there) == 0) when = std::chrono::sys_seconds(std::chrono::seconds(there.st_mtime));
  if (!when) {
    throw refusal(exit_usage, "-z takes a date such as 2026-11-23 or 'Mon, 23 Nov 2026 10:00:00 GMT', or a file; got \"" +
                                  trace::printable(written) + "\"");
  }
  plan.fields.emplace_back(before ? "If-Unmodified-Since" : "If-Modified-Since", format_date(*when));
  plan.conditional = true;
}

void plan_ranges(agent_plan& plan, const agent_options& o, const std::string& method, const std::optional<std::string>& output) {
  if ((o.range || o.continue_at) && method != "GET") throw refusal(exit_usage, "ranges are for GET; leave out -r and -C");
  if (o.range) {
    const bool fits = !o.range->empty() && o.range->find('-') != std::string::npos &&
                      std::ranges::all_of(*o.range, [](char c) { return (c >= '0' && c <= '9') || c == '-' || c == ','; });
    if (!fits) throw refusal(exit_usage, "-r takes bytes such as 0-499, 500- or -500; got \"" + trace::printable(*o.range) + "\"");
    plan.fields.emplace_back("Range", "bytes=" + *o.range);
  }
  if (!o.continue_at) return;
  if (o.range || o.compressed || plan.conditional)
    throw refusal(exit_usage, "-C does not go with -r, --compressed, -z and --etag-compare");
  if (!output || *output == "-")
    throw refusal(exit_usage, "-C goes on with a file: give it with -o FILE (-r 500- asks for the rest alone)");
  plan.resume.emplace();
  if (*o.continue_at == "-") return;
  if (o.continue_at->empty() || o.continue_at->find_first_not_of("0123456789") != std::string::npos) {
    throw refusal(exit_usage, "-C takes the byte to go on from, or - for where the file ends; got \"" +
                                  trace::printable(*o.continue_at) + "\"");
  }
  *plan.resume = parse_count("-C", *o.continue_at, INT64_MAX);
}

}  // namespace

std::string read_small_file(const std::string& path, std::size_t most) {
  const int opened = path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const auto fail = [&](const std::string& why) {
    if (opened >= 0) ::close(opened);
    throw refusal(exit_local, "cannot read " + (path == "-" ? std::string("standard input") : path) + ": " + why);
  };
  if (opened < 0) fail(std::strerror(errno));
  std::string text;
  char piece[4096];
  for (;;) {
    const ssize_t n = ::read(opened, piece, sizeof piece);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(std::strerror(errno));
    if (n == 0) break;
    text.append(piece, static_cast<std::size_t>(n));
    if (text.size() > most) fail("it is larger than " + std::to_string(most) + " bytes");
  }
  ::close(opened);
  return text;
}

std::string urlencoded_data(const std::string& written) {
  constexpr std::size_t largest_encoded_file = std::size_t{64} << 20;
  const std::size_t equals = written.find('=');
  const std::size_t file = written.find('@');
  if (equals != std::string::npos && equals < file) {
    const std::string name = written.substr(0, equals);
    return (name.empty() ? "" : name + "=") + percent_encode(written.substr(equals + 1));
  }
  if (file == std::string::npos) return percent_encode(written);
  const std::string name = written.substr(0, file);
  return (name.empty() ? "" : name + "=") + percent_encode(read_small_file(written.substr(file + 1), largest_encoded_file));
}

agent_plan make_agent_plan(const agent_options& o, const std::vector<uri>& urls, const std::string& method,
                           const std::optional<std::string>& output) {
  agent_plan plan;
  if (urls.size() > 1 && (o.continue_at || o.etag_save || o.etag_compare))
    throw refusal(exit_usage, "-C, --etag-save and --etag-compare are for one URL; give one");
  if (o.location) plan.redirects = usual_redirects;
  if (o.max_redirs) plan.redirects = static_cast<unsigned>(parse_count("--max-redirs", *o.max_redirs, most_redirects));
  if (o.allow_downgrade && plan.redirects == 0)
    throw refusal(exit_usage, "--allow-downgrade is about redirects; follow them with -L");
  plan.downgrades = o.allow_downgrade;
  plan.decode = o.compressed;
  plan.check_digest = o.check_digest;
  if (o.decode_limit && !o.compressed) throw refusal(exit_usage, "--decode-limit bounds what --compressed decodes; give that too");
  if (o.decode_limit) plan.decode_limit = parse_count("--decode-limit", *o.decode_limit, INT64_MAX);
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
