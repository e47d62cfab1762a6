#ifndef LOWBIT_RUNTIME_TESTING_RANDOM_RECURRENT_GRAPH_H_
#define LOWBIT_RUNTIME_TESTING_RANDOM_RECURRENT_GRAPH_H_

// For tests: one recurrent node with any of its inputs, outputs and settings.

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "lowbit/core/recurrence.h"
#include "lowbit/runtime/testing/random_values.h"

namespace lowbit::runtime::testing {

struct RecurrentGraphOptions {
  int64_t hidden = 0;       // 0: drawn.
  bool integers = false;    // X and the state are quantized, W and R have integers.
  bool open_batch = false;  // Any batch; it comes first, and X is the only input.
};

// Inputs "x", and "lens", "h0", "c0" where they are computed; as many outputs as the node has.
class RandomRecurrentGraph {
 public:
  RandomRecurrentGraph(uint64_t seed, const RecurrentGraphOptions& options) : random_(seed), options_(options) {}

  Graph Build() {
    static const char* const kCells[] = {"RNN", "GRU", "LSTM"};
    static const int64_t kHidden[] = {1, 2, 3, 5, 8, 16, 17, 33, 50, 130};
    cell_ = kCells[random_.Int(0, 2)];
    gates_ = cell_ == "RNN" ? 1 : cell_ == "GRU" ? 3 : 4;
    directions_ = random_.Int(1, 2);
    hidden_ = options_.hidden != 0 ? options_.hidden : kHidden[random_.Int(0, 9)];
    inputs_ = random_.Int(1, 40);
    steps_ = random_.Int(1, 5);
    batch_ = random_.Int(1, 5) == 1 ? random_.Int(20, 30) : random_.Int(1, 4);
    batch_first_ = random_.Coin() || options_.open_batch;
    if (options_.open_batch) batch_ = kDynamic;
    AddNode();
    return std::move(graph_);
  }

 private:
  Shape States() const {
    return batch_first_ ? Shape{batch_, directions_, hidden_} : Shape{directions_, batch_, hidden_};
  }

  std::string AddParameter(const std::string& name, Parameter parameter) {
    graph_.parameters[name] = std::move(parameter);
    return name;
  }
  std::string AddFloats(const std::string& name, const Shape& shape, double limit) {
    Parameter parameter;
    parameter.value = random_.Tensor(shape, -limit, limit);
    return AddParameter(name, std::move(parameter));
  }
  std::string AddScalar(const std::string& name, double value) {
    Parameter parameter;
    parameter.value = FloatTensor({}, {static_cast<float>(value)});
    return AddParameter(name, std::move(parameter));
  }

  std::string AddWeight(const std::string& name, const Shape& shape) {
    if (!options_.integers && random_.Int(0, 2) == 0) {
      return AddFloats(name, shape, 1.5 / std::sqrt(static_cast<double>(shape[2])));
    }
    std::vector<ValueSet> sets = {ValueSet::Binary(),
                                  ValueSet::Ternary(),
                                  ValueSet::Affine(2, 2),
                                  ValueSet::Affine(4, 8),
                                  ValueSet::Affine(8, 128),
                                  ValueSet::Table({-.5f, -.25f, 0, .125f, .75f}),
                                  ValueSet::Table({-500, -3, 0, 7, 255})};
    const int block = random_.Coin() ? 2 : static_cast<int>(shape[2]);
    if (shape[1] * shape[2] % block == 0) sets.push_back(Codebook(block));
    if (!options_.integers) sets.push_back(ValueSet::Table(random_.Floats(11, -1, 1)));
    if (!options_.integers) sets.push_back(ValueSet::Table(random_.Floats(60, -1, 1)));
    const ValueSet& set = sets[static_cast<size_t>(random_.Int(0, static_cast<int64_t>(sets.size()) - 1))];
    QTensor tensor = RandomCodes(shape, set, random_.Coin(), &random_);
    // So that a sum is about 1.
    float largest = set.kind == ValueSet::Kind::kAffine ? static_cast<float>(set.Count()) / 2 : 1.0f;
    for (const float v : set.table) largest = std::max(largest, std::abs(v));
    for (float& s : tensor.scales) s *= 3 / (largest * std::sqrt(static_cast<float>(shape[2])));
    Parameter parameter;
    parameter.value = std::move(tensor);
    return AddParameter(name, std::move(parameter));
  }

  ValueSet Codebook(int block) {
    std::vector<float> vectors;
    for (int i = 0; i < 7 * block; ++i) vectors.push_back(static_cast<float>(random_.Int(-100, 100)) / 64);
    return ValueSet::Codebook(std::move(vectors), block);
  }

  // A parameter, or an input of the graph.
  std::string StateOrInput(const std::string& name, double limit) {
    if (random_.Coin()) return AddFloats(name, States(), limit);
    graph_.inputs.push_back({name, States()});
    return name;
  }

  std::string Lengths() {
    if (random_.Coin()) {
      graph_.inputs.push_back({"lens", {batch_}});
      return "lens";
    }
    FloatTensor lengths({batch_}, {});
    for (int64_t i = 0; i < batch_; ++i) lengths.data.push_back(static_cast<float>(random_.Int(0, steps_)));
    Parameter parameter;
    parameter.value = std::move(lengths);
    return AddParameter("lens", std::move(parameter));
  }

  std::string Input() {
    graph_.inputs.push_back({"x", batch_first_ ? Shape{batch_, steps_, inputs_} : Shape{steps_, batch_, inputs_}});
    if (!options_.integers) return "x";
    const Attributes is_signed = {{"signed", int64_t{1}}, {"narrow", int64_t{0}}};
    graph_.nodes.push_back({"quant",
                            "Quant",
                            {"x", AddScalar("s", random_.Float(.01, .1)), AddScalar("z", 0),
                             AddScalar("b", static_cast<double>(random_.Int(2, 8)))},
                            {"xq"},
                            is_signed});
    return "xq";
  }

  Attributes DrawAttributes() {
    Attributes a;
    a["direction"] = std::string(directions_ == 2 ? "bidirectional" : random_.Coin() ? "forward" : "reverse");
    if (batch_first_) a["layout"] = int64_t{1};
    if (random_.Int(0, 3) == 0) a["clip"] = .5;
    if (random_.Coin()) a["hidden_size"] = hidden_;
    if (cell_ == "GRU") a["linear_before_reset"] = random_.Int(0, 1);
    if (random_.Int(0, 3) == 0) a["activations"] = DrawFunctions();
    if (options_.integers) {
      a["hidden_bits"] = random_.Int(2, 8);
      if (random_.Coin()) a["hidden_scale"] = static_cast<double>(random_.Float(.004, .3));
    }
    return a;
  }

  std::string DrawFunctions() {
    static const char* const kFunctions[] = {"Sigmoid", "Tanh", "Relu"};
    std::string names;
    const int64_t each = cell_ == "RNN" ? 1 : cell_ == "GRU" ? 2 : 3;
    for (int64_t i = 0; i < each * directions_; ++i)
      names += std::string(i == 0 ? "" : ",") + kFunctions[random_.Int(0, 2)];
    return names;
  }

  void AddNode() {
    Node node = {"cell", cell_, {Input()}, {"y", "y_h"}, DrawAttributes()};
    node.inputs.push_back(AddWeight("w", {directions_, gates_ * hidden_, inputs_}));
    node.inputs.push_back(AddWeight("r", {directions_, gates_ * hidden_, hidden_}));
    node.inputs.push_back(random_.Coin() ? AddFloats("bias", {directions_, 2 * gates_ * hidden_}, .5) : "");
    const bool may = !options_.open_batch;
    node.inputs.push_back(may && random_.Coin() ? Lengths() : "");
    node.inputs.push_back(may && random_.Coin() ? StateOrInput("h0", 1) : "");
    if (cell_ == "LSTM") {
      node.inputs.push_back(may && random_.Coin() ? StateOrInput("c0", 1) : "");
      node.inputs.push_back(random_.Coin() ? AddFloats("peepholes", {directions_, 3 * hidden_}, .5) : "");
      node.outputs.push_back("y_c");
    }
    while (node.outputs.size() > 1 && random_.Int(0, 3) == 0) node.outputs.pop_back();
    graph_.outputs = node.outputs;
    graph_.nodes.push_back(std::move(node));
  }

  RandomSource random_;
  RecurrentGraphOptions options_;
  Graph graph_;
  std::string cell_;
  int64_t gates_ = 1, directions_ = 1, hidden_ = 1, inputs_ = 1, steps_ = 1, batch_ = 1;
  bool batch_first_ = false;
};

}  // namespace lowbit::runtime::testing

#endif  // LOWBIT_RUNTIME_TESTING_RANDOM_RECURRENT_GRAPH_H_
