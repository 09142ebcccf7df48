// The cookies of a user agent, as a value (RFC 6265bis §5.7, §5.8).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/hash.hpp"
#include "semantics/cookie_match.hpp"
#include "semantics/received_cookie.hpp"

namespace parley::semantics {

struct jar_cookie {
  std::string name;
  std::string value;
  std::string domain;  // lower case, without leading dot
  std::string path;
  bool host_only = true;                            // for `domain` alone, not for the hosts below it
  std::optional<std::chrono::sys_seconds> expires;  // nothing: until the session ends
  bool secure = false;
  bool http_only = false;
  bool partitioned = false;
  same_site_rule same_site = same_site_rule::unset;
  std::uint64_t created = 0;  // smaller is earlier
  std::uint64_t used = 0;     // when it was last stored or sent, on the same scale
};

/// §6.1 wants at least 50 for a domain and 3,000 in all; §5.8.3 leaves the size of what is sent open.
struct cookie_jar_caps {
  std::size_t cookies = 3000;
  std::size_t cookies_of_domain = 180;
  std::size_t bytes = 4 * 1024 * 1024;  // names, values, domains and paths together
  std::size_t sent = 16 * 1024;         // of one Cookie field; what does not fit is left out
};

/// Whether everybody may register names below that domain, as below `com` and `co.uk`. Lower case, without dots around it.
using public_suffix_check = std::function<bool(std::string_view domain)>;

/// Not for several threads at once. Every request counts as one of the user's own (same site): who asks for others' sites on behalf
/// of a page has to mind SameSite itself.
class cookie_jar {
 public:
  /// Without a check, names without a dot count as public suffixes, which keeps cookies from whole top-level domains and no more.
  explicit cookie_jar(public_suffix_check is_public_suffix = {}, cookie_jar_caps caps = {});

  /// Takes one Set-Cookie value that came from `url`. A sentence, static, that follows "the cookie was refused: " when it is ignored. An
  /// expired one removes the one that it replaces. Where a cap is reached, expired cookies go first, then those that were not used
  /// for longest, of the same domain or of all.
  std::expected<void, const char*> store(std::string_view set_cookie_field, const cookie_url& url, std::chrono::sys_seconds now);

  /// The cookies for a request, in the order in which they are sent: longer paths first, then the earlier ones (§5.8.3). They are valid
  /// until the jar changes, and count as used.
  [[nodiscard]] std::vector<const jar_cookie*> find(const cookie_url& url, std::chrono::sys_seconds now);
  /// The same as a Cookie value; empty when there is none.
  [[nodiscard]] std::string field_for(const cookie_url& url, std::chrono::sys_seconds now);

  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  /// All of them, the earliest first.
  [[nodiscard]] std::vector<const jar_cookie*> all() const;

  void remove_expired(std::chrono::sys_seconds now);
  /// Those without a date, as when a browser is closed.
  void remove_session_cookies();
  void clear();

  /// The text of a cookie file (Netscape's format, as curl, wget and Python have it): seven columns between tabs, `#HttpOnly_` before the
  /// domain; 0 stands for the session's end. Partitioned and SameSite have no place in it. A cookie with a tab in name, path or value would
  /// make others refuse its line or all of the file: it stands behind `#Parley_`, a comment to them, with %09 for the tab and %25 for a
  /// percent sign, and a line at the top says how many there are.
  [[nodiscard]] std::string to_netscape() const;
  /// Adds what such a file has, replacing cookies of the same name, domain and path; how many of its lines were no cookies. Expired
  /// ones are passed over.
  std::size_t read_netscape(std::string_view text, std::chrono::sys_seconds now);

 private:
  using domain_cookies = std::vector<jar_cookie>;

  [[nodiscard]] bool is_public_suffix(std::string_view domain) const;
  std::expected<void, const char*> settle_domain(jar_cookie& cookie, const std::optional<std::string>& asked,
                                                 const cookie_url& url) const;
  [[nodiscard]] bool overlays_secure(const jar_cookie& cookie, const cookie_url& url, std::chrono::sys_seconds now) const;
  void put(jar_cookie cookie, std::chrono::sys_seconds now);
  bool read_netscape_line(std::string_view line, std::chrono::sys_seconds now);
  void make_room(std::string_view domain, std::chrono::sys_seconds now);
  template <class Predicate>
  void remove_where(Predicate&& gone);
  template <class Visit>
  void visit_domains(std::string_view host, Visit&& visit);

  public_suffix_check public_suffix_;
  cookie_jar_caps caps_;
  std::unordered_map<std::string, domain_cookies, base::text_hash, std::equal_to<>> domains_;
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
  std::uint64_t clock_ = 0;
};

}  // namespace parley::semantics
