#ifndef LOWBIT_TRAIN_DISTRIBUTED_TEST_RANKS_H_
#define LOWBIT_TRAIN_DISTRIBUTED_TEST_RANKS_H_

// For tests: ranks as threads of one process. They talk over the loopback like processes.

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <thread>
#include <vector>

#include "lowbit/train/distributed/group.h"

namespace lowbit::train::distributed {

// A port that nobody listens on now.
inline int FreePort() {
  const int file = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in any = {};
  any.sin_family = AF_INET;
  socklen_t size = sizeof(any);
  EXPECT_EQ(bind(file, reinterpret_cast<sockaddr*>(&any), size), 0);
  EXPECT_EQ(getsockname(file, reinterpret_cast<sockaddr*>(&any), &size), 0);
  close(file);
  return ntohs(any.sin_port);
}

inline Launch MakeLaunch(int rank, int ranks, int port, double timeout_seconds = 30) {
  Launch launch;
  launch.rank = rank;
  launch.ranks = ranks;
  launch.local_ranks = ranks;
  launch.address = "127.0.0.1";
  launch.port = port;
  launch.timeout_seconds = timeout_seconds;
  return launch;
}

// Calls `body` once for each rank, all at the same time. One rank's group is null.
inline void RunRanks(int ranks, const std::function<void(Group* group)>& body) {
  const int port = FreePort();
  std::vector<std::thread> threads;
  threads.reserve(static_cast<size_t>(ranks));
  for (int rank = 0; rank < ranks; ++rank) {
    threads.emplace_back([=, &body] {
      const auto group = Join(MakeLaunch(rank, ranks, port), "cpu");
      ASSERT_TRUE(group.ok()) << group.error().message;
      body(group.value().get());
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace lowbit::train::distributed

#endif  // LOWBIT_TRAIN_DISTRIBUTED_TEST_RANKS_H_
