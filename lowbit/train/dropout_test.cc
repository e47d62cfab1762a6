#include "lowbit/train/dropout.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <string>

#include "lowbit/train/test_devices.h"
#include "lowbit/train/test_kernels.h"

namespace lowbit::train {
namespace {

const CounterRandom kRandom(1, 2, 3);

TEST(Dropout, DropsTheShareAndScalesTheRest) {
  for (const double ratio : {0.1, 0.5, 0.8}) {
    const at::Tensor y = Dropout(at::ones({64, 3, 11, 7}), ratio, kRandom, 0);
    const double n = static_cast<double>(y.numel());
    const double dropped = y.eq(0).to(at::kDouble).mean().item<double>();
    EXPECT_NEAR(dropped, ratio, 5 * std::sqrt(ratio * (1 - ratio) / n));  // Five standard deviations.
    EXPECT_TRUE((y.eq(0) | y.eq(static_cast<float>(1 / (1 - ratio)))).all().item<bool>());
  }
  EXPECT_TRUE(Dropout(at::ones({5, 9}), 0, kRandom, 0).eq(1).all().item<bool>());
  EXPECT_TRUE(Dropout(at::ones({5, 9}), 1, kRandom, 0).eq(0).all().item<bool>());
  EXPECT_EQ(Dropout(at::ones({0, 9}), 0.5, kRandom, 0).numel(), 0);
}

TEST(Dropout, AnImageIsDrawnByItsPlaceInTheWholeBatch) {
  const at::Tensor whole = Dropout(at::ones({8, 13}), 0.5, kRandom, 0);
  EXPECT_TRUE(Dropout(at::ones({3, 13}), 0.5, kRandom, 5).equal(whole.slice(0, 5, 8)));
  EXPECT_FALSE(Dropout(at::ones({3, 13}), 0.5, kRandom, 4).equal(whole.slice(0, 5, 8)));
  EXPECT_FALSE(Dropout(at::ones({8, 13}), 0.5, CounterRandom(1, 2, 4), 0).equal(whole));
}

TEST(Dropout, MemoryOrderAndThreadsChangeNothing) {
  const at::Tensor x = at::arange(1, 6 * 8 * 5 * 5 + 1, at::kDouble).view({6, 8, 5, 5});
  const at::Tensor plain = Dropout(x, 0.5, kRandom, 0);
  EXPECT_TRUE(Dropout(x.contiguous(at::MemoryFormat::ChannelsLast), 0.5, kRandom, 0).equal(plain));
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  EXPECT_TRUE(Dropout(x, 0.5, kRandom, 0).equal(plain));
  at::set_num_threads(threads);
}

TEST(Dropout, KernelsDrawTheSame) {
  for (const int64_t width : {1, 2, 7, 40}) {
    for (const double ratio : {0.0, 0.3, 1.0}) {
      const at::Tensor x = at::arange(1, 5 * 3 * width + 1, at::kFloat).view({5, 3, width});
      const at::Tensor wanted = Dropout(x, ratio, kRandom, 1000);
      for (const KernelPasses* passes : EmulatedPasses()) {
        const InstalledPasses installed(passes);
        EXPECT_TRUE(Dropout(x, ratio, kRandom, 1000).equal(wanted)) << width << " " << ratio;
        EXPECT_EQ(Dropout(at::ones({0, 9}), ratio, kRandom, 0).numel(), 0);
      }
      for (const std::string& device : Devices()) {
        EXPECT_TRUE(Dropout(x.to(at::Device(device)), ratio, kRandom, 1000).to(at::kCPU).equal(wanted)) << device;
      }
    }
  }
}

TEST(Dropout, TheGradientPassesWhereTheValueDid) {
  const at::Tensor x = at::ones({4, 10}).requires_grad_(true);
  const at::Tensor y = Dropout(x, 0.25, kRandom, 0);
  y.sum().backward();
  EXPECT_TRUE(x.grad().equal(y.detach()));
}

}  // namespace
}  // namespace lowbit::train
