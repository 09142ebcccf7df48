// The options of the client commands for what takes more than one request, and what they come to.
#pragma once

#include <parley/client.hpp>
#include <parley/cookie_jar.hpp>
#include <parley/fields.hpp>
#include <parley/form_content.hpp>
#include <parley/login.hpp>
#include <parley/uri.hpp>

#include "tool/arguments.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace parley::tool {

/// As written on the command line.
struct agent_options {
  std::vector<std::string> cookies;
  std::vector<given_value> forms;  // of --form and --form-string
  std::optional<std::string> cookie_jar, max_redirs, decode_limit, user, password_file, bearer, netrc_file, range, continue_at,
      etag_save, etag_compare, time_cond, proxy, no_proxy, proxy_user;
  bool location = false, allow_downgrade = false, compressed = false, check_digest = false, basic = false, digest = false,
       any_auth = false, netrc = false, get = false;
};

void declare_request_options(arguments& to, agent_options& o);
void declare_response_options(arguments& to, agent_options& o);
void declare_session_options(arguments& to, agent_options& o);
void declare_proxy_options(arguments& to, agent_options& o);

/// Checked. Empty where nothing was asked for.
struct agent_plan {
  std::optional<cookie_jar> jar;
  std::optional<std::string> jar_file;
  std::shared_ptr<const form_content> form;
  std::optional<login> who;
  std::optional<std::string> netrc_file;
  std::optional<std::uint64_t> decode_limit;
  std::optional<std::string> proxy, no_proxy, etag_save, range;
  std::optional<std::optional<std::uint64_t>> resume;  // -C: from there; or where the file ends
  std::vector<std::pair<std::string, std::string>> fields;
  unsigned redirects = 0;
  bool refuses_redirects = false;  // --max-redirs 0: none is followed, and none is an answer
  bool downgrades = false, decode = false, check_digest = false, conditional = false;
};

/// Throws `refusal`. Asks for a password on the terminal where -u has none.
[[nodiscard]] agent_plan make_agent_plan(const agent_options& o, const std::vector<uri>& urls, const std::string& method,
                                         const std::optional<std::string>& output);

/// The options of a fetch of `url`.
void apply_agent(const agent_plan& plan, const uri& url, options& how);

}  // namespace parley::tool
