// Runs a fuzz target over files and folders, so that ctest replays the corpus with any compiler. The file under test is
// named when the target ends the process.
#include <algorithm>
#include <array>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <unistd.h>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" __attribute__((weak)) int LLVMFuzzerInitialize(int* argc, char*** argv);

namespace {

std::array<char, 4096> current{};

void remember(const std::string& name) {
  const std::size_t length = std::min(name.size(), current.size() - 2);
  std::memcpy(current.data(), name.data(), length);
  current[length] = '\n';
  current[length + 1] = '\0';
}

void name_the_input() {
  constexpr char text[] = "replay: the input was ";
  (void)!write(STDERR_FILENO, text, sizeof text - 1);
  (void)!write(STDERR_FILENO, current.data(), std::strlen(current.data()));
}

void on_signal(int number) {
  name_the_input();
  std::signal(number, SIG_DFL);
  std::raise(number);
}

void run(const std::string& name, const std::vector<char>& content) {
  remember(name);
  // A block of exactly this size lets AddressSanitizer see a read past the end.
  const std::unique_ptr<std::uint8_t[]> block(new std::uint8_t[content.size()]);
  std::copy(content.begin(), content.end(), reinterpret_cast<char*>(block.get()));
  LLVMFuzzerTestOneInput(block.get(), content.size());
}

std::vector<std::filesystem::path> inputs(int argc, char** argv) {
  std::vector<std::filesystem::path> found;
  for (int i = 1; i < argc; ++i) {
    const std::filesystem::path path = argv[i];
    if (!std::filesystem::is_directory(path)) {
      if (std::filesystem::exists(path)) found.push_back(path);
      continue;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
      if (entry.is_regular_file()) found.push_back(entry.path());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

#if defined(__SANITIZE_ADDRESS__)
extern "C" void __sanitizer_set_death_callback(void (*callback)());
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
extern "C" void __sanitizer_set_death_callback(void (*callback)());
#endif
#endif

int main(int argc, char** argv) {
  if (LLVMFuzzerInitialize != nullptr) LLVMFuzzerInitialize(&argc, &argv);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_set_death_callback(name_the_input);
#else
  for (const int number : {SIGSEGV, SIGBUS, SIGFPE}) std::signal(number, on_signal);
#endif
  for (const int number : {SIGABRT, SIGILL, SIGTRAP}) std::signal(number, on_signal);

  run("(empty)", {});
  const auto files = inputs(argc, argv);
  for (const auto& path : files) {
    std::ifstream stream(path, std::ios::binary);
    run(path.string(), {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()});
  }
  std::cout << "replay: " << files.size() << " inputs and the empty one\n";
  return 0;
}
