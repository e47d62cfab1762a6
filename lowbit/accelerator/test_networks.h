#ifndef LOWBIT_ACCELERATOR_TEST_NETWORKS_H_
#define LOWBIT_ACCELERATOR_TEST_NETWORKS_H_

// For tests: small networks of coded activations and weights with random parameters, and what they compute at a value.

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "lowbit/accelerator/coding.h"
#include "lowbit/base/random.h"
#include "lowbit/core/evaluate.h"
#include "lowbit/core/graph.h"
#include "lowbit/core/integer_form.h"
#include "lowbit/core/level_grid.h"

namespace lowbit::accelerator {

class TestNetwork {
 public:
  TestNetwork(uint64_t seed, Shape image) : random_(seed, StreamOf("accelerator networks")) {
    graph_.name = "test";
    graph_.inputs = {{"image", std::move(image)}};
  }

  // Elastic levels, `scale` apart in their units.
  std::string Levels(const std::string& input, const std::string& name, float scale, const Coding& coding) {
    const LevelGrid grid = ElasticLevels(coding.exponent_bits, coding.fraction_bits, coding.is_signed);
    const auto count = static_cast<int64_t>(grid.levels.size());
    Floats(name + ".thresholds", {count - 1}, grid.thresholds);
    Floats(name + ".levels", {count}, grid.levels);
    return Add("LevelQuant", {input, Floats(name + ".scale", {}, {scale}), name + ".thresholds", name + ".levels"},
               name);
  }

  std::string Grid(const std::string& input, const std::string& name, float scale, int bits) {
    return Add("Quant",
               {input, Floats(name + ".scale", {}, {scale}), Floats(name + ".zero", {}, {0}),
                Floats(name + ".bits", {}, {static_cast<float>(bits)})},
               name, {{"signed", int64_t{0}}});
  }

  // With batch normalization whose factors have both signs.
  std::string Conv(const std::string& input, const std::string& name, Shape weight, const Coding& coding, int64_t pad,
                   int64_t stride) {
    const int64_t channels = weight[0];
    Weights(name + ".weight", std::move(weight), coding);
    const std::string sum = Add("Conv", {input, name + ".weight"}, name,
                                {{"pads", std::vector<int64_t>(4, pad)}, {"strides", std::vector<int64_t>(2, stride)}});
    return Add("BatchNormalization",
               {sum, Random(name + ".gamma", channels, -1.5, 1.5), Random(name + ".beta", channels, -1, 1),
                Random(name + ".mean", channels, -1, 1), Random(name + ".variance", channels, .5, 2)},
               name + "_bn");
  }

  // `weight`: [features, inputs], `across`: [inputs, features].
  std::string Linear(const std::string& input, const std::string& name, Shape weight, bool across,
                     const Coding& coding) {
    Weights(name + ".weight", std::move(weight), coding, across);
    return Add("Gemm", {input, name + ".weight"}, name, {{"transB", int64_t{across ? 0 : 1}}});
  }

  std::string Add(const std::string& op, std::vector<std::string> inputs, const std::string& output,
                  Attributes attributes = {}) {
    graph_.nodes.push_back({output, op, std::move(inputs), {output}, std::move(attributes)});
    return output;
  }

  std::string Integers(const std::string& name, std::vector<int64_t> values) {
    const auto count = static_cast<int64_t>(values.size());
    graph_.parameters[name].value = Int64Tensor({count}, std::move(values));
    return name;
  }

  std::string Floats(const std::string& name, Shape shape, std::vector<float> values) {
    graph_.parameters[name].value = FloatTensor(std::move(shape), std::move(values));
    return name;
  }

  Graph Finish(const std::string& output) {
    graph_.outputs = {output};
    return graph_;
  }

 private:
  std::string Random(const std::string& name, int64_t count, double low, double high) {
    std::vector<float> values;
    for (int64_t i = 0; i < count; ++i)
      values.push_back(static_cast<float>(low + (high - low) * random_.Uniform(next_++)));
    return Floats(name, {count}, std::move(values));
  }

  void Weights(const std::string& name, Shape shape, const Coding& coding, bool one_scale = false) {
    std::vector<float> table;
    for (int rank = 0; rank < coding.count(); ++rank) {
      table.push_back(static_cast<float>(
          std::ldexp(static_cast<double>(coding.Integer(coding.Code(rank))), -coding.fraction_bits)));
    }
    QTensor tensor = {std::move(shape), ValueSet::Table(table), {}, {}};
    tensor.codes.resize(static_cast<size_t>(Elements(tensor.shape)));
    for (uint8_t& code : tensor.codes) code = static_cast<uint8_t>(random_.Below(next_++, table.size()));
    for (int64_t row = 0; row < (one_scale ? 1 : tensor.Rows()); ++row) {
      tensor.scales.push_back(static_cast<float>(.03 + .1 * random_.Uniform(next_++)));
    }
    graph_.parameters[name].value = std::move(tensor);
  }

  Graph graph_;
  CounterRandom random_;
  uint64_t next_ = 0;
};

inline DoubleTensor ImageOf(const Graph& graph, uint64_t seed) {
  Shape shape = graph.inputs[0].shape;
  shape[0] = 1;
  DoubleTensor image(shape);
  const CounterRandom random(seed, StreamOf("accelerator images"));
  for (size_t i = 0; i < image.data.size(); ++i) image.data[i] = static_cast<float>(4 * random.Uniform(i) - 1.5);
  return image;
}

// All values of the integer form for a random image.
inline std::map<std::string, DoubleTensor> ValuesOf(const Graph& graph, uint64_t seed) {
  return Evaluate(ToIntegerForm(graph).value(), {{"image", ImageOf(graph, seed)}}, Rounding::kFloat).value();
}

inline std::vector<int64_t> AsIntegers(const DoubleTensor& tensor) { return {tensor.data.begin(), tensor.data.end()}; }

}  // namespace lowbit::accelerator

#endif  // LOWBIT_ACCELERATOR_TEST_NETWORKS_H_
