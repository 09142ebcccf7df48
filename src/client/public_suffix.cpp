#include "client/public_suffix.hpp"

#include <libpsl.h>

#include <memory>
#include <string>

namespace parley::fetching {

namespace {

struct psl_freer {
  void operator()(psl_ctx_t* list) const {
    // The built-in one is nobody's.
    if (list != psl_builtin()) psl_free(list);
  }
};

// The newest of the system's and the built-in one; loaded once, read by all threads.
const psl_ctx_t* suffix_list() {
  static const std::unique_ptr<psl_ctx_t, psl_freer> list(psl_latest(nullptr));
  return list.get();
}

}  // namespace

bool is_public_suffix(std::string_view domain) {
  const psl_ctx_t* const list = suffix_list();
  if (list == nullptr) return true;
  return psl_is_public_suffix(list, std::string(domain).c_str()) != 0;
}

}  // namespace parley::fetching
