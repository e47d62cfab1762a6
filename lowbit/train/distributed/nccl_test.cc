// NCCL by a group of one rank: more of them want a GPU each.

#include <gtest/gtest.h>
#include <torch/types.h>

#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "lowbit/train/distributed/backend_group.h"
#include "lowbit/train/distributed/test_ranks.h"
#include "lowbit/train/test_devices.h"

namespace lowbit::train::distributed {
namespace {

TEST(Nccl, SumsAndBroadcastsTensorsOfEveryDevice) {
  if (Devices().size() == 1) return;  // A libtorch for GPUs on a machine without one.
  c10d::TCPStoreOptions options;
  options.port = static_cast<uint16_t>(FreePort());
  options.isServer = true;
  options.numWorkers = 1;
  const auto group = MakeNcclGroup(MakeLaunch(0, 1, options.port),
                                   c10::make_intrusive<c10d::TCPStore>("127.0.0.1", options), "cuda:0");
  EXPECT_EQ(group->ranks(), 1);
  for (const std::string& device : Devices()) {
    const at::TensorOptions place = at::TensorOptions().device(at::Device(device));
    const at::Tensor turned = at::full({2, 3}, 1.5, place.dtype(at::kFloat)).t().requires_grad_(true);
    group->Sum(turned);
    EXPECT_TRUE(turned.eq(1.5).all().item<bool>());
    const at::Tensor whole = at::full({4}, 7, place.dtype(at::kLong));
    group->Broadcast(whole);
    group->Sum(whole);
    EXPECT_TRUE(whole.eq(7).all().item<bool>());
  }
}

}  // namespace
}  // namespace lowbit::train::distributed
