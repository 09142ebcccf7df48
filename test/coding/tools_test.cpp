// Ours against the tools of others, both ways.
#include "coding/decoder.hpp"
#include "coding/encoder.hpp"
#include "support/scratch_folder.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace parley::coding {
namespace {

std::string read_all(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream all;
  all << in.rdbuf();
  return std::move(all).str();
}

void write_all(const std::string& path, std::string_view bytes) { std::ofstream(path, std::ios::binary) << bytes; }

bool run(const std::string& command) { return std::system(command.c_str()) == 0; }

std::string decoded(content_coding which, std::string_view in) {
  decoder undo({which});
  std::string text;
  std::string room(1000, '\0');
  while (true) {
    const auto now = undo.decode(in, room);
    if (!now) return describe(now.error());
    text.append(room, 0, now->written);
    if (now->done) break;
  }
  const auto ended = undo.finish();
  return ended ? text : describe(ended.error());
}

TEST(coding_tools, each_reads_what_the_other_wrote) {
  const test::scratch_folder folder;
  const std::string plain = folder / "plain";
  const std::string coded = folder / "coded";
  const std::string back = folder / "back";
  std::string text;
  for (int i = 0; text.size() < 400'000; ++i) text += "row " + std::to_string(i * 7919 % 10'007) + ", and what it says\n";
  write_all(plain, text);
  const struct {
    content_coding coding;
    std::string tool;
    std::string levels;
  } tools[] = {
      {content_coding::gzip, "gzip -c", "169"},
      {content_coding::br, "brotli -c", "159"},
      {content_coding::zstd, "zstd -q -c", "139"},
  };
  for (const auto& one : tools) {
    const std::string name = one.tool.substr(0, one.tool.find(' '));
    if (!run("command -v " + name + " >/dev/null")) continue;  // tools/setup test brings them
    for (const char level : one.levels) {
      const std::string how = one.tool + " -" + level;
      ASSERT_TRUE(run(how + " < '" + plain + "' > '" + coded + "'")) << how;
      EXPECT_TRUE(decoded(one.coding, read_all(coded)) == text) << how;
      write_all(coded, encode_whole(one.coding, text, level - '0'));
      ASSERT_TRUE(run(one.tool + " -d < '" + coded + "' > '" + back + "'")) << how;
      EXPECT_TRUE(read_all(back) == text) << how;
    }
  }
}

}  // namespace
}  // namespace parley::coding
