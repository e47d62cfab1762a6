// The hardware against its specification: accelerator::Execute.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>

#include "Va.h"
#include "Vb.h"
#include "Vc.h"
#include "Vd.h"
#include "Ve.h"
#include "hardware/tests/host.h"
#include "hardware/tests/random_program.h"
#include "lowbit/accelerator/execute.h"

namespace lowbit::hardware {
namespace {

struct Configuration {
  const char* name;
  accelerator::Array array;  // As hardware/CMakeLists.txt builds it.
  std::unique_ptr<Host> (*host)();
};

template <typename Model>
std::unique_ptr<Host> Make() {
  return std::make_unique<HostOf<Model>>();
}

// Lanes, {e, k, sign} of weights and of activations, bits of sums.
const Configuration kConfigurations[] = {
    {"w41_u41_lanes8", {8, {2, 1, true}, {3, 1, false}, 24}, Make<Va>},
    {"w20_s41_lanes4", {4, {1, 0, true}, {2, 1, true}, 16}, Make<Vb>},
    {"w30_u2_lanes2", {2, {2, 0, true}, {1, 1, false}, 16}, Make<Vc>},
    {"w31_u1_lanes4", {4, {1, 1, true}, {1, 0, false}, 12}, Make<Vd>},
    {"w42_s30_lanes3", {3, {1, 2, true}, {2, 0, true}, 20}, Make<Ve>},
};

void PrintTo(const Configuration& configuration, std::ostream* out) { *out << configuration.name; }

class AcceleratorTest : public ::testing::TestWithParam<Configuration> {};

void ExpectSame(const accelerator::Program& program, const std::vector<uint8_t>& activations, Host* host) {
  std::vector<uint8_t> expected = activations;
  const Result<std::vector<int32_t>> sums = accelerator::Execute(program, &expected);
  ASSERT_TRUE(sums.ok()) << sums.error().message;
  const Outcome outcome = host->Run(program, activations);
  ASSERT_EQ(outcome.cycles, accelerator::CyclesOf(program));
  ASSERT_EQ(outcome.sums, sums.value());
  ASSERT_EQ(outcome.activations, expected);
}

TEST_P(AcceleratorTest, DoesWhatTheSpecificationDoesInTheCyclesThatItSays) {
  std::mt19937 random(7);
  const std::unique_ptr<Host> host = GetParam().host();
  int pools = 0, raw = 0, skips = 0;
  constexpr int kPrograms = 300;
  for (int i = 0; i < kPrograms; ++i) {
    const RandomProgram made = MakeRandomProgram(GetParam().array, &random);
    const Status status = accelerator::Check(made.program);
    ASSERT_TRUE(status.ok()) << "program " << i << ": " << status.error().message;
    ASSERT_NO_FATAL_FAILURE(ExpectSame(made.program, made.activations, host.get())) << "program " << i;
    pools += made.pools;
    raw += made.raw;
    skips += made.skips;
  }
  EXPECT_GT(std::min({pools, raw, skips}), kPrograms / 10) << "the programs have lost a kind of layer";
}

INSTANTIATE_TEST_SUITE_P(Configurations, AcceleratorTest, ::testing::ValuesIn(kConfigurations),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace lowbit::hardware
