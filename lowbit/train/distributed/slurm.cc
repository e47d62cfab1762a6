#include "lowbit/train/distributed/slurm.h"

namespace lowbit::train::distributed {

std::string FirstHost(const std::string& nodes) {
  std::string host;
  for (size_t i = 0; i < nodes.size() && nodes[i] != ','; ++i) {
    if (nodes[i] != '[') {
      host += nodes[i];
      continue;
    }
    // Of the numbers in brackets the first one, with its leading zeros.
    const size_t end = nodes.find_first_of(",-]", i + 1);
    const size_t close = nodes.find(']', i);
    if (close == std::string::npos) return "";
    host += nodes.substr(i + 1, end - i - 1);
    i = close;
  }
  return host;
}

int JobPort(int64_t job, int64_t step) {
  constexpr int64_t kFirst = 20000, kCount = 10000, kStepsApart = 17;
  return static_cast<int>(kFirst + (job + kStepsApart * step) % kCount);
}

}  // namespace lowbit::train::distributed
