#ifndef LOWBIT_RUNTIME_TESTING_RANDOM_GRAPH_H_
#define LOWBIT_RUNTIME_TESTING_RANDOM_GRAPH_H_

// For tests: random networks of every operator and storage that the runtime treats in its own way.

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "lowbit/runtime/testing/growing_graph.h"

namespace lowbit::runtime::testing {

class RandomGraph : public GrowingGraph {
 public:
  explicit RandomGraph(uint64_t seed) : GrowingGraph("random", seed) {}

  // One input "image" [kDynamic, C, H, W], one or two outputs.
  Graph Build() {
    StartWithImage(12);
    for (int64_t layers = random_.Int(2, 10); layers > 0; --layers) AddImageLayer();
    const std::string middle = value_;
    if (random_.Coin()) Append("GlobalAveragePool", {value_});
    if (random_.Int(0, 4) != 0) AddHead();
    graph_.outputs = {value_};
    if (random_.Coin() && middle != value_ && middle != "image") graph_.outputs.push_back(middle);
    return std::move(graph_);
  }

 private:
  std::string RandomWeight(const Shape& shape) {
    if (random_.Int(0, 3) == 0) return AddParameter(random_.Tensor(shape, -0.5, 0.5));
    std::vector<ValueSet> sets = AllValueSets(1);
    const size_t choice = static_cast<size_t>(random_.Int(0, 2));
    const size_t any = static_cast<size_t>(random_.Int(0, static_cast<int64_t>(sets.size()) - 1));
    const int64_t columns = Elements(shape) / shape[0];
    if (columns % 3 == 0 && random_.Int(0, 5) == 0) sets[any] = ValueSet::Codebook(random_.Floats(30, -1, 1), 3);
    return AddParameter(RandomCodes(shape, sets[choice < 2 ? choice : any], random_.Coin(), &random_));
  }

  std::string PerChannel(double low, double high) {
    return AddParameter(random_.Tensor(shape_.size() == 4 ? Shape{shape_[1], 1, 1} : Shape{shape_[1]}, low, high));
  }

  void AddConv() {
    const int64_t kind = random_.Int(0, 4);
    int64_t groups = 1, outputs = random_.Int(1, 40);
    if (kind == 0) groups = outputs = shape_[1];
    if (kind == 1 && shape_[1] % 2 == 0) groups = 2, outputs = 2 * random_.Int(1, 10);
    const int64_t kh = random_.Int(1, 4), kw = random_.Int(1, 4);
    std::vector<std::string> inputs = {value_, RandomWeight({outputs, shape_[1] / groups, kh, kw})};
    if (random_.Coin()) inputs.push_back(AddParameter(random_.Tensor({outputs}, -1, 1)));
    Attributes attributes = {{"group", groups},
                             {"strides", std::vector<int64_t>{random_.Int(1, 2), random_.Int(1, 2)}},
                             {"dilations", std::vector<int64_t>{random_.Int(1, 2), random_.Int(1, 2)}}};
    if (random_.Int(0, 3) == 0) {
      attributes["auto_pad"] = std::string(random_.Coin() ? "SAME_UPPER" : "SAME_LOWER");
    } else {
      attributes["pads"] =
          std::vector<int64_t>{random_.Int(0, 2), random_.Int(0, 2), random_.Int(0, 2), random_.Int(0, 2)};
    }
    Append("Conv", std::move(inputs), std::move(attributes));
  }

  void AddPool() {
    Attributes attributes = {{"kernel_shape", std::vector<int64_t>{random_.Int(1, 3), random_.Int(1, 3)}},
                             {"strides", std::vector<int64_t>{random_.Int(1, 2), random_.Int(1, 2)}},
                             {"ceil_mode", random_.Int(0, 1)}};
    if (random_.Coin()) attributes["pads"] = std::vector<int64_t>{0, 1, 1, 0};
    const bool maximum = random_.Coin();
    if (!maximum) attributes["count_include_pad"] = random_.Int(0, 1);
    Append(maximum ? "MaxPool" : "AveragePool", {value_}, std::move(attributes));
  }

  void AddBatchNorm() {
    const Shape channels = {shape_[1]};
    Append("BatchNormalization",
           {value_, AddParameter(random_.Tensor(channels, -1, 1)), AddParameter(random_.Tensor(channels, -1, 1)),
            AddParameter(random_.Tensor(channels, -1, 1)), AddParameter(random_.Tensor(channels, 0.1, 2))});
  }

  void AddActivation() {
    switch (random_.Int(0, 7)) {
      case 0:
      case 1:
        Append("Relu", {value_});
        return;
      case 2:
        Append("Clip", {value_, AddParameter(FloatTensor({}, {-0.25f})),
                        random_.Coin() ? "" : AddParameter(FloatTensor({}, {0.5f}))});
        return;
      case 3:
        Append("PRelu", {value_, PerChannel(-0.5, 1.5)});
        return;
      case 4:
        Append("Sigmoid", {value_});
        return;
      case 5:
        Append("LeakyRelu", {value_}, {{"alpha", 0.125}});
        return;
      case 6:
      case 7:
        static const char* const functions[] = {"Tanh", "HardSwish", "HardSigmoid", "Elu", "Softplus", "Gelu", "Mish"};
        Append(functions[random_.Int(0, 6)], {value_});
        return;
    }
  }

  void AddArithmetic() {
    static const char* const operators[] = {"Add", "Sub", "Mul"};
    const std::string op = operators[random_.Int(0, 2)];
    std::string other;
    switch (random_.Int(0, 3)) {
      case 0:
        other = PerChannel(-1, 1);
        break;
      case 1:
        other = AddParameter(FloatTensor({}, {0.75f}));
        break;
      case 2:
        other = AddParameter(random_.Tensor({shape_.begin() + 1, shape_.end()}, -1, 1));
        break;
      case 3:
        other = SameShape();
        break;
    }
    random_.Coin() ? Append(op, {value_, other}) : Append(op, {other, value_});
  }

  // An earlier value of the same shape, or this one.
  std::string SameShape() {
    for (const auto& [name, shape] : earlier_) {
      if (shape == shape_ && random_.Coin()) return name;
    }
    return value_;
  }

  void AddResidualBlock() {
    const std::string shortcut = value_;
    const Shape shape = shape_;
    Append("Conv", {value_, RandomWeight({shape[1], shape[1], 3, 3})}, {{"pads", std::vector<int64_t>{1, 1, 1, 1}}});
    AddBatchNorm();
    if (shape_ == shape) random_.Coin() ? Append("Add", {value_, shortcut}) : Append("Add", {shortcut, value_});
    if (random_.Coin()) Append("Relu", {value_});
  }

  // Channels, or pixels, weighted by what is measured over them (squeeze and excitation).
  void AddAttention() {
    const std::string all = value_;
    if (random_.Coin()) {
      Append("GlobalAveragePool", {value_});
    } else {
      Append("ReduceMean", {value_, AddParameter(Int64Tensor({1}, {1}))});
    }
    Append(random_.Coin() ? "Sigmoid" : "HardSigmoid", {value_});
    Append(random_.Coin() ? "Mul" : "Add", {all, value_});
  }

  void AddResize() {
    const bool linear = random_.Coin();
    const FloatTensor scales({4}, {1, 1, random_.Coin() ? 2.f : 1.5f, random_.Coin() ? 1.f : 2.f});
    Append("Resize", {value_, "", AddParameter(scales)},
           {{"mode", std::string(linear ? "linear" : "nearest")},
            {"coordinate_transformation_mode", std::string(random_.Coin() ? "half_pixel" : "asymmetric")}});
  }

  void AddConvTranspose() {
    const int64_t groups = random_.Int(0, 3) == 0 && shape_[1] % 2 == 0 ? 2 : 1, outputs = random_.Int(1, 20);
    const int64_t stride = random_.Int(1, 2), kernel = random_.Int(1, 4), pad = random_.Int(0, kernel / 2);
    const int64_t stride_x = random_.Int(0, 2) == 0 ? random_.Int(1, 3) : stride;
    const int64_t dilation = random_.Int(0, 2) == 0 ? 2 : 1;
    std::vector<std::string> inputs = {value_, RandomWeight({shape_[1], outputs, kernel, kernel})};
    if (random_.Coin()) inputs.push_back(AddParameter(random_.Tensor({groups * outputs}, -1, 1)));
    Append("ConvTranspose", std::move(inputs),
           {{"group", groups},
            {"strides", std::vector<int64_t>{stride, stride_x}},
            {"dilations", std::vector<int64_t>{dilation, random_.Int(1, dilation)}},
            {"pads", std::vector<int64_t>{pad, pad, random_.Int(0, 3) == 0 ? kernel : random_.Int(0, pad), pad}}});
  }

  void AddSplit() {
    const int64_t axis = random_.Int(1, 3), extent = shape_[static_cast<size_t>(axis)];
    const int64_t first = random_.Int(1, extent);
    std::vector<std::string> inputs = {value_};
    if (first < extent) inputs.push_back(AddParameter(Int64Tensor({2}, {first, extent - first})));
    Append("Split", std::move(inputs), {{"axis", axis}}, first < extent ? 2 : 1);
    if (random_.Coin()) value_ = earlier_.back().first, shape_ = earlier_.back().second;
  }

  void AddRare() {
    switch (random_.Int(0, 9)) {
      case 0:
        Append("Concat", {value_, SameShapeButChannels()}, {{"axis", int64_t{1}}});
        return;
      case 1:
        Append("Pad", {value_, AddParameter(Int64Tensor({8}, {0, 1, 0, 1, 0, 2, 1, 0}))});
        return;
      case 2:
        Append("Dropout", {value_});
        return;
      case 3:
        Append("Identity", {value_});
        return;
      case 4:
        return AddAttention();
      case 5:
        return AddResize();
      case 6:
        return AddConvTranspose();
      case 7:
        using Order = std::vector<int64_t>;
        Append("Transpose", {value_}, {{"perm", random_.Coin() ? Order{0, 1, 3, 2} : Order{0, 3, 1, 2}}});
        return;
      case 8:
        Append("Max", {value_, SameShape()});
        return;
      case 9:
        return AddSplit();
    }
  }

  std::string SameShapeButChannels() {
    for (const auto& [name, shape] : earlier_) {
      if (shape[2] == shape_[2] && shape[3] == shape_[3] && random_.Coin()) return name;
    }
    return value_;
  }

  void AddImageLayer() {
    switch (random_.Int(0, 9)) {
      case 0:
      case 1:
      case 2:
        return AddConv();
      case 3:
        return AddPool();
      case 4:
        return AddBatchNorm();
      case 5:
        return AddActivation();
      case 6:
        return AddArithmetic();
      case 7:
        return AddResidualBlock();
      case 8:
      case 9:
        return AddRare();
    }
  }

  void AddHead() {
    random_.Coin() ? Append("Flatten", {value_}) : Append("Reshape", {value_, AddParameter(Int64Tensor({2}, {0, -1}))});
    for (int64_t layers = random_.Int(1, 2); layers > 0; --layers) {
      const int64_t outputs = random_.Int(1, 50);
      const bool transposed = random_.Coin();
      std::string weight = transposed ? RandomWeight({outputs, shape_[1]}) : RandomWeight({shape_[1], outputs});
      Append("Gemm", {value_, std::move(weight), AddParameter(random_.Tensor({outputs}, -1, 1))},
             {{"transB", int64_t{transposed}}, {"alpha", 0.5}, {"beta", 2.0}});
      if (random_.Coin()) AddBatchNorm();
      if (random_.Coin()) Append("Relu", {value_});
    }
    if (random_.Coin()) Append("Softmax", {value_});
  }
};

}  // namespace lowbit::runtime::testing

#endif  // LOWBIT_RUNTIME_TESTING_RANDOM_GRAPH_H_
