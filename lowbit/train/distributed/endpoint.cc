#include "lowbit/train/distributed/endpoint.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <thread>

namespace lowbit::train::distributed {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kPause = std::chrono::milliseconds(100);

class Socket {
 public:
  Socket(int family, int type) : file_(socket(family, type | SOCK_CLOEXEC, 0)) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (file_ >= 0) close(file_);
  }
  int file() const { return file_; }

 private:
  int file_;
};

struct AddressDeleter {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, AddressDeleter>;

std::string At(const std::string& address, int port) { return address + ":" + std::to_string(port); }

Result<Addresses> Resolve(const std::string& address, int port, int type) {
  addrinfo hints = {};
  hints.ai_socktype = type;
  addrinfo* list = nullptr;
  const int code = getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (code == 0) return Addresses(list);
  return Invalid("the host of rank 0, '" + address + "', is not known here: " + gai_strerror(code));
}

// 0, or the errno of what failed.
int TryConnect(const addrinfo& to, int timeout_ms) {
  const Socket made(to.ai_family, SOCK_STREAM);
  if (made.file() < 0) return errno;
  fcntl(made.file(), F_SETFL, O_NONBLOCK);
  if (connect(made.file(), to.ai_addr, to.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  pollfd wait = {made.file(), POLLOUT, 0};
  if (poll(&wait, 1, timeout_ms) <= 0) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof(error);
  getsockopt(made.file(), SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

int TryConnect(const Addresses& addresses, int timeout_ms) {
  int error = 0;
  for (const addrinfo* to = addresses.get(); to != nullptr; to = to->ai_next) {
    error = TryConnect(*to, timeout_ms);
    if (error == 0) break;
  }
  return error;
}

}  // namespace

Status CheckPortIsFree(int port) {
  const Socket made(AF_INET, SOCK_STREAM);
  const int on = 1;  // A port that only waits for its last connections to fade is free.
  setsockopt(made.file(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in any = {};
  any.sin_family = AF_INET;
  any.sin_port = htons(static_cast<uint16_t>(port));
  if (bind(made.file(), reinterpret_cast<const sockaddr*>(&any), sizeof(any)) == 0 && listen(made.file(), 1) == 0) {
    return Ok();
  }
  return Failed("rank 0 cannot listen on port " + std::to_string(port) + " (MASTER_PORT): " + std::strerror(errno));
}

Status WaitForListener(const std::string& address, int port, double timeout_seconds) {
  LOWBIT_TRY(const Addresses addresses, Resolve(address, port, SOCK_STREAM));
  const auto end = Clock::now() + std::chrono::duration<double>(timeout_seconds);
  int error = 0;
  do {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
    error = TryConnect(addresses, static_cast<int>(std::max<int64_t>(left, 1)));
    if (error == 0) return Ok();
    std::this_thread::sleep_for(kPause);
  } while (Clock::now() < end);
  return Failed("rank 0 at " + At(address, port) + " (MASTER_ADDR, MASTER_PORT) did not answer within " +
                std::to_string(static_cast<int>(timeout_seconds)) + " s: " + std::strerror(error));
}

Result<std::string> LocalAddressTowards(const std::string& address, int port) {
  LOWBIT_TRY(const Addresses addresses, Resolve(address, port, SOCK_DGRAM));
  for (const addrinfo* to = addresses.get(); to != nullptr; to = to->ai_next) {
    const Socket made(to->ai_family, SOCK_DGRAM);
    sockaddr_storage own = {};
    socklen_t size = sizeof(own);
    char text[NI_MAXHOST];
    // Connecting a datagram socket sends nothing: it only chooses the way.
    if (connect(made.file(), to->ai_addr, to->ai_addrlen) == 0 &&
        getsockname(made.file(), reinterpret_cast<sockaddr*>(&own), &size) == 0 &&
        getnameinfo(reinterpret_cast<sockaddr*>(&own), size, text, sizeof(text), nullptr, 0, NI_NUMERICHOST) == 0) {
      return std::string(text);
    }
  }
  return Failed("there is no way to the host of rank 0, '" + address + "': " + std::strerror(errno));
}

}  // namespace lowbit::train::distributed
