// Parses a browser's head again and again, for callgrind: instructions a byte of `head_parser` and what follows it up to the event's
// head. `head_parse` prints the size of the head and the number of rounds; the cost of one round is the difference of two runs:
//
//   valgrind --tool=callgrind --callgrind-out-file=/dev/null build/release/bench/head_parse 1000    and the same with 2000
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "h1/framing.hpp"
#include "h1/head_parser.hpp"
#include "samples.hpp"

namespace {

using parley::bench::browser_head;

std::size_t parse_once(parley::h1::head_parser& parser) {
  parley::semantics::request_head head;
  parley::h1::received_head meaning;
  parley::h1::head_parser::scratch room;
  parser.start(parley::h1::head_kind::request);
  if (parser.parse(browser_head, room) != parley::h1::head_parser::progress::complete) std::abort();
  if (parley::h1::take_head(parser, browser_head.substr(0, parser.size()), head, meaning)) std::abort();
  parser.release();
  return head.fields.size();
}

}  // namespace

int main(int argc, char** argv) {
  const long rounds = argc > 1 ? std::atol(argv[1]) : 1'000'000;
  const parley::limits caps;
  parley::h1::head_parser parser(caps);
  std::size_t fields = 0;
  for (long i = 0; i < rounds; ++i) fields += parse_once(parser);
  std::printf("head %zu bytes, %ld rounds, %zu fields\n", browser_head.size(), rounds, fields);
}
