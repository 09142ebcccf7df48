#include <parley/cache_control.hpp>

#include <algorithm>

namespace parley {

cache_control& cache_control::say(std::string_view directive) {
  if (!text_.empty()) text_ += ", ";
  text_ += directive;
  return *this;
}

cache_control& cache_control::say(std::string_view directive, std::chrono::seconds time) {
  say(directive);
  text_.append("=").append(std::to_string(std::max(time.count(), std::chrono::seconds::rep{0})));
  return *this;
}

cache_control& cache_control::public_() { return say("public"); }
cache_control& cache_control::private_() { return say("private"); }
cache_control& cache_control::no_store() { return say("no-store"); }
cache_control& cache_control::no_cache() { return say("no-cache"); }
cache_control& cache_control::max_age(std::chrono::seconds time) { return say("max-age", time); }
cache_control& cache_control::s_maxage(std::chrono::seconds time) { return say("s-maxage", time); }
cache_control& cache_control::must_revalidate() { return say("must-revalidate"); }
cache_control& cache_control::proxy_revalidate() { return say("proxy-revalidate"); }
cache_control& cache_control::no_transform() { return say("no-transform"); }
cache_control& cache_control::immutable() { return say("immutable"); }
cache_control& cache_control::stale_while_revalidate(std::chrono::seconds time) { return say("stale-while-revalidate", time); }
cache_control& cache_control::stale_if_error(std::chrono::seconds time) { return say("stale-if-error", time); }

}  // namespace parley
