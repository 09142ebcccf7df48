// What content codings cost on their way to a client, beside the tools of their libraries on the same bytes and level: CPU time of both, as a ratio.
//   bench/coding_cost FILE [ROUNDS]
// Ours encodes pieces of 32 KiB, as the server does, and hands out what it wrote; the tool reads the file and writes to /dev/null. The median
// of the rounds counts. The exit status is 1 where a ratio is above 1.1.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "coding/encoder.hpp"

namespace {

using namespace parley::coding;

constexpr double bar = 1.1;

double seconds(const rusage& used) {
  const auto of = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  return of(used.ru_utime) + of(used.ru_stime);
}

double own_time() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return seconds(used);
}

std::size_t encode(content_coding which, int level, std::string_view content) {
  const auto coder = make_encoder(which, {level, content.size()});
  std::vector<char> room(16 * 1024);
  std::size_t total = 0;
  const auto pass = [&](std::string_view in, until aim) {
    while (true) {
      const step now = coder->encode(in, room, aim);
      total += now.written;
      if (now.done) return;
    }
  };
  for (std::size_t at = 0; at < content.size(); at += 32 * 1024) pass(content.substr(at, 32 * 1024), until::more);
  pass({}, until::end);
  return total;
}

double run_tool(const std::vector<std::string>& words, const std::string& file) {
  const pid_t child = fork();
  if (child == 0) {
    const int in = open(file.c_str(), O_RDONLY | O_CLOEXEC);
    const int out = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(in, 0);
    dup2(out, 1);
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  int status = 0;
  rusage used{};
  if (child < 0 || wait4(child, &status, 0, &used) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0) return -1;
  return seconds(used);
}

double median(std::vector<double> all) {
  std::ranges::sort(all);
  return all[all.size() / 2];
}

}  // namespace

int main(int count, char** words) {
  if (count < 2) {
    std::fprintf(stderr, "coding_cost FILE [ROUNDS]\n");
    return 2;
  }
  const std::string file = words[1];
  const int rounds = count > 2 ? std::max(1, std::atoi(words[2])) : 5;
  std::ifstream in(file, std::ios::binary);
  std::ostringstream all;
  all << in.rdbuf();
  const std::string content = std::move(all).str();
  if (content.empty()) {
    std::fprintf(stderr, "coding_cost: %s is empty, or cannot be read\n", file.c_str());
    return 2;
  }
  const struct {
    content_coding coding;
    std::vector<std::string> tool;
    std::vector<int> levels;
  } rows[] = {
      {content_coding::br, {"brotli", "-c"}, {1, 4, 6}},
      {content_coding::zstd, {"zstd", "-q", "-c", "--single-thread", "--no-check"}, {1, 3, 9}},
      {content_coding::gzip, {"gzip", "-c"}, {1, 6, 9}},
  };
  bool holds = true;
  std::printf("%-6s %5s %12s %12s %6s %9s\n", "coding", "level", "ours MB/s", "tool MB/s", "ratio", "size");
  for (const auto& row : rows) {
    for (const int level : row.levels) {
      std::vector<std::string> tool = row.tool;
      tool.push_back("-" + std::to_string(level));
      std::vector<double> ours;
      std::vector<double> theirs;
      std::size_t size = 0;
      for (int i = 0; i < rounds; ++i) {
        const double before = own_time();
        size = encode(row.coding, level, content);
        ours.push_back(own_time() - before);
        theirs.push_back(run_tool(tool, file));
      }
      if (std::ranges::min(theirs) <= 0) {
        std::printf("%-6s %5d  the tool is missing, or failed\n", std::string(name_of(row.coding)).c_str(), level);
        continue;
      }
      const double ratio = median(ours) / median(theirs);
      holds = holds && ratio <= bar;
      const double megabytes = static_cast<double>(content.size()) / 1e6;
      std::printf("%-6s %5d %12.0f %12.0f %6.2f %8.1f%%\n", std::string(name_of(row.coding)).c_str(), level,
                  megabytes / median(ours), megabytes / median(theirs), ratio,
                  100.0 * static_cast<double>(size) / static_cast<double>(content.size()));
    }
  }
  return holds ? 0 : 1;
}
