#include "engine/events.hpp"

namespace parley::engine {

std::uint64_t chunk::size() const {
  struct measure {
    std::uint64_t operator()(const view& v) const { return v.data.size(); }
    std::uint64_t operator()(const owned& o) const { return o.data.size(); }
    std::uint64_t operator()(const shared& s) const { return s.data.size(); }
    std::uint64_t operator()(const file& f) const { return f.length; }
  };
  return std::visit(measure{}, content);
}

}  // namespace parley::engine
