// The same user's own Asio, in other settings than Parley's: both must live in one program.
#define ASIO_STANDALONE
#include <asio.hpp>

int own_asio();
int own_asio() {
  asio::io_context context;
  int resolved = 0;
  // The resolver starts a thread of Asio's own.
  asio::ip::tcp::resolver resolver(context);
  resolver.async_resolve("127.0.0.1", "80", [&](std::error_code error, const auto&) {
    if (!error) ++resolved;
  });
  context.run();
  return resolved;
}
