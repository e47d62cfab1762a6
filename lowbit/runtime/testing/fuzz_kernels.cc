// Compares the runtime with the definition of integer execution, bit for bit, on random networks and on every instruction set
// of this processor. The input is the seed of a network.

#include <cstdint>
#include <cstring>
#include <vector>

// Some kernels have code for this target of Highway's, others run their next best on it.
#define HWY_WANT_AVX3_DL
#include "hwy/highway.h"
#include "lowbit/base/check.h"
#include "lowbit/core/evaluate.h"
#include "lowbit/core/integer_form.h"
#include "lowbit/runtime/model.h"
#include "lowbit/runtime/testing/random_integer_graph.h"

namespace lowbit::runtime {
namespace {

constexpr int64_t kImages = 3;

using Values = std::vector<std::vector<float>>;

Values Define(const Graph& graph, const std::vector<float>& pixels) {
  Shape shape = graph.inputs[0].shape;
  shape[0] = kImages;
  const DoubleTensor image(shape, {pixels.begin(), pixels.end()});
  const auto values = Evaluate(ToIntegerForm(graph).value(), {{graph.inputs[0].name, image}}, Rounding::kFloat).value();
  Values outputs;
  for (const std::string& name : graph.outputs) {
    outputs.emplace_back(values.at(name).data.begin(), values.at(name).data.end());
  }
  return outputs;
}

Values Compute(const Graph& graph, const std::vector<float>& pixels, const Options& options) {
  Model model = Model::FromGraph(graph, options).value();
  Values outputs;
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    outputs.emplace_back(static_cast<size_t>(model.OutputElements(i, kImages).value()));
  }
  LOWBIT_CHECK(model.Run({pixels}, kImages, {outputs.begin(), outputs.end()}).ok());
  return outputs;
}

void Compare(uint64_t seed) {
  const Graph graph = testing::RandomIntegerGraph(seed, seed % 2 == 1).Build();
  Shape shape = graph.inputs[0].shape;
  shape[0] = kImages;
  const std::vector<float> pixels = testing::RandomSource(~seed).Floats(Elements(shape), -3, 3);
  const Values expected = Define(graph, pixels);
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    LOWBIT_CHECK(Compute(graph, pixels, {}) == expected);
    hwy::SetSupportedTargetsForTest(0);
  }
  LOWBIT_CHECK(Compute(graph, pixels, {.threads = 2, .piece = 2}) == expected);
}

}  // namespace
}  // namespace lowbit::runtime

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  uint64_t seed = 0;
  if (size > 0) std::memcpy(&seed, data, std::min(size, sizeof(seed)));
  lowbit::runtime::Compare(seed);
  return 0;
}
