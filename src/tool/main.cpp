// The command `parley`. Apart from the rest so that tests can link that.
#include "tool/commands.hpp"

#include <string>
#include <vector>

int main(int argc, char** argv) {
  return parley::tool::run_command_line(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
}
