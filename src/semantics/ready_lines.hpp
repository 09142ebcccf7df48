// Field lines that go with many messages, made once.
#pragma once

#include <parley/fields.hpp>

#include <string>

namespace parley::detail {

/// The same lines twice: as fields, for whoever looks at a message and for versions that compress them, and as HTTP/1 writes them,
/// which is then one copy. They hold none of the fields that an engine makes or reads by itself (Content-Length, Transfer-Encoding,
/// Connection, Keep-Alive, Proxy-Connection, Upgrade), and neither Date nor Server unless they are a server's own.
struct ready_lines {
  ready_lines() = default;
  explicit ready_lines(parley::fields lines);

  parley::fields fields;
  std::string text;
};

/// Appends the lines to `to`, as lines that are known to be valid.
void append_ready(parley::fields& to, const ready_lines& lines);

}  // namespace parley::detail
