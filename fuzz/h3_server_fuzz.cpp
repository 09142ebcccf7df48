// A client of any kind against our server's engine.
#include "h3_engine.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  parley::h3::options how;
  how.extended_connect = how.datagrams = true;
  fuzz::run_h3(parley::engine::role::server, how, data, size);
  return 0;
}
