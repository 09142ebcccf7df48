// The two calls that every request makes, without glibc's cancellation points.
#pragma once

#include <cstddef>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace parley::net {

/// As recv(2) and send(2) on a socket that does not block. In a program with threads glibc makes these two cancellation points, which costs
/// four atomic operations a request, for a cancellation (pthread_cancel) that no thread of a C++ program can survive anyway.
inline ssize_t receive_once(int socket, void* into, std::size_t room) {
#if defined(SYS_recvfrom)
  return ::syscall(SYS_recvfrom, socket, into, room, 0, nullptr, nullptr);
#else
  return ::recv(socket, into, room, 0);
#endif
}

inline ssize_t send_once(int socket, const void* from, std::size_t n, int flags) {
#if defined(SYS_sendto)
  return ::syscall(SYS_sendto, socket, from, n, flags, nullptr, 0);
#else
  return ::send(socket, from, n, flags);
#endif
}

}  // namespace parley::net
