#include "tool/option_words.hpp"

#include <array>

namespace parley::tool {

namespace {

struct option_word {
  std::string_view of_the_library;
  std::string_view ours;
};

constexpr std::array option_words{
    option_word{"a longer connect_timeout may help", "a longer --connect-timeout may help"},
    option_word{"a longer timeout may help", "a longer --timeout may help"},
    option_word{"ask for HTTP/1.1", "ask for HTTP/1.1 (--http1.1)"},
    option_word{"ask for HTTP/2", "ask for HTTP/2 (--http2)"},
    option_word{"(options::redirects)", "(--max-redirs)"},
    option_word{"options::redirects can allow it", "--allow-downgrade allows it"},
    option_word{"(options::decode;", "(--decode-limit;"},
    option_word{"; without decoding it comes as it is", "; without --compressed it comes as it is"},
    option_word{"or the proxy for this host", "or the proxy for this host (--noproxy HOST)"},
    option_word{" (request::repeatable)", ""},
    option_word{"; it may be in a file of its own", "; give it with --key FILE"},
    option_word{"raise content_limit, or stream it", "-o FILE saves it"},
};

void replace(std::string& in, std::string_view what, std::string_view by) {
  if (const std::size_t at = in.find(what); at != std::string::npos) in.replace(at, what.size(), by);
}

}  // namespace

std::string in_options(std::string sentence, std::string_view version) {
  constexpr std::string_view prefix = "parley: ";
  if (sentence.starts_with(prefix)) sentence.erase(0, prefix.size());
  for (const option_word& each : option_words) replace(sentence, each.of_the_library, each.ours);
  if (!version.empty()) replace(sentence, "leave the version out", "leave " + std::string(version) + " out");
  return sentence;
}

}  // namespace parley::tool
