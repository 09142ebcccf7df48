// get, head, post, put, patch, delete, options, trace, request.
#include "tool/arguments.hpp"
#include "tool/commands.hpp"
#include "tool/exit_code.hpp"
#include "tool/fetch.hpp"
#include "tool/fetch_options.hpp"
#include "tool/terminal.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace parley::tool {

namespace {

struct fetch_command {
  std::string_view name;
  std::string_view summary;
  std::array<std::array<std::string_view, 2>, 3> examples;  // line, what it does
};

constexpr std::array<fetch_command, 9> fetch_commands{{
    {"get",
     "Gets what a URL names and prints its content. With several URLs, one after the other on the same connection where that is "
     "possible.",
     {{{"parley get localhost:8080/customers", "print the list"},
       {"parley get http://localhost:8080/ -o page.html", "save it; the file appears once it is whole"},
       {"parley get localhost:8080/ localhost:8080/customers --show", "see the second one reuse the connection"}}}},
    {"head",
     "Asks for the head that a GET would give, without the content, and prints it (as with -i).",
     {{{"parley head localhost:8080/", "print status and fields"}, {"", ""}, {"", ""}}}},
    {"post",
     "Sends content to be processed, and prints the answer.",
     {{{"parley post localhost:8080/customers --json '{\"Name\": \"Ada\", \"Address\": \"1 Hill\"}'", "add a customer"},
       {"parley post localhost:8080/form -d name=Ada -d 'city=New York'", "send a form"},
       {"tar c . | parley post localhost:8080/upload -d @- -H 'Content-Type: application/x-tar'",
        "send what a pipe gives, as it comes"}}}},
    {"put",
     "Creates or replaces what the URL names.",
     {{{"parley put localhost:8080/customers/100 --json @david.json", "send a file"},
       {"parley put 127.0.0.1:8080/customers/requests -H 'Host: www.example.re' --json @david.json",
        "to this machine, but asking for another site"},
       {"", ""}}}},
    {"patch",
     "Changes a part of what the URL names.",
     {{{"parley patch localhost:8080/customers/100 -H 'Content-Type: application/merge-patch+json' -d '{\"Address\": \"2 Hill\"}'",
        "change one member"},
       {"", ""},
       {"", ""}}}},
    {"delete",
     "Removes what the URL names.",
     {{{"parley delete localhost:8080/customers/100 -i", "see the status"}, {"", ""}, {"", ""}}}},
    {"options",
     "Asks what can be done with the URL, and prints the head (as with -i): see Allow. A URL without a path is about the server as "
     "a whole "
     "(OPTIONS *).",
     {{{"parley options localhost:8080/customers", "what can be done with the customers"},
       {"parley options localhost:8080", "OPTIONS *"},
       {"", ""}}}},
    {"trace",
     "Asks the server to send the request back as it received it. Many servers refuse that.",
     {{{"parley trace localhost:8080/ -i", "see what arrived"}, {"", ""}, {"", ""}}}},
    {"request",
     "Sends any method. Without METHOD it is GET, or POST when there is content. Methods are case-sensitive: GET is not get.",
     {{{"parley request PURGE localhost:8080/page", "a method of your own"},
       {"parley request localhost:8080/customers --json @new.json", "POST, since there is content"},
       {"", ""}}}},
}};

constexpr std::array<std::string_view, 9> known_methods{"GET",     "HEAD",    "POST",  "PUT",  "DELETE",
                                                        "CONNECT", "OPTIONS", "TRACE", "PATCH"};

/// The method that `request` was given or means, and the URLs.
std::string take_method(std::vector<std::string>& positionals, const fetch_options& options) {
  // In capitals and alone it is no host that anybody means.
  if (positionals.size() == 1 && std::ranges::find(known_methods, positionals.front()) != known_methods.end()) {
    const std::string method = std::move(positionals.front());
    positionals.clear();
    return method;
  }
  if (positionals.size() < 2) {
    const bool content = options.json || (!options.data.empty() && !options.agent.get) || !options.agent.forms.empty();
    return content ? "POST" : "GET";
  }
  std::string method = positionals.front();
  positionals.erase(positionals.begin());
  std::string upper = method;
  std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  for (const std::string_view known : known_methods) {
    if (upper == known && method != upper) say("note: methods are case-sensitive, so " + method + " is not " + upper);
  }
  return method;
}

}  // namespace

int run_fetch_command(const command& self, const std::vector<std::string>& words) {
  const auto& about = *std::ranges::find(fetch_commands, self.name, &fetch_command::name);
  const bool any_method = self.name == "request";
  const std::string positionals_text = any_method ? "[METHOD] URL" : "URL...";
  arguments args(self.name, positionals_text, std::string(about.summary));
  fetch_options options;
  declare_fetch_options(args, options);
  for (const auto& [line, says] : about.examples) {
    if (!line.empty()) args.example_line(std::string(line), std::string(says));
  }
  std::vector<std::string> positionals = args.parse(words);
  if (args.help_wanted()) return write_all(STDOUT_FILENO, args.help(80)) ? exit_done : exit_local;

  std::string method;
  if (any_method) {
    if (positionals.size() > 2)
      throw refusal(exit_usage, "request takes a method and one URL; got " + std::to_string(positionals.size()) + " words");
    method = take_method(positionals, options);
  } else {
    std::ranges::transform(self.name, std::back_inserter(method),
                           [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  }
  if (positionals.empty()) {
    throw refusal(exit_usage,
                  self.name + " needs a URL, such as parley " + self.name + (any_method ? " " + method : "") + " localhost:8080/");
  }
  // The answers to these are their heads.
  if (method == "HEAD" || method == "OPTIONS") options.include = true;
  return fetch_all(make_fetch_plan(std::move(method), positionals, options));
}

}  // namespace parley::tool
