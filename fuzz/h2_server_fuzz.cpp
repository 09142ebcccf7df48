// A client of any kind against our server's engine.
#include "h2_engine.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  parley::h2::options how;
  how.extended_connect = true;
  fuzz::run(parley::engine::role::server, how, data, size);
  return 0;
}
