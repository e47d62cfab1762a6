#ifndef LOWBIT_FORMAT_ONNX_BUILDER_H_
#define LOWBIT_FORMAT_ONNX_BUILDER_H_

// Builds the Graph one operator at a time, and computes at once what is known already.
//
// A network that takes any batch is followed for two sizes of it: a value that is known for both, but differs, depends on
// the batch. Where such values give a shape, they become -1, 0 or 1 if that says the same for every batch.

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "lowbit/core/graph.h"
#include "lowbit/core/operator.h"
#include "lowbit/format/onnx/constant.h"

namespace lowbit::onnx {

inline constexpr size_t kSizes = 2;
// Not 1, which broadcasts.
inline constexpr std::array<int64_t, kSizes> kBatches = {2, 3};

// Integers q of the file that the Graph has as the numbers scale * (q - zero_point) that they stand for.
struct ValueGrid {
  double scale = 1, zero_point = 0;
  bool operator==(const ValueGrid& other) const { return scale == other.scale && zero_point == other.zero_point; }
};

// A value of the file. A default one is an input left out.
struct Value {
  bool present = false;
  std::string name;  // In the Graph; a constant has one when it is used there.
  ElementType type = ElementType::kFloat32;
  std::array<Shape, kSizes> shapes;
  std::array<ConstantPtr, kSizes> constants;  // Null: the network computes it.
  std::optional<ValueGrid> grid;              // Of values that a QuantizeLinear made, and of those made of them.

  bool known() const { return constants[0] != nullptr; }
  bool depends_on_batch() const { return known() && constants[0] != constants[1]; }
  const Shape& shape() const { return shapes[0]; }
  size_t rank() const { return shapes[0].size(); }
};

// Hands out names, each once.
class Names {
 public:
  // Kept for the file's own use of it.
  void Reserve(const std::string& name) { reserved_.insert(name); }
  // The wish, or with a number behind it. `own`: it is the file's name for this.
  std::string Take(const std::string& wish, bool own);

 private:
  std::set<std::string> taken_, reserved_;
  std::map<std::string, int64_t> last_;
};

class Builder {
 public:
  explicit Builder(std::string name) { graph_.name = std::move(name); }

  Value AddInput(const std::string& name, ElementType type, const Shape& shape);
  // A constant for every batch, or one for each size, which are one if they are the same (an extent of a shape whose
  // first is the batch). `name` is a wish for where the Graph uses it.
  static Value Known(ConstantPtr constant, std::string name = "");
  static Value KnownForEach(const std::array<ConstantPtr, kSizes>& constants);

  // Nodes that are added from now on are named after this one.
  void BeginNode(const std::string& name) { node_name_ = name; }
  const std::string& node_name() const { return node_name_; }

  // The outputs of one operator of core: computed where all inputs are known, else a node. Integer results of
  // arithmetic lose what their type does not hold. Values with a grid enter as integers, or stay on it where that is
  // the same (MaxPool, Reshape). Infinite constants of sums, choices and bounds, which mask, become the largest float:
  // parameters are finite. Errors: the operator's; an integer input that is not known; more than the importer computes.
  Result<std::vector<Value>> Apply(const std::string& op, const std::vector<Value>& inputs, Attributes attributes = {},
                                   size_t outputs = 1);
  // The first output.
  Result<Value> Apply1(const std::string& op, const std::vector<Value>& inputs, Attributes attributes = {});

  // A matrix of floats the other way round: each time the same constant, so that weights of several nodes are stored once.
  ConstantPtr Turn(const ConstantPtr& matrix);

  // The integers themselves of a value that has a grid; others as they are.
  Result<Value> Plain(const Value& value);

  // Gives the value the file's name for it, if a node computes it that has none of the file's yet.
  void Rename(Value* value, const std::string& name);
  // The same value under that name (or one like it, if it is an input's), computed by a node even if it is known. Error:
  // it depends on the batch.
  Result<Value> AddNamed(const Value& value, const std::string& name);
  void AddOutput(const std::string& name) { graph_.outputs.push_back(name); }
  // That name is one of the outputs' and not for parameters, which no Graph gives out.
  void ReserveOutput(const std::string& name) { outputs_.insert(name); }
  // The file has so many weights: the more there are, the more may be computed of them.
  void CountWeights(int64_t weights) { weights_ += weights; }
  void ReserveName(const std::string& name) { values_.Reserve(name); }
  Graph Take() { return std::move(graph_); }

 private:
  Result<std::vector<Value>> Fold(const Operator& op, const Node& node, const std::vector<Value>& inputs);
  Result<std::vector<Value>> AddNode(const Operator& op, Node node, const std::vector<Value>& inputs);
  Result<std::string> Use(const Operator& op, size_t i, const Node& node, const std::vector<Value>& inputs);
  enum class Form { kFloats, kIntegers, kLowBit };
  ConstantPtr Bounded(const ConstantPtr& constant);
  std::string AddParameter(const Value& value, const ConstantPtr& constant, Form form);
  Result<std::vector<Value>> KeepTypes(const Node& node, std::vector<Value> outputs);

  Graph graph_;
  Names values_, nodes_;
  std::string node_name_;
  std::map<std::pair<ConstantPtr, Form>, std::string> parameters_;
  std::map<ConstantPtr, ConstantPtr> turned_, bounded_;
  std::set<std::string> outputs_;    // Names of the file's.
  std::set<std::string> generated_;  // Values whose names are made up.
  int64_t numbers_ = 0;              // Computed so far.
  int64_t weights_ = 0;
};

}  // namespace lowbit::onnx

#endif  // LOWBIT_FORMAT_ONNX_BUILDER_H_
