#ifndef LOWBIT_CORE_OPERATOR_H_
#define LOWBIT_CORE_OPERATOR_H_

// The frame of the shelf lowbit/core/ops: what each folder of operators defines, and how to find one.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"

namespace lowbit {

enum class AttributeType { kInt, kFloat, kString, kInts, kFloats };

struct AttributeRule {
  std::string name;
  AttributeType type;
  bool required = false;
};

// What an operator's shape rule sees of one input.
struct InputView {
  bool present = false;
  Shape shape;
  // The elements where the input is an integer parameter (Reshape's shape, Pad's pads); otherwise null.
  const Int64Tensor* integers = nullptr;
  // The elements where the input is a float parameter; otherwise null.
  const FloatTensor* floats = nullptr;
};

// Operator::max_inputs of an operator that takes any number (Concat).
inline constexpr size_t kAnyNumber = std::numeric_limits<size_t>::max();

struct Operator {
  std::string name;  // ONNX's: "Conv"
  size_t min_inputs = 1;
  size_t max_inputs = 1;
  size_t max_outputs = 1;
  // Inputs that must be int64 parameters (shapes, pads); every other input is float or low-bit.
  std::vector<size_t> integer_inputs = {};
  std::vector<AttributeRule> attributes = {};

  // Shapes of the outputs; all input extents are known (the batch too). Also checks every rule of the operator that
  // depends on shapes and attribute values; an error says which, without the node's name (the caller adds it).
  Result<std::vector<Shape>> (*infer)(const Node& node, const std::vector<InputView>& inputs) = nullptr;

  // The plain definition of the operator at inference, in float64, written to be read: what every executor is tested
  // against. Integer inputs arrive as doubles; an absent input as null.
  // REQUIRES: infer(node, ...) of the same shapes is ok.
  std::vector<DoubleTensor> (*evaluate)(const Node& node, const std::vector<const DoubleTensor*>& inputs) = nullptr;

  // Whether the node lets elements at different places of the first dimension meet, or chooses among them, in a way that
  // the shapes of inputs and outputs do not tell: a Softmax along the first dimension does. Null means never.
  bool (*mixes_images)(const Node& node, const std::vector<InputView>& inputs) = nullptr;

  // Multiply-accumulates of operators that multiply matrices or kernels, as factors whose product may overflow (the
  // caller multiplies with care). Positions in the padding count as if they were pixels. Null means none.
  std::vector<int64_t> (*macs)(const Node& node, const std::vector<Shape>& inputs, const Shape& output) = nullptr;
};

namespace ops {

// One row for each folder of lowbit/core/ops, made by CMake: lowbit::ops::<folder>::Define(), one operator or a family of
// them that share a definition.
struct ShelfEntry {
  const char* name;
  std::vector<Operator> (*function)();
};
const std::vector<ShelfEntry>& ShelfEntries();

}  // namespace ops

// The operator of that ONNX name, or null.
const Operator* FindOperator(const std::string& name);
// All names, sorted.
std::vector<std::string> OperatorNames();

}  // namespace lowbit

#endif  // LOWBIT_CORE_OPERATOR_H_
