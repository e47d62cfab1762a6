#ifndef LOWBIT_FORMAT_C_SOURCE_NETWORK_H_
#define LOWBIT_FORMAT_C_SOURCE_NETWORK_H_

// The network as the generator sees it: in integer form, for one image, with the extents and the kind of every value.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"
#include "lowbit/format/c_source/element.h"

namespace lowbit::c_source {

// [1, channels, height, width], or [1, channels].
struct Extents {
  int64_t channels = 1, height = 1, width = 1;

  int64_t Pixels() const { return height * width; }
  int64_t Elements() const { return channels * height * width; }
  bool operator==(const Extents& other) const {
    return channels == other.channels && height == other.height && width == other.width;
  }
};

// What a node is to the generator.
enum class Role : uint8_t {
  kElementwise,  // Of one element, or two that lie at one place after broadcasting; the quantizers among them.
  kProduct,      // Conv, Gemm.
  kPool,         // MaxPool, AveragePool.
  kMean,         // Over all pixels.
  kReshape,      // Flatten and its like: the same numbers in [1, channels, height, width]'s order.
  kSlice,
  kPad,
  kConcat,
  kDepthToSpace,
  kGather,   // Of channels, in a fixed order.
  kSoftmax,  // Of a vector.
};

std::optional<Role> RoleOf(const std::string& op);

class Network {
 public:
  // Errors: as Validate; more than one input; an operator that has no Role, a value that is neither an image nor a vector, attributes
  // that the generator does not know, an output that no node computes. They name the node.
  static Result<Network> Make(const Graph& graph);

  const Graph& form() const { return *form_; }
  const std::string& Input() const { return form_->inputs[0].name; }
  // Null for the input and for parameters.
  const Node* Maker(const std::string& value) const;
  const std::vector<const Node*>& Readers(const std::string& value) const;
  bool IsOutput(const std::string& value) const;
  bool IsParameter(const std::string& value) const { return form_->parameters.count(value) != 0; }

  const Shape& ShapeOf(const std::string& value) const { return shapes_.at(value); }
  Extents ExtentsOf(const std::string& value) const;
  // The integers that the value can have, or nothing if it is one of floats.
  std::optional<Range> RangeOf(const std::string& value) const;
  Element ElementOf(const std::string& value) const;

  // A parameter of floats or integers, or null.
  const FloatTensor* Floats(const std::string& name) const;
  const Int64Tensor* Integers(const std::string& name) const;

  // The value whose numbers a product multiplies: its input, or what that is a reshaped form of.
  const std::string& ProductSource(const Node& product) const;

 private:
  Status Check() const;
  Status Check(const Node& node) const;
  bool IsOverPixels(const Node& mean) const;
  void FindRanges();
  std::optional<Range> RangeOf(const Node& node) const;

  std::unique_ptr<Graph> form_;
  std::map<std::string, Shape> shapes_;
  std::map<std::string, const Node*> makers_;
  std::map<std::string, std::vector<const Node*>> readers_;
  std::map<std::string, Range> ranges_;
};

}  // namespace lowbit::c_source

#endif  // LOWBIT_FORMAT_C_SOURCE_NETWORK_H_
