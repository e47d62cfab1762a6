#include "tests/conformance/conformance.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "lowbit/base/file.h"

namespace lowbit::conformance {
namespace {

// Only ever raised.
constexpr int kPasses = 844;

TEST(Conformance, PassesAsManyTestsAsThePageSays) {
  const std::vector<Outcome> outcomes = RunAll();
  ASSERT_FALSE(outcomes.empty()) << "no tests in " << kTests << " (Debian: libonnx-testdata)";
  EXPECT_GE(
      std::count_if(outcomes.begin(), outcomes.end(), [](const Outcome& o) { return o.verdict == Verdict::kPass; }),
      kPasses);
  const Result<std::string> page = ReadTextFile(LOWBIT_SOURCE "/docs/onnx-operators.md");
  ASSERT_TRUE(page.ok()) << page.error().message;
  const std::string known = ToPage(outcomes);
  EXPECT_EQ(known, TrainingExecutor() != nullptr ? page.value() : page.value().substr(0, known.size()))
      << "make onnx-operators writes it anew";
}

}  // namespace
}  // namespace lowbit::conformance
