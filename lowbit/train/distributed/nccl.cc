#include "lowbit/train/distributed/backend_group.h"

#ifdef LOWBIT_HAS_NCCL
#include <chrono>
#include <cstdlib>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

namespace lowbit::train::distributed {

#ifdef LOWBIT_HAS_NCCL

std::unique_ptr<Group> MakeNcclGroup(const Launch& launch, c10::intrusive_ptr<c10d::Store> store,
                                     const std::string& device) {
  using Nccl = c10d::ProcessGroupNCCL;
  // Only then does a wait end after the timeout; the first name is libtorch 1's, the second one libtorch 2's.
  setenv("NCCL_BLOCKING_WAIT", "1", /*overwrite=*/0);
  setenv("TORCH_NCCL_BLOCKING_WAIT", "1", /*overwrite=*/0);
  const auto timeout = std::chrono::duration<double>(launch.timeout_seconds);
  auto options = Nccl::Options::create();
  options->timeout = std::chrono::duration_cast<std::chrono::milliseconds>(timeout);
  auto nccl = c10::make_intrusive<Nccl>(store, launch.rank, launch.ranks, options);
  return std::make_unique<BackendGroup<Nccl>>(std::move(store), std::move(nccl), at::Device(device));
}

#else

std::unique_ptr<Group> MakeNcclGroup(const Launch&, c10::intrusive_ptr<c10d::Store>, const std::string&) {
  return nullptr;
}

#endif

}  // namespace lowbit::train::distributed
