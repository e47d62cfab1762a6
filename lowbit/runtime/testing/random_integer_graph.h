#ifndef LOWBIT_RUNTIME_TESTING_RANDOM_INTEGER_GRAPH_H_
#define LOWBIT_RUNTIME_TESTING_RANDOM_INTEGER_GRAPH_H_

// For tests: random networks all of whose products have quantized activations and low-bit weights.

#include <string>
#include <utility>
#include <vector>

#include "lowbit/core/integer_weights.h"
#include "lowbit/core/level_grid.h"
#include "lowbit/runtime/testing/growing_graph.h"

namespace lowbit::runtime::testing {

class RandomIntegerGraph : public GrowingGraph {
 public:
  // `with_functions`: operators of floats between the layers, whose definitions' bits the runtime gives as well.
  explicit RandomIntegerGraph(uint64_t seed, bool with_functions = false)
      : GrowingGraph("integers", seed), with_functions_(with_functions) {}

  // One input "image" [kDynamic, C, H, W], one or two outputs.
  Graph Build() {
    StartWithImage(9);
    Quantize(8);
    for (int64_t layers = random_.Int(1, 6); layers > 0; --layers) AddLayer();
    const std::string middle = value_;
    const bool mean = random_.Coin() && Append("GlobalAveragePool", {value_});
    if (random_.Coin()) {
      const bool recurrent = random_.Int(0, 2) == 0;
      if (recurrent) AddRecurrence(mean);
      AddHead(mean || recurrent);
    }
    graph_.outputs = {value_};
    if (random_.Coin() && middle != value_) graph_.outputs.push_back(middle);
    return std::move(graph_);
  }

 private:
  // At most `bits`, signed or not, with a zero point now and then; or one bit.
  void Quantize(int64_t bits) {
    if (bits < 8 && random_.Int(0, 4) == 0) {
      Append("BipolarQuant", {value_, Scalar(random_.Float(.1, 2))});
      return Remember();
    }
    if (bits >= 4 && random_.Int(0, 4) == 0) return QuantizeElastically();
    const int64_t is_signed = random_.Int(0, 1), width = random_.Int(2, bits);
    const double zero_point = is_signed == 0 && random_.Int(0, 2) == 0 ? random_.Int(0, (1 << width) - 1) : 0;
    const double scale = random_.Int(0, 5) == 0 ? 1 : random_.Float(.5, 4) / (1 << width);
    Append("Quant", {value_, Scalar(scale), Scalar(zero_point), Scalar(static_cast<double>(width))},
           {{"signed", is_signed}, {"narrow", random_.Int(0, 1)}});
    Remember();
  }

  // At most 16 levels.
  void QuantizeElastically() {
    const bool is_signed = random_.Coin();
    const int64_t fraction = random_.Int(0, 2), exponent = random_.Int(1, 3 - fraction);
    const LevelGrid grid = ElasticLevels(static_cast<int>(exponent), static_cast<int>(fraction), is_signed);
    const auto vector = [](const std::vector<float>& values) {
      return FloatTensor({static_cast<int64_t>(values.size())}, values);
    };
    Append("LevelQuant", {value_, Scalar(random_.Float(.05, .5)), AddParameter(vector(grid.thresholds)),
                          AddParameter(vector(grid.levels))});
    Remember();
  }

  // Values of integers are what later layers may add.
  void Remember() { integers_.emplace_back(value_, shape_); }

  QTensor Weight(const Shape& shape) {
    std::vector<ValueSet> sets = {ValueSet::Binary(),       ValueSet::Ternary(),
                                  ValueSet::Affine(2, 2),   ValueSet::Affine(4, 8),
                                  ValueSet::Affine(8, 128), ValueSet::Table({-.5f, -.25f, 0, .125f, .75f})};
    // Powers of two as of INQ with 5 bits, elastic significant bits, the largest integers where their sums fit into 32 bits.
    sets.push_back(ValueSet::Table({-1, -.5f, -.25f, -1.f / 128, 0, 1.f / 128, 1.f / 64, .125f, .5f, 1}));
    sets.push_back(ValueSet::Table(ElasticLevels(3, 2, true).levels));
    if (Elements(shape) / shape[0] <= 250)
      sets.push_back(ValueSet::Table({-kMaxIntegerWeight, 0, 300, kMaxIntegerWeight}));
    if (const int64_t block = RandomBlock(shape); block > 1) sets.push_back(RandomCodebook(static_cast<int>(block)));
    return RandomCodes(shape, sets[static_cast<size_t>(random_.Int(0, static_cast<int64_t>(sets.size()) - 1))],
                       random_.Coin(), &random_);
  }

  // Kernels of 1, 2 or 4 channels, or any divisor of a row's weights.
  int64_t RandomBlock(const Shape& shape) {
    const int64_t columns = Elements(shape) / shape[0], taps = shape.size() == 4 ? shape[2] * shape[3] : 1;
    const int64_t block = random_.Coin() ? taps << random_.Int(0, 2) : random_.Int(1, columns);
    return columns % block == 0 ? block : 1;
  }

  ValueSet RandomCodebook(int block) {
    std::vector<float> vectors;
    vectors.reserve(static_cast<size_t>(7 * block));
    for (int i = 0; i < 7 * block; ++i) vectors.push_back(static_cast<float>(random_.Int(-100, 100)) / 8);
    return ValueSet::Codebook(std::move(vectors), block);
  }

  void AddConv() {
    const int64_t groups = random_.Int(0, 4) == 0 && shape_[1] % 2 == 0 ? (random_.Coin() ? 2 : shape_[1]) : 1;
    const int64_t outputs = groups * random_.Int(1, 20 / groups + 1), kernel = random_.Int(1, 3);
    const int64_t pad = random_.Int(0, kernel / 2), stride = random_.Int(1, 2);
    std::vector<std::string> inputs = {value_, AddParameter(Weight({outputs, shape_[1] / groups, kernel, kernel}))};
    if (random_.Coin()) inputs.push_back(AddParameter(random_.Tensor({outputs}, -1, 1)));
    Append("Conv", inputs,
           {{"pads", std::vector<int64_t>{pad, pad, pad, pad}},
            {"strides", std::vector<int64_t>{stride, stride}},
            {"group", groups}});
  }

  void AddBatchNorm() {
    const Shape channels = {shape_[1]};
    Append("BatchNormalization",
           {value_, AddParameter(random_.Tensor(channels, .5, 2)), AddParameter(random_.Tensor(channels, -1, 1)),
            AddParameter(random_.Tensor(channels, -1, 1)), AddParameter(random_.Tensor(channels, .5, 2))});
  }

  void AddShortcut() {
    for (const auto& [value, shape] : integers_) {
      if (shape != shape_ || value == value_) continue;
      Append("Add", random_.Coin() ? std::vector<std::string>{value_, value} : std::vector<std::string>{value, value_});
      return;
    }
  }

  void AddLayer() {
    AddConv();
    if (random_.Coin()) AddBatchNorm();
    if (random_.Coin()) AddShortcut();
    const int64_t activation = random_.Int(0, 5);
    if (activation == 0) Append("Relu", {value_});
    if (activation == 1) Append("Clip", {value_, Scalar(-.5), Scalar(.75)});
    if (activation == 2) Append("PRelu", {value_, AddParameter(random_.Tensor({shape_[1], 1, 1}, -1, 1))});
    if (activation == 3) Append("LeakyRelu", {value_}, {{"alpha", random_.Coin() ? .125 : static_cast<double>(.1f)}});
    if (activation == 4) Append("LeakyRelu", {value_}, {{"alpha", .1}});
    if (with_functions_ && random_.Coin()) AddFunction();
    Quantize(random_.Int(2, 8));
    if (random_.Int(0, 2) == 0) {
      const int64_t pad = random_.Int(0, 1);
      Append("MaxPool", {value_},
             {{"kernel_shape", std::vector<int64_t>{2, 2}},
              {"strides", std::vector<int64_t>{2, 2}},
              {"pads", std::vector<int64_t>{pad, pad, 0, 0}}});
      Remember();
    }
  }

  // Channels as the steps of a sequence, images as sequences. Means are no integers.
  void AddRecurrence(bool of_means) {
    if (of_means) Quantize(8);
    const int64_t inputs = shape_[2] * shape_[3], hidden = random_.Int(1, 20), directions = random_.Int(1, 2);
    Append("Reshape", {value_, AddParameter(Int64Tensor({3}, {-1, shape_[1], inputs}))});
    const std::pair<const char*, int64_t> cells[] = {{"RNN", 1}, {"GRU", 3}, {"LSTM", 4}};
    const auto& [cell, gates_of_cell] = cells[random_.Int(0, 2)];
    const int64_t gates = gates_of_cell;  // clang 14 captures no structured bindings.
    const auto weight = [&](int64_t columns) {
      const ValueSet set = random_.Coin() ? ValueSet::Ternary() : ValueSet::Affine(4, 8);
      return AddParameter(RandomCodes({directions, gates * hidden, columns}, set, random_.Coin(), &random_));
    };
    std::vector<std::string> weights = {value_, weight(inputs), weight(hidden)};
    if (random_.Coin()) weights.push_back(AddParameter(random_.Tensor({directions, 2 * gates * hidden}, -1, 1)));
    Append(cell, std::move(weights),
           {{"layout", int64_t{1}},
            {"direction", std::string(directions == 2 ? "bidirectional" : "reverse")},
            {"hidden_bits", random_.Int(2, 8)}});
  }

  void AddFunction() {
    const auto integers = [this](std::vector<int64_t> values) {
      const Shape shape = {static_cast<int64_t>(values.size())};
      return AddParameter(Int64Tensor(shape, std::move(values)));
    };
    const std::string all = value_;
    switch (random_.Int(0, 10)) {
      case 0:
        static const char* const functions[] = {"Sigmoid", "Tanh", "HardSwish", "LeakyRelu", "Elu"};
        Append(functions[random_.Int(0, 4)], {value_});
        return;
      case 1:  // Channels weighted by their means.
        Append("ReduceMean", {value_, integers({2, 3})});
        Append("Sigmoid", {value_});
        Append("Mul", {all, value_});
        return;
      case 2:
        Append("Resize", {value_, "", AddParameter(FloatTensor({4}, {1, 1, 2, 1.5}))},
               {{"mode", std::string(random_.Coin() ? "linear" : "nearest")}});
        return;
      case 3:
        Append("Softmax", {value_}, {{"axis", random_.Int(1, 3)}});
        return;
      case 4:
        Append("InstanceNormalization", {value_, AddParameter(random_.Tensor({shape_[1]}, .5, 2)),
                                         AddParameter(random_.Tensor({shape_[1]}, -1, 1))});
        return;
      case 5:
        Append("Transpose", {value_}, {{"perm", std::vector<int64_t>{0, 1, 3, 2}}});
        return;
      case 6:  // Attention of rows.
        Append("Transpose", {value_}, {{"perm", std::vector<int64_t>{0, 1, 3, 2}}});
        Append("MatMul", {all, value_});
        return;
      case 7:  // The channels in another order.
        if (shape_[1] == 1 || !Append("Split", {value_}, {{"axis", int64_t{1}}}, 2)) return;
        Append("Concat", {earlier_.back().first, value_}, {{"axis", int64_t{1}}});
        return;
      case 8:  // What is where the largest of other pixels are.
        if (!AppendTopK(random_.Int(1, 3))) return;
        Append("GatherElements", {all, earlier_.back().first}, {{"axis", random_.Int(1, 3)}});
        return;
      case 9:  // The largest, twice.
        if (!AppendTopK(3)) return;
        Append("ScatterElements", {all, earlier_.back().first, value_},
               {{"axis", int64_t{3}}, {"reduction", std::string(random_.Coin() ? "add" : "max")}});
        return;
      case 10:
        Append("ReduceLogSumExp", {value_, integers({random_.Int(1, 3)})});
        Append("Sub", {all, value_});
        return;
    }
  }

  bool AppendTopK(int64_t axis) {
    const std::string count = AddParameter(Int64Tensor({1}, {random_.Int(1, shape_[static_cast<size_t>(axis)])}));
    return Append("TopK", {value_, count}, {{"axis", axis}, {"largest", random_.Int(0, 1)}}, 2);
  }

  // Means are no integers: a product of them would be one of floats.
  void AddHead(bool of_means) {
    if (!Append("Flatten", {value_})) return;
    if (of_means || random_.Coin()) Quantize(8);
    const int64_t outputs = random_.Int(1, 40);
    std::vector<std::string> inputs = {value_, AddParameter(Weight({outputs, shape_[1]}))};
    if (random_.Coin()) inputs.push_back(AddParameter(random_.Tensor({outputs}, -1, 1)));
    Append("Gemm", inputs, {{"transB", int64_t{1}}});
  }

  bool with_functions_;
  std::vector<std::pair<std::string, Shape>> integers_;
};

}  // namespace lowbit::runtime::testing

#endif  // LOWBIT_RUNTIME_TESTING_RANDOM_INTEGER_GRAPH_H_
