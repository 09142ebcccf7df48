// A server of any kind against our client's engine, which takes pushes.
#include "h2_engine.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  parley::h2::options how;
  how.push = true;
  fuzz::run(parley::engine::role::client, how, data, size);
  return 0;
}
