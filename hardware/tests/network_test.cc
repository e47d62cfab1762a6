// A network, compiled and run by the hardware, has the integers of its integer form: the whole way from the graph to the gates.

#include <gtest/gtest.h>

#include "Va.h"
#include "hardware/tests/host.h"
#include "lowbit/accelerator/compile.h"
#include "lowbit/accelerator/execute.h"
#include "lowbit/accelerator/test_networks.h"

namespace lowbit::hardware {
namespace {

// The coding of configuration `a` of hardware/CMakeLists.txt.
constexpr accelerator::Coding kWeight = {2, 1, true}, kActivation = {3, 1, false};

// A pool, a residual block that halves the image and doubles the channels, and a dense layer.
Graph Network() {
  accelerator::TestNetwork net(9, {kDynamic, 8, 8, 8});
  const std::vector<int64_t> two = {2, 2};
  std::string x = net.Add(
      "Relu", {net.Conv(net.Levels("image", "in", .02f, kActivation), "conv1", {8, 8, 3, 3}, kWeight, 1, 1)}, "relu1");
  const std::string pooled = net.Levels(net.Add("MaxPool", {x}, "pool1", {{"kernel_shape", two}, {"strides", two}}),
                                        "levels1", .1f, kActivation);
  x = net.Add("Relu", {net.Conv(pooled, "conv2", {16, 8, 3, 3}, kWeight, 1, 2)}, "relu2");
  x = net.Conv(net.Levels(x, "levels2", .2f, kActivation), "conv3", {16, 16, 3, 3}, kWeight, 1, 1);
  const std::string kept =
      net.Add("MaxPool", {pooled}, "kept", {{"kernel_shape", std::vector<int64_t>{1, 1}}, {"strides", two}});
  const std::string wide = net.Add("Pad", {kept, net.Integers("pads", {0, 0, 0, 0, 0, 8, 0, 0})}, "wide");
  x = net.Levels(net.Add("Relu", {net.Add("Add", {x, wide}, "add")}, "relu3"), "levels3", .2f, kActivation);
  x = net.Linear(net.Add("Flatten", {x}, "flatten"), "fc", {10, 16 * 2 * 2}, /*across=*/false, kWeight);
  return net.Finish(x);
}

TEST(Network, HasItsIntegersInHardware) {
  const Graph graph = Network();
  accelerator::Compiled compiled = accelerator::Compile(graph, {"in", "", 8}).value();
  accelerator::Program& program = compiled.program;
  ASSERT_TRUE(program.array.weight == kWeight && program.array.activation == kActivation);
  ASSERT_LE(program.array.sum_bits, 24);
  program.array.sum_bits = 24;
  HostOf<Va> host;
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    const auto values = accelerator::ValuesOf(graph, seed);
    std::vector<uint8_t> memory(static_cast<size_t>(program.activation_words) * 8, 0);
    accelerator::Load(program.array, compiled.input, accelerator::AsIntegers(values.at(compiled.input.value)), &memory);
    const Outcome outcome = host.Run(program, memory);
    EXPECT_EQ(outcome.cycles, accelerator::CyclesOf(program));
    // One pixel: the rows of two groups, of which ten are channels.
    const std::vector<int64_t> expected = accelerator::AsIntegers(values.at(compiled.output.value));
    ASSERT_EQ(outcome.sums.size(), 16u);
    EXPECT_EQ(std::vector<int64_t>(outcome.sums.begin(), outcome.sums.begin() + 10), expected);
  }
}

}  // namespace
}  // namespace lowbit::hardware
