// A server of any kind against our client's engine.
#include "h3_engine.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  parley::h3::options how;
  how.push = how.datagrams = true;
  fuzz::run_h3(parley::engine::role::client, how, data, size);
  return 0;
}
