// A load for the rows where the moment of measuring must not contain the connecting: opens N connections, lets each do one request,
// waits for a line on standard input, then keeps one request under way on every connection until the time is up and all answers are
// in. What it prints last is exact: every counted request was answered within what lies between the two lines.
//
//   load PORT CONNECTIONS SECONDS REQUEST_FILE RESPONSE_SIZE     prints "connected", reads a line, prints "N requests"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "load: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

struct load {
  std::string request;
  std::size_t response_size = 0;
  int poll = ::epoll_create1(EPOLL_CLOEXEC);
  std::vector<int> descriptors;
  std::vector<std::size_t> received;  // of the answer under way, by index
  std::array<char, 64 * 1024> room{};

  void connect(int port, std::size_t connections);
  void ask(std::size_t index) const;
  std::size_t take(std::size_t index);
  std::size_t run(std::chrono::duration<double> time);
};

void load::connect(int port, std::size_t connections) {
  const rlimit many{connections + 64, connections + 64};
  ::setrlimit(RLIMIT_NOFILE, &many);  // where that is refused, socket() says so below
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (std::size_t i = 0; i < connections; ++i) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("connect");
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
    if (::epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl");
    descriptors.push_back(fd);
    received.push_back(0);
    // One after the other, so that no server's queue of new connections is what gets measured.
    ask(i);
    while (take(i) == 0) {
    }
  }
}

void load::ask(std::size_t index) const {
  if (::send(descriptors[index], request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
    fail("send");
}

// One read; 1 when it completed an answer.
std::size_t load::take(std::size_t index) {
  const ssize_t n = ::recv(descriptors[index], room.data(), room.size(), 0);
  if (n == 0) errno = ECONNRESET;
  if (n <= 0) fail("the server ended a connection");
  received[index] += static_cast<std::size_t>(n);
  if (received[index] < response_size) return 0;
  if (received[index] > response_size) {
    std::fprintf(stderr, "load: an answer of %zu bytes, %zu were expected\n", received[index], response_size);
    std::exit(1);
  }
  received[index] = 0;
  return 1;
}

std::size_t load::run(std::chrono::duration<double> time) {
  using clock = std::chrono::steady_clock;
  const auto end = clock::now() + time;
  std::size_t answered = 0;
  std::size_t under_way = descriptors.size();
  for (std::size_t i = 0; i < descriptors.size(); ++i) ask(i);
  std::array<epoll_event, 512> ready;
  while (under_way > 0) {
    const int n = ::epoll_wait(poll, ready.data(), static_cast<int>(ready.size()), 10'000);
    if (n == 0) errno = ETIMEDOUT;
    if (n <= 0) fail("waiting for answers");
    const bool more = clock::now() < end;
    for (int i = 0; i < n; ++i) {
      const std::size_t index = ready[static_cast<std::size_t>(i)].data.u64;
      if (take(index) == 0) continue;
      ++answered;
      if (more) {
        ask(index);
      } else {
        --under_way;
      }
    }
  }
  return answered;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr, "usage: load PORT CONNECTIONS SECONDS REQUEST_FILE RESPONSE_SIZE\n");
    return 2;
  }
  load self;
  std::ifstream file(argv[4], std::ios::binary);
  self.request.assign(std::istreambuf_iterator<char>(file), {});
  self.response_size = static_cast<std::size_t>(std::atol(argv[5]));
  if (self.poll < 0 || self.request.empty() || self.response_size == 0) fail("start");
  self.connect(std::atoi(argv[1]), static_cast<std::size_t>(std::atol(argv[2])));
  std::puts("connected");
  std::fflush(stdout);
  if (std::getchar() == EOF) return 1;
  std::printf("%zu requests\n", self.run(std::chrono::duration<double>(std::atof(argv[3]))));
}
