// The floor under every server: it parses nothing, opens no file and answers each empty line with the same prepared bytes, so what
// it costs is what the kernel costs. One thread, one edge-triggered epoll, one read and one write a turn; pipelined requests leave
// in one write.
//
//   floor RESPONSE_FILE        listens on a free port of 127.0.0.1 and says which, as `parley serve` does
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr std::string_view end_of_head = "\r\n\r\n";
constexpr std::size_t most_in_a_write = 64 * 1024;

struct connection {
  bool open = false;
  std::size_t owed = 0;        // bytes of answers not yet written
  std::size_t tail = 0;        // bytes in `kept`
  std::array<char, 3> kept{};  // the last bytes read, when an empty line may begin in them
};

struct server {
  std::string answers;  // the response, again and again
  std::size_t answer_size = 0;
  int listener = -1;
  int poll = -1;
  std::vector<connection> connections;  // by descriptor
  std::array<char, 3 + 64 * 1024> room{};

  void accept_all();
  void turn(int fd);
  bool read_requests(int fd, connection& c);
  bool write_answers(int fd, connection& c) const;
};

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "floor: %s: %s\n", what, std::strerror(errno));
  std::exit(3);
}

void server::accept_all() {
  while (true) {
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (static_cast<std::size_t>(fd) >= connections.size()) connections.resize(static_cast<std::size_t>(fd) * 2 + 64);
    connections[static_cast<std::size_t>(fd)] = {.open = true};
    // Both directions once: TCP reports room to write only to one who ran out of it.
    epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.fd = fd}};
    if (::epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl");
  }
}

// False when the peer has gone. A read that does not fill the room has drained the socket: what comes later is a new edge.
bool server::read_requests(int fd, connection& c) {
  while (true) {
    std::copy_n(c.kept.begin(), c.tail, room.begin());
    const ssize_t n = ::recv(fd, room.data() + c.tail, room.size() - c.tail, 0);
    if (n == 0) return false;
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    const std::string_view text(room.data(), c.tail + static_cast<std::size_t>(n));
    const bool drained = text.size() < room.size();
    std::size_t from = 0;
    for (std::size_t at = text.find(end_of_head); at != std::string_view::npos; at = text.find(end_of_head, from)) {
      from = at + end_of_head.size();
      c.owed += answer_size;
    }
    c.tail = std::min(text.size() - from, c.kept.size());
    std::copy_n(text.end() - static_cast<std::ptrdiff_t>(c.tail), c.tail, c.kept.begin());
    if (drained) return true;
  }
}

// `answers` repeats one response, so what is owed is some run of it that ends where a response does.
bool server::write_answers(int fd, connection& c) const {
  while (c.owed > 0) {
    const std::size_t from = (answer_size - c.owed % answer_size) % answer_size;
    const std::size_t wanted = std::min(c.owed, answers.size() - from);
    const ssize_t n = ::send(fd, answers.data() + from, wanted, MSG_NOSIGNAL);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    c.owed -= static_cast<std::size_t>(n);
  }
  return true;
}

void server::turn(int fd) {
  connection& c = connections[static_cast<std::size_t>(fd)];
  if (!c.open) return;
  if (!(c.owed == 0 || write_answers(fd, c)) || !read_requests(fd, c) || !write_answers(fd, c)) {
    c.open = false;
    ::close(fd);
  }
}

int listen_on_loopback() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (fd < 0 || ::bind(fd, reinterpret_cast<const sockaddr*>(&address), size) != 0 || ::listen(fd, 16384) != 0) fail("listen");
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) fail("getsockname");
  std::fprintf(stderr, "listening http 127.0.0.1:%d\nready\n", ntohs(address.sin_port));
  return fd;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: floor RESPONSE_FILE\n");
    return 2;
  }
  std::ifstream file(argv[1], std::ios::binary);
  const std::string answer{std::istreambuf_iterator<char>(file), {}};
  if (answer.empty()) fail(argv[1]);
  static_cast<void>(std::signal(SIGTERM, [](int) { std::_Exit(0); }));

  server floor;
  floor.answer_size = answer.size();
  do floor.answers += answer;
  while (floor.answers.size() + answer.size() <= most_in_a_write);
  floor.poll = ::epoll_create1(EPOLL_CLOEXEC);
  floor.listener = listen_on_loopback();
  epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.fd = floor.listener}};
  if (floor.poll < 0 || ::epoll_ctl(floor.poll, EPOLL_CTL_ADD, floor.listener, &event) != 0) fail("epoll");
  std::array<epoll_event, 512> ready;
  while (true) {
    const int n = ::epoll_wait(floor.poll, ready.data(), static_cast<int>(ready.size()), -1);
    if (n < 0 && errno != EINTR) fail("epoll_wait");
    for (int i = 0; i < n; ++i) {
      const int fd = ready[static_cast<std::size_t>(i)].data.fd;
      if (fd == floor.listener) {
        floor.accept_all();
      } else {
        floor.turn(fd);
      }
    }
  }
}
