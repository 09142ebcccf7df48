// Responses, whole and in pieces: the same events, whatever the bytes are. The first byte chooses the requests.
#include "h1_engine.hpp"

namespace {

void send(fuzz::driver& d, unsigned choice) {
  using namespace parley;
  const parley::method methods[]{method::get, method::head, method::connect, method::post};
  for (int i = 0; i < 3 && d.c.can_send_request(); ++i) {
    semantics::request_head head;
    head.method = methods[(choice >> (2 * i)) & 3];
    if ((choice & 0x40) != 0) head.fields.add("Upgrade", "x");
    head.target_ref = parley::detail::fields_access::store(head.fields, head.method == method::connect ? "a:1" : "/");
    head.authority_ref = parley::detail::fields_access::store(head.fields, "a");
    if (!d.c.send_request(head, engine::content_length::no_content(), fuzz::epoch)) std::abort();
  }
  d.drain_output();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fuzz;
  static const limits caps = small_limits();
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  driver whole(engine::role::client, caps, {.pipeline = 3});
  send(whole, data[0]);
  whole.feed(bytes, bytes.size() + 1);
  whole.finish();
  for (const std::size_t step : {std::size_t{1}, std::size_t{13}}) {
    driver pieces(engine::role::client, caps, {.pipeline = 3});
    send(pieces, data[0]);
    pieces.feed(bytes, step);
    pieces.finish();
    if (pieces.log != whole.log) std::abort();
  }
  return 0;
}
