// The client, in both forms:  fetch URL [URL...]
#include <parley/client.hpp>

#include <chrono>
#include <iostream>
#include <string>
#include <vector>

using namespace std::chrono_literals;

// Waits for the answer; for programs that do one thing at a time.
void blocking_form(const std::string& url) {
  const parley::response res = parley::fetch(url);
  std::cout << res.status() << ' ' << res.reason() << ", " << res.header("Content-Type") << ", " << res.content().size()
            << " bytes\n";
}

// A coroutine: it leaves the thread to others while it waits. A client keeps its connections, so give it all of your fetches.
parley::task<std::size_t> size_of(parley::client& http, std::string url) {
  auto options = parley::options().timeout(10s);
  auto fetching = http.get(url, options);
  const parley::response res = co_await fetching;
  co_return res.content().size();
}

// All at once, on one thread.
parley::task<> coroutine_form(const std::vector<std::string>& urls) {
  parley::client http;
  std::vector<parley::task<std::size_t>> sizes;
  for (const std::string& url : urls) sizes.push_back(size_of(http, url));
  auto all = parley::when_all(std::move(sizes));
  const std::vector<std::size_t> done = co_await all;
  for (std::size_t i = 0; i < urls.size(); ++i) std::cout << urls[i] << ": " << done[i] << " bytes\n";
}

int main(int argc, char** argv) try {
  const std::vector<std::string> urls(argv + 1, argv + argc);
  if (urls.empty()) {
    std::cerr << "usage: fetch URL [URL...]\n";
    return 2;
  }
  blocking_form(urls.front());
  parley::run(coroutine_form(urls));
} catch (const std::exception& error) {  // a parley::fetch_error says which host, which step and why
  std::cerr << "fetch: " << error.what() << '\n';
  return 1;
}
