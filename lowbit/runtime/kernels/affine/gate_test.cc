// Functions that several nodes spell out are one pass, with the numbers of the nodes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "lowbit/runtime/testing/one_node.h"

namespace lowbit::runtime {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

// A network written as nodes of x [any, 3, 5, 7]; numbers are named by what they are: "0.5".
class Spelled {
 public:
  explicit Spelled(Shape x = {3, 5, 7}) {
    x.insert(x.begin(), kDynamic);
    graph_.name = "spelled";
    graph_.inputs = {{"x", std::move(x)}};
  }

  Spelled& Node(const std::string& op, std::vector<std::string> inputs, const std::string& output,
                Attributes attributes = {}) {
    for (const std::string& input : inputs) {
      if (input.find_first_not_of("-.0123456789") == std::string::npos) {
        graph_.parameters[input].value = FloatTensor({}, {std::stof(input)});
      }
    }
    graph_.nodes.push_back({output, op, std::move(inputs), {output}, std::move(attributes)});
    graph_.outputs = {output};
    return *this;
  }

  // The names of the steps' kernels, one for each.
  std::vector<std::string> Kernels() const {
    const Model model = Model::FromGraph(graph_, {.strict = true}).value();
    std::vector<std::string> kernels;
    for (const NodePlan& node : model.Nodes()) {
      if (node.fused_into.empty()) kernels.push_back(node.kernel);
    }
    return kernels;
  }

  // On every target, with one thread and several: nodes of float64, within some units in the last place of x.
  void ExpectItsNodes() const {
    ASSERT_TRUE(Validate(graph_).ok());
    for (const int64_t batch : {1, 3}) {
      const std::vector<float> x = testing::DrawInputs(graph_, batch, -9, 9)[0];
      const DoubleTensor wide(testing::WithBatch(graph_.inputs[0].shape, batch), {x.begin(), x.end()});
      const DoubleTensor y = Evaluate(graph_, {{"x", wide}}).value().at(graph_.outputs[0]);
      const auto bound = [&](size_t, double value) { return 0x1p-18 * (10 + std::abs(value)); };
      testing::ForEachTarget([&] {
        for (const Options& options : {Options{}, Options{.threads = 3, .piece = 2}}) {
          testing::ExpectNear(y.data, testing::RunOneNode(graph_, {x}, batch, options), bound);
        }
      });
    }
  }

  Graph& graph() { return graph_; }

 private:
  Graph graph_;
};

void ExpectOnePass(const Spelled& network, const std::string& kernel) {
  EXPECT_THAT(network.Kernels(), ElementsAre(kernel));
  network.ExpectItsNodes();
}

TEST(Gate, Swish) {
  ExpectOnePass(Spelled().Node("Sigmoid", {"x"}, "s").Node("Mul", {"x", "s"}, "y"), "swish_f32");
  // Gelu's quick approximation, and a number in each place.
  ExpectOnePass(Spelled().Node("Mul", {"x", "1.702"}, "t").Node("Sigmoid", {"t"}, "s").Node("Mul", {"s", "x"}, "y"),
                "swish_f32");
  ExpectOnePass(Spelled()
                    .Node("Sub", {"1.5", "x"}, "t")
                    .Node("Sigmoid", {"t"}, "s")
                    .Node("Div", {"s", "-4"}, "d")
                    .Node("Mul", {"0.5", "x"}, "h")
                    .Node("Mul", {"h", "d"}, "m")
                    .Node("Add", {"m", "3"}, "y"),
                "swish_f32");
}

TEST(Gate, HardSwish) {
  for (const Shape& shape : {Shape{3, 5, 7}, Shape{100}, Shape{70, 3}}) {
    ExpectOnePass(Spelled(shape)
                      .Node("Add", {"x", "3"}, "t")
                      .Node("Clip", {"t", "0", "6"}, "c")
                      .Node("Mul", {"x", "c"}, "m")
                      .Node("Div", {"m", "6"}, "y"),
                  "hardswish_f32");
  }
  ExpectOnePass(Spelled()
                    .Node("Add", {"x", "3"}, "t")
                    .Node("Clip", {"t", "0", "6"}, "c")
                    .Node("Mul", {"c", "0.25"}, "d")
                    .Node("Mul", {"d", "x"}, "y"),
                "hardswish_f32");
  ExpectOnePass(Spelled().Node("HardSigmoid", {"x"}, "s", {{"alpha", 0.125}}).Node("Mul", {"x", "s"}, "y"),
                "hardswish_f32");
}

TEST(Gate, GeluAndMish) {
  const char* const root = "1.41421356";
  ExpectOnePass(Spelled()
                    .Node("Div", {"x", root}, "t")
                    .Node("Erf", {"t"}, "e")
                    .Node("Add", {"e", "1"}, "a")
                    .Node("Mul", {"x", "a"}, "m")
                    .Node("Mul", {"m", "0.5"}, "y"),
                "gelu_f32");
  ExpectOnePass(Spelled()
                    .Node("Mul", {"x", "0.5"}, "h")
                    .Node("Div", {"x", root}, "t")
                    .Node("Erf", {"t"}, "e")
                    .Node("Add", {"e", "1"}, "a")
                    .Node("Mul", {"h", "a"}, "y"),
                "gelu_f32");
  ExpectOnePass(Spelled().Node("Softplus", {"x"}, "s").Node("Tanh", {"s"}, "t").Node("Mul", {"x", "t"}, "y"),
                "mish_f32");
}

TEST(Gate, TakesWhatFollowsAlong) {
  Spelled network;
  network.Node("Sigmoid", {"x"}, "s")
      .Node("Mul", {"x", "s"}, "m")
      .Node("Add", {"m", "x"}, "r")
      .Node("Relu", {"r"}, "y");
  ExpectOnePass(network, "swish_f32");
}

TEST(Gate, IsLeftWhereOthersReadItsParts) {
  Spelled read_twice;
  read_twice.Node("Sigmoid", {"x"}, "s").Node("Mul", {"x", "s"}, "m").Node("Sub", {"s", "m"}, "y");
  EXPECT_THAT(read_twice.Kernels(), Not(Contains("swish_f32")));
  read_twice.ExpectItsNodes();
  Spelled output;
  output.Node("Sigmoid", {"x"}, "s").Node("Mul", {"x", "s"}, "y").graph().outputs = {"s", "y"};
  EXPECT_THAT(output.Kernels(), Not(Contains("swish_f32")));
}

TEST(Gate, OtherFunctionsAreNone) {
  Spelled shifted;  // x (sigmoid(x) + 1)
  shifted.Node("Sigmoid", {"x"}, "s").Node("Add", {"s", "1"}, "a").Node("Mul", {"x", "a"}, "y");
  Spelled of_another;  // A gate of another value.
  of_another.Node("Tanh", {"x"}, "z").Node("Sigmoid", {"z"}, "s").Node("Mul", {"x", "s"}, "y");
  Spelled low;  // Clipped at another value than 0.
  low.Node("Clip", {"x", "-1", "6"}, "c").Node("Mul", {"x", "c"}, "y");
  Spelled erf;  // Not of x / sqrt(2).
  erf.Node("Erf", {"x"}, "e").Node("Add", {"e", "1"}, "a").Node("Mul", {"x", "a"}, "y");
  Spelled square;
  square.Node("Sigmoid", {"x"}, "s").Node("Mul", {"s", "s"}, "y");
  Spelled by_channel;  // Numbers that differ between channels.
  by_channel.graph().parameters["c"].value = FloatTensor({3, 1, 1}, {1, 2, 3});
  by_channel.Node("Mul", {"x", "c"}, "t").Node("Sigmoid", {"t"}, "s").Node("Mul", {"x", "s"}, "y");
  Spelled wider;  // The gate has more dimensions than x.
  wider.graph().parameters["one"].value = FloatTensor({1, 1, 1, 1, 1}, {1});
  wider.Node("Add", {"x", "one"}, "t").Node("Sigmoid", {"t"}, "s").Node("Mul", {"x", "s"}, "y");
  for (const Spelled& network : {shifted, of_another, low, erf, square, by_channel, wider}) {
    SCOPED_TRACE(network.Kernels()[0]);
    EXPECT_GT(network.Kernels().size(), 1u);
    network.ExpectItsNodes();
  }
}

TEST(Gate, NoneInNetworksOfIntegers) {
  Spelled network;
  network.graph().parameters["bits"].value = FloatTensor({}, {8});
  network.Node("Quant", {"x", "1", "0", "bits"}, "q").Node("Sigmoid", {"x"}, "s").Node("Mul", {"x", "s"}, "m");
  network.Node("Add", {"m", "q"}, "y");
  EXPECT_THAT(network.Kernels(), Not(Contains("swish_f32")));
}

}  // namespace
}  // namespace lowbit::runtime
