#ifndef LOWBIT_RUNTIME_TESTING_GROWING_GRAPH_H_
#define LOWBIT_RUNTIME_TESTING_GROWING_GRAPH_H_

// For tests: what generators of random networks share.

#include <string>
#include <utility>
#include <vector>

#include "lowbit/core/validate.h"
#include "lowbit/runtime/testing/random_values.h"

namespace lowbit::runtime::testing {

// A graph of small values that grows node by node and is valid at all times.
class GrowingGraph {
 public:
  GrowingGraph(const GrowingGraph&) = delete;
  GrowingGraph& operator=(const GrowingGraph&) = delete;

 protected:
  GrowingGraph(std::string name, uint64_t seed) : random_(seed) { graph_.name = std::move(name); }

  // The input "image" [kDynamic, C, H, W] with C up to `channels`.
  void StartWithImage(int64_t channels) {
    shape_ = {1, random_.Int(1, channels), random_.Int(1, 9), random_.Int(1, 9)};
    graph_.inputs = {{"image", {kDynamic, shape_[1], shape_[2], shape_[3]}}};
    value_ = "image";
  }

  std::string Unique(const std::string& stem) { return stem + std::to_string(++count_); }

  template <typename T>
  std::string AddParameter(T value) {
    std::string name = Unique("p");
    graph_.parameters[name].value = std::move(value);
    return name;
  }

  std::string Scalar(double value) { return AddParameter(FloatTensor({}, {static_cast<float>(value)})); }

  // Appends the node if the graph stays valid (a window may be larger than what is left of the image).
  // The first of several outputs is the last value then.
  bool Append(const std::string& op, std::vector<std::string> inputs, Attributes attributes = {}, size_t outputs = 1) {
    std::vector<std::string> names;
    while (names.size() < outputs) names.push_back(Unique("v"));
    const std::string& output = names[0];
    graph_.nodes.push_back({Unique("n"), op, std::move(inputs), names, std::move(attributes)});
    graph_.outputs = {output};
    const auto shapes = InferShapes(graph_, 1);
    if (!shapes.ok() || Elements(shapes.value().at(output)) > 4000) {
      graph_.nodes.pop_back();
      return false;
    }
    value_ = output;
    shape_ = shapes.value().at(output);
    for (const std::string& name : names) {
      const Shape& shape = shapes.value().at(name);
      if (shape.size() == 4) earlier_.emplace_back(name, shape);
    }
    return true;
  }

  RandomSource random_;
  Graph graph_;
  std::string value_;  // The last one, and its shape.
  Shape shape_;
  std::vector<std::pair<std::string, Shape>> earlier_;  // Images that nodes made.

 private:
  int count_ = 0;
};

}  // namespace lowbit::runtime::testing

#endif  // LOWBIT_RUNTIME_TESTING_GROWING_GRAPH_H_
