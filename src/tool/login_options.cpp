#include "tool/login_options.hpp"

#include <parley/uri.hpp>

#include "tool/exit_code.hpp"
#include "tool/option_values.hpp"
#include "tool/password.hpp"
#include "trace/escape.hpp"

#include <stdexcept>
#include <utility>

namespace parley::tool {

namespace {

constexpr std::size_t largest_token_file = 64 * 1024;

/// `USER:PASSWORD`, or a password that is asked for.
std::pair<std::string, std::string> split_user(const std::string& written, const std::optional<std::string>& file, const char* at) {
  const std::size_t colon = written.find(':');
  std::string user = written.substr(0, colon);
  if (file && colon != std::string::npos) {
    throw refusal(exit_usage,
                  "-u " + trace::printable(user) + ":[hidden] has a password already; leave that out, or --password-file");
  }
  if (file) return {written, first_line(read_small_file(*file, largest_token_file))};
  if (colon != std::string::npos) return {std::move(user), written.substr(colon + 1)};
  std::string password = ask_password("Password of " + trace::printable(user) + at + ": ");
  return {std::move(user), std::move(password)};
}

}  // namespace

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

}  // namespace parley::tool
