// The stores of sessions that pass the same tests, and a browser for one server without a socket.
#pragma once

#include "../support/scratch_folder.hpp"

#include <parley/server.hpp>
#include <parley/session.hpp>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace parley::testing {

enum class store_kind { memory, sqlite };

inline std::shared_ptr<session_store> make_sessions(store_kind kind, const std::string& folder) {
  return kind == store_kind::memory ? memory_sessions() : sqlite_sessions(folder + "/sessions.db");
}

/// Keeps cookies by name, as a user agent does for one host.
class browser {
 public:
  explicit browser(server& of) : server_(of) {}

  response get(std::string_view path) { return send(request(method::get, path)); }
  response post(std::string_view path, std::string form = {}) {
    request req(method::post, path);
    req.content(std::move(form), "application/x-www-form-urlencoded");
    return send(std::move(req));
  }
  response send(request req) {
    req.header("Host", host);
    std::string line;
    for (const auto& [name, value] : cookies) line += (line.empty() ? "" : "; ") + name + "=" + value;
    if (!line.empty()) req.header("Cookie", line);
    response answer = server_.handle(std::move(req));
    take(answer);
    return answer;
  }
  void take(const response& answer) {
    for (const std::string_view set : answer.fields().get_all("Set-Cookie")) {
      const std::string pair(set.substr(0, set.find(';')));
      const std::string name = pair.substr(0, pair.find('='));
      const std::string value = pair.substr(pair.find('=') + 1);
      if (set.find("Max-Age=0") != std::string_view::npos) {
        cookies.erase(name);
      } else {
        cookies[name] = value;
      }
    }
  }

  std::map<std::string, std::string> cookies;
  std::string host = "localhost";

 private:
  server& server_;
};

}  // namespace parley::testing
