// The files of qpack-qifs (https://github.com/qpackers/qifs): field lists as text, and what encoders made of them.
#pragma once

#include <string>
#include <vector>

#include "fieldcode/support.hpp"

namespace parley::fieldcode::test {

struct qif {
  std::string name;  // of the file, without its ending
  std::vector<field_list> lists;
};

/// What was written to a stream at once: that of the encoder is 0.
struct encoded_chunk {
  std::uint64_t stream;
  std::string bytes;
};
struct encoded_file {
  std::string name;  // folder and file
  std::string list;  // the qif it is made of
  std::size_t table_capacity = 4096;
  std::size_t blocked_streams = 100;
  bool acknowledged = true;  // each section at once
  std::vector<encoded_chunk> chunks;
};

struct qif_folder {
  std::vector<qif> lists;
  std::vector<encoded_file> encoded;
  std::vector<encoded_file> errors;
};

/// All below $PARLEY_VECTORS/qpack-qifs, sorted; empty, with the reason in `missing`, where they cannot be read.
qif_folder read_qifs(std::string& missing);

}  // namespace parley::fieldcode::test
