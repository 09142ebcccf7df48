// A file under a temporary name, beside the one that it will become; also a signal that ends the command takes it away.
#pragma once

#include <string>

namespace parley::tool {

/// `path` in, the temporary name out; the descriptor, or -1 with errno. One at a time.
int open_temporary(std::string& path);
/// It has got its name: it stays.
void keep_temporary();
void discard_temporary(const std::string& temporary);

}  // namespace parley::tool
