// The cookies of a user agent (RFC 6265bis): kept, sent where they belong, and written to files that curl and others read.
//
//   parley::cookie_jar jar;
//   parley::client http;
//   http.cookies(jar);                                  // every fetch of this client sends and keeps them
//   auto res = parley::fetch(url, parley::options().cookies(jar));
#pragma once

#include <parley/config.hpp>
#include <parley/uri.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley {

namespace detail {
class jar_state;  // src/client/jar.hpp
}

/// A handle: copies are the same jar. Safe for any number of threads, loops and clients at once.
///
/// It holds at most 3,000 cookies, 180 of a domain and 4 MiB; where a cap is reached, expired ones go first, then those that were not
/// used for longest. A request gets at most 16 KiB of them. Nobody sets cookies for a whole public suffix (`com`, `co.uk`; libpsl has
/// the list; where its data is missing, for nobody but the very host). `__Host-`, `__Secure-`, Secure and Path are obeyed. Every
/// request counts as the user's own, so SameSite holds nothing back; hosts are compared as URLs have them, which is ASCII: names
/// beyond it are written as `xn--...`, and a Domain with other bytes is refused.
class PARLEY_API cookie_jar {
 public:
  /// One cookie of a jar.
  struct cookie {
    std::string name;
    std::string value;
    std::string domain;  // lower case, without leading dot
    std::string path;
    bool host_only = true;  // for `domain` alone, not for the hosts below it
    bool secure = false;
    bool http_only = false;
    std::optional<std::chrono::sys_seconds> expires = {};  // nothing: until the session ends
  };

  /// An empty one.
  cookie_jar();

  /// Takes the value of one Set-Cookie field that came from `url`. Why it was refused, as a sentence that follows "the cookie was
  /// refused: "; empty: it was taken, or has removed the one that it replaces.
  std::string store(std::string_view set_cookie, const uri& url);
  /// What the Cookie field of a request for `url` says; empty: nothing. They count as used.
  [[nodiscard]] std::string field_for(const uri& url);

  /// Those that have not expired, the earliest first.
  [[nodiscard]] std::vector<cookie> all() const;
  [[nodiscard]] std::size_t size() const;
  void clear();
  /// Those without a date, as when a browser is closed.
  void remove_session_cookies();

  /// Netscape's format, as curl, wget and Python read it: seven columns between tabs, `#HttpOnly_` before the domain. A cookie with a tab in
  /// its name, path or value has no line that they could read: it is in one that they take for a comment (`#Parley_`), which `read` takes.
  [[nodiscard]] std::string to_text() const;
  /// Adds what such a text has; how many of its lines were no cookies.
  std::size_t read(std::string_view text);
  /// As `read`, from a file of at most 8 MiB; one that does not exist is empty. Throws `std::runtime_error`, a sentence with the file's name.
  std::size_t load(const std::string& file);
  /// Writes it, with mode 0600 and in one step: whoever reads sees all of the old text or all of the new. Throws as `load`.
  void save(const std::string& file) const;

  friend bool operator==(const cookie_jar&, const cookie_jar&) = default;  // the same jar

 private:
  std::shared_ptr<detail::jar_state> state_;
};

}  // namespace parley
