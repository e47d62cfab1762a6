#include "lowbit/compress/product/product.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "lowbit/base/random.h"
#include "lowbit/compress/product/channel_gains.h"
#include "lowbit/compress/product/input_statistics.h"
#include "lowbit/core/evaluate.h"
#include "lowbit/core/integer_weights.h"
#include "lowbit/core/operator.h"
#include "lowbit/core/ops_common/window.h"
#include "lowbit/core/validate.h"

namespace lowbit::compress {
namespace {

using quant::product::Matrix;
using quant::product::NetworkPlan;
using ::testing::HasSubstr;

FloatTensor Normals(const Shape& shape, const std::string& name) {
  const CounterRandom random(1, StreamOf(name));
  FloatTensor tensor(shape);
  for (size_t i = 0; i < tensor.data.size(); ++i) tensor.data[i] = static_cast<float>(random.Normal(i));
  return tensor;
}

Node MakeNode(const std::string& op, const std::string& name, std::vector<std::string> inputs,
              Attributes attributes = {}) {
  Node node;
  node.name = name;
  node.op = op;
  node.inputs = std::move(inputs);
  node.outputs = {name};
  node.attributes = std::move(attributes);
  return node;
}

// The definition: every output position's inputs as a row, cut into blocks.
std::vector<Matrix> Unfolded(const Node& node, const Shape& weight, int block, const FloatTensor& x) {
  const int64_t groups = IntAttribute(node, "group", 1), taps = weight[2] * weight[3], columns = weight[1] * taps;
  const ops::Window window = ops::ResolveWindow(node, x.shape, {weight[2], weight[3]}).value();
  std::vector<Matrix> sums(static_cast<size_t>(groups * columns / block), Matrix(block));
  for (int64_t n = 0; n < x.shape[0]; ++n) {
    for (int64_t position = 0; position < window.OutputPlane(); ++position) {
      for (int64_t g = 0; g < groups; ++g) {
        std::vector<double> row(static_cast<size_t>(columns), 0);
        for (int64_t c = 0; c < weight[1]; ++c) {
          const float* plane = x.data.data() + (n * x.shape[1] + g * weight[1] + c) * window.InputPlane();
          ops::VisitWindow(window, position / window.x.output, position % window.x.output,
                           [&](int64_t pixel, int64_t tap) {
                             row[static_cast<size_t>(c * taps + tap)] = static_cast<double>(plane[pixel]);
                           });
        }
        for (int64_t b = 0; b < columns / block; ++b) {
          Matrix& sum = sums[static_cast<size_t>(g * (columns / block) + b)];
          for (int i = 0; i < block; ++i) {
            for (int j = 0; j < block; ++j) {
              sum.row(i)[j] += row[static_cast<size_t>(b * block + i)] * row[static_cast<size_t>(b * block + j)];
            }
          }
        }
      }
    }
  }
  return sums;
}

TEST(InputStatistics, AreTheSumsOverUnfoldedInputs) {
  struct Case {
    Shape input, weight;
    int block;
    Attributes attributes;
  };
  using Ints = std::vector<int64_t>;
  const std::vector<Case> cases = {
      {{2, 4, 6, 5}, {3, 4, 3, 3}, 9, {{"pads", Ints{1, 1, 1, 1}}}},
      {{2, 4, 6, 5}, {3, 4, 3, 3}, 18, {{"pads", Ints{1, 0, 2, 1}}, {"strides", Ints{2, 1}}}},
      {{1, 4, 9, 8}, {3, 4, 3, 3}, 4, {{"dilations", Ints{2, 2}}, {"strides", Ints{1, 3}}}},
      {{2, 8, 3, 3}, {5, 8, 1, 1}, 4, {{"strides", Ints{2, 2}}}},
      {{2, 6, 4, 4}, {6, 1, 3, 3}, 9, {{"pads", Ints{1, 1, 1, 1}}, {"group", int64_t{6}}}},
      {{2, 4, 2, 2}, {2, 4, 5, 5}, 5, {{"pads", Ints{4, 4, 4, 4}}}},  // Mostly padding.
  };
  for (size_t k = 0; k < cases.size(); ++k) {
    const Case& c = cases[k];
    const FloatTensor x = Normals(c.input, "x" + std::to_string(k));
    const Node node = MakeNode("Conv", "conv", {"x", "w"}, c.attributes);
    InputStatistics statistics(node, c.weight, c.block);
    statistics.Add(x.data, x.shape);
    const std::vector<Matrix> expected = Unfolded(node, c.weight, c.block, x);
    ASSERT_EQ(statistics.positions().size(), expected.size());
    for (size_t p = 0; p < expected.size(); ++p) {
      for (size_t i = 0; i < expected[p].values.size(); ++i) {
        EXPECT_NEAR(statistics.positions()[p].values[i], expected[p].values[i], 1e-9)
            << "case " << k << " position " << p;
      }
    }
  }
}

TEST(InputStatistics, OfALinearLayer) {
  InputStatistics statistics(MakeNode("Gemm", "fc", {"x", "w"}, {{"transB", int64_t{1}}}), {10, 4}, 2);
  statistics.Add(std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8}, {2, 4});
  EXPECT_THAT(statistics.positions()[0].values, ::testing::ElementsAre(26, 32, 32, 40));
  EXPECT_THAT(statistics.positions()[1].values, ::testing::ElementsAre(58, 68, 68, 80));
  EXPECT_THAT(statistics.Pooled().values, ::testing::ElementsAre(84, 100, 100, 120));
}

// image [-1, 3, 8, 8] -> conv1 -> relu1 -> conv2 -> bn -> relu2 -> flatten -> fc
Graph Network() {
  Graph graph;
  graph.name = "network";
  graph.inputs = {{"image", {kDynamic, 3, 8, 8}}};
  graph.outputs = {"fc"};
  const Attributes padded = {{"pads", std::vector<int64_t>{1, 1, 1, 1}}};
  graph.nodes = {MakeNode("Conv", "conv1", {"image", "conv1.w"}, padded),
                 MakeNode("Relu", "relu1", {"conv1"}),
                 MakeNode("Conv", "conv2", {"relu1", "conv2.w"}, padded),
                 MakeNode("BatchNormalization", "bn", {"conv2", "bn.scale", "bn.bias", "bn.mean", "bn.var"}),
                 MakeNode("Relu", "relu2", {"bn"}),
                 MakeNode("Flatten", "flatten", {"relu2"}),
                 MakeNode("Gemm", "fc", {"flatten", "fc.w"}, {{"transB", int64_t{1}}})};
  const auto set = [&](const std::string& name, const Shape& shape) {
    graph.parameters[name].value = Normals(shape, name);
  };
  set("conv1.w", {8, 3, 3, 3});
  set("conv2.w", {32, 8, 3, 3});
  set("fc.w", {5, 2048});
  for (const char* name : {"bn.scale", "bn.bias", "bn.mean", "bn.var"}) set(name, {32});
  for (float& value : std::get<FloatTensor>(graph.parameters["bn.var"].value).data) value = 50 + value * value;
  return graph;
}

data::ImageSet Images(int64_t count) {
  data::ImageSet set;
  set.image = {3, 8, 8};
  set.labels.resize(static_cast<size_t>(count));
  const CounterRandom random(3, StreamOf("images"));
  for (size_t i = 0; i < static_cast<size_t>(count) * 192; ++i) {
    set.pixels.push_back(static_cast<uint8_t>(random.Below(i, 256)));
  }
  return set;
}

NetworkPlan Plan(const Graph& graph, const quant::product::CodebookForm& codebook = {}) {
  quant::product::Rules rules = quant::product::SmallRules();
  rules.codebook = codebook;
  return PlanNetwork(graph, rules).value();
}

const QTensor& Weight(const ProductNetwork& network, const std::string& name) {
  return std::get<QTensor>(network.graph.parameters.at(name).value);
}

TEST(QuantizeProduct, LayerByLayer) {
  const Graph graph = Network();
  const data::ImageSet images = Images(40);
  std::vector<int64_t> steps;
  const ProductNetwork network =
      QuantizeProduct(graph, Plan(graph), &images, {}, [&](int64_t i, int64_t of, const auto&) {
        steps.push_back(i * 10 + of);
        return Ok();
      }).value();
  EXPECT_EQ(steps, (std::vector<int64_t>{2, 12, 22}));
  EXPECT_TRUE(Validate(network.graph).ok());
  ASSERT_EQ(network.layers.size(), 2u);
  EXPECT_EQ(network.samples, 40);
  EXPECT_EQ(Weight(network, "conv2.w").values.Name(), "codebook32x9_float16");
  EXPECT_EQ(Weight(network, "fc.w").values.Name(), "codebook512x4_float16");
  for (const ProductLayer& layer : network.layers) {
    EXPECT_GT(layer.output_error, 0);
    EXPECT_LT(layer.output_error, 1);
    EXPECT_LT(layer.weight_error, 1);
  }
}

// A network that takes one image at a time sees as many.
TEST(QuantizeProduct, FixedBatchesGiveTheSame) {
  Graph graph = Network();
  const data::ImageSet images = Images(40);
  const ProductNetwork open = QuantizeProduct(graph, Plan(graph), &images, {}).value();
  graph.inputs[0].shape[0] = 1;
  const ProductNetwork fixed = QuantizeProduct(graph, Plan(graph), &images, {}).value();
  for (size_t i = 0; i < open.layers.size(); ++i) {
    EXPECT_EQ(fixed.layers[i].output_error, open.layers[i].output_error);
    EXPECT_EQ(fixed.layers[i].weight_error, open.layers[i].weight_error);
  }
  EXPECT_EQ(Weight(fixed, "fc.w").codes, Weight(open, "fc.w").codes);
}

// What is reported is the error of the layer's output, and fitting the outputs makes it smaller than fitting the weights.
TEST(QuantizeProduct, FitsOutputs) {
  const Graph graph = Network();
  const data::ImageSet images = Images(32);
  const auto error = [&](const ProductNetwork& network) {
    std::map<std::string, DoubleTensor> values;
    FloatTensor pixels({32, 3, 8, 8}, std::vector<float>(images.pixels.begin(), images.pixels.end()));
    const Node& conv1 = graph.nodes[0];
    const auto widen = [](const FloatTensor& t) { return DoubleTensor(t.shape, {t.data.begin(), t.data.end()}); };
    const DoubleTensor x = widen(pixels), w1 = widen(std::get<FloatTensor>(graph.parameters.at("conv1.w").value));
    DoubleTensor hidden = FindOperator("Conv")->evaluate(conv1, {&x, &w1})[0];
    for (double& value : hidden.data) value = std::max(value, 0.0);
    const DoubleTensor w = widen(std::get<FloatTensor>(graph.parameters.at("conv2.w").value));
    const DoubleTensor q = widen(Dequantize(Weight(network, "conv2.w")));
    const DoubleTensor of_w = FindOperator("Conv")->evaluate(graph.nodes[2], {&hidden, &w})[0];
    const DoubleTensor of_q = FindOperator("Conv")->evaluate(graph.nodes[2], {&hidden, &q})[0];
    double sum = 0, power = 0;
    for (size_t i = 0; i < of_w.data.size(); ++i) {
      sum += std::pow(of_w.data[i] - of_q.data[i], 2);
      power += std::pow(of_w.data[i], 2);
    }
    return std::sqrt(sum / power);
  };
  const ProductNetwork fitted = QuantizeProduct(graph, Plan(graph), &images, {}).value();
  const ProductNetwork by_weights = QuantizeProduct(graph, Plan(graph), nullptr, {}).value();
  EXPECT_NEAR(fitted.layers[0].output_error, error(fitted), 1e-4);
  EXPECT_LT(error(fitted), error(by_weights));
  EXPECT_EQ(by_weights.layers[0].output_error, -1);
  EXPECT_EQ(by_weights.samples, 0);
}

// 32 images of 3x210x210 are more numbers than are kept; before, the layer's error was not told.
TEST(QuantizeProduct, TellsTheErrorOfLayersWithLargeInputs) {
  Graph graph;
  graph.name = "wide";
  graph.inputs = {{"image", {kDynamic, 3, 210, 210}}};
  graph.outputs = {"conv"};
  graph.nodes = {MakeNode("Conv", "conv", {"image", "w"}, {{"strides", std::vector<int64_t>{7, 7}}})};
  graph.parameters["w"].value = Normals({64, 3, 1, 1}, "w");
  graph.parameters["w"].traits.role = ParameterTraits::Role::kWeight;
  data::ImageSet images;
  images.image = {3, 210, 210};
  images.pixels.resize(static_cast<size_t>(32 * Elements(images.image)));
  for (size_t i = 0; i < images.pixels.size(); ++i) images.pixels[i] = static_cast<uint8_t>(i * 37 % 251);
  images.labels.assign(32, 0);
  quant::product::LayerPlan layer = Plan(Network()).layers[0];
  layer.layer = "conv";
  layer.nodes = {"conv"};
  layer.weight = "w";
  layer.shape = {64, 3, 1, 1};
  layer.block = 3;
  layer.centroids = 4;
  NetworkPlan plan;
  plan.layers = {layer};
  const ProductNetwork network = QuantizeProduct(graph, plan, &images, {}).value();
  EXPECT_GT(network.layers[0].output_error, 0);
  EXPECT_LT(network.layers[0].output_error, 1);
}

TEST(QuantizeProduct, Switches) {
  const Graph graph = Network();
  const data::ImageSet images = Images(20);
  ProductOptions options;
  const NetworkPlan plan = Plan(graph, {ValueSet::Storage::kInt8, /*one_step=*/false});
  options.positions = true;
  options.gains = true;
  options.annealing = 1;
  options.iterations = 10;
  const ProductNetwork network = QuantizeProduct(graph, plan, &images, options).value();
  EXPECT_EQ(Weight(network, "conv2.w").values.Name(), "codebook32x9_int8");
  EXPECT_TRUE(network.layers[0].gains);   // bn takes them.
  EXPECT_FALSE(network.layers[1].gains);  // Nothing does.
  EXPECT_LT(network.layers[0].output_error, 0.9);
  options.threads = 2;
  const ProductNetwork again = QuantizeProduct(graph, plan, &images, options).value();
  EXPECT_EQ(Weight(again, "conv2.w").codes, Weight(network, "conv2.w").codes);
}

// A stand-in for training: halves each layer's codebook.
TEST(QuantizeProduct, TunesEachLayerBeforeTheNext) {
  const Graph graph = Network();
  const data::ImageSet images = Images(20);
  const ProductNetwork plain = QuantizeProduct(graph, Plan(graph), &images, {}).value();
  std::vector<std::string> seen;
  ProductOptions options;
  options.tune = [&seen](const Graph& student, const quant::product::LayerPlan& layer) -> Result<QTensor> {
    seen.push_back(layer.layer);
    QTensor tensor = std::get<QTensor>(student.parameters.at(layer.weight).value);
    for (float& value : tensor.values.table) value /= 2;
    return tensor;
  };
  const ProductNetwork tuned = QuantizeProduct(graph, Plan(graph), &images, options).value();
  EXPECT_EQ(seen, (std::vector<std::string>{"conv2", "fc"}));
  EXPECT_EQ(tuned.layers[0].output_error, plain.layers[0].output_error);
  EXPECT_GT(tuned.layers[0].tuned_error, 0.5 - tuned.layers[0].output_error);
  EXPECT_NE(tuned.layers[0].tuned_error, tuned.layers[0].output_error);
  EXPECT_EQ(plain.layers[0].tuned_error, -1);
  // Half of what it was, and the next layer was fitted to other inputs.
  EXPECT_EQ(Weight(tuned, "conv2.w").values.table[3], Weight(plain, "conv2.w").values.table[3] / 2);
  EXPECT_NE(tuned.layers[1].output_error, plain.layers[1].output_error);
  options.tune = [](const Graph&, const quant::product::LayerPlan&) -> Result<QTensor> { return Failed("diverged"); };
  EXPECT_EQ(QuantizeProduct(graph, Plan(graph), &images, options).error().message, "diverged");
}

TEST(QuantizeProduct, OneStepGivesIntegers) {
  const Graph graph = Network();
  const auto quantize = [&](bool one_step) {
    return QuantizeProduct(graph, Plan(graph, {ValueSet::Storage::kInt8, one_step}), nullptr, {}).value();
  };
  const ProductNetwork one = quantize(true), each = quantize(false);
  EXPECT_TRUE(AsIntegers(Weight(one, "conv2.w").values).has_value());
  EXPECT_FALSE(AsIntegers(Weight(each, "conv2.w").values).has_value());
  EXPECT_LT(one.layers[0].weight_error, 1.1 * each.layers[0].weight_error);
}

TEST(QuantizeProduct, ContinuesWhatWasInterrupted) {
  const Graph graph = Network();
  const data::ImageSet images = Images(20);
  const NetworkPlan plan = PlanNetwork(graph, quant::product::LargeRules()).value();
  for (const bool permutations : {false, true}) {
    ProductOptions options;
    options.permutations = permutations;
    Graph partial;
    const auto stop = [&](int64_t i, int64_t, const ProductNetwork& network) {
      partial = network.graph;
      return i == 1 ? Status(Failed("stopped")) : Ok();
    };
    EXPECT_EQ(QuantizeProduct(graph, plan, &images, options, stop).error().message, "stopped");
    const ProductNetwork whole = QuantizeProduct(graph, plan, &images, options).value();
    const ProductNetwork resumed = QuantizeProduct(graph, plan, &images, options, nullptr, &partial).value();
    EXPECT_TRUE(resumed.layers[0].kept);
    EXPECT_EQ(Weight(resumed, "conv2.w").codes, Weight(whole, "conv2.w").codes);
    EXPECT_EQ(Weight(resumed, "fc.w").codes, Weight(whole, "fc.w").codes);
    // The first layer makes its channels in the new order, once.
    const auto first = [](const Graph& g) { return std::get<FloatTensor>(g.parameters.at("conv1.w").value).data; };
    EXPECT_EQ(first(whole.graph) == first(graph), !permutations);
    EXPECT_EQ(first(resumed.graph), first(whole.graph));
  }
}

TEST(QuantizeProduct, Errors) {
  const Graph graph = Network();
  data::ImageSet images = Images(2);
  const auto error = [&](const ProductOptions& options) {
    return QuantizeProduct(graph, Plan(graph), &images, options).error().message;
  };
  EXPECT_THAT(error({.samples = 0}), HasSubstr("at least 1 sample"));
  EXPECT_THAT(error({.iterations = 0}), HasSubstr("at least 1 iteration"));
  EXPECT_THAT(error({.annealing = -1}), HasSubstr("annealing"));
  EXPECT_THAT(error({.regularization = 0}), HasSubstr("above 0"));
  images.image = {3, 4, 16};
  EXPECT_THAT(error({}), HasSubstr("takes images [3, 8, 8]; those of the set are [3, 4, 16]"));
  images.labels.clear();
  EXPECT_THAT(error({}), HasSubstr("no images"));
}

TEST(QuantizeProduct, WeightsBeyondHalves) {
  Graph graph = Network();
  for (float& w : std::get<FloatTensor>(graph.parameters["fc.w"].value).data) w *= 1e6f;
  EXPECT_THAT(QuantizeProduct(graph, Plan(graph), nullptr, {}).error().message,
              HasSubstr("'fc' has weights beyond 65504"));
  EXPECT_TRUE(QuantizeProduct(graph, Plan(graph, {ValueSet::Storage::kInt8, false}), nullptr, {}).ok());
}

// The network with equal rows computes what it computed.
TEST(TakeGains, KeepsTheNetwork) {
  Graph graph = Network();
  FloatTensor rows = std::get<FloatTensor>(graph.parameters["conv2.w"].value);
  for (size_t i = 0; i < 72; ++i) rows.data[i] = 0;
  for (size_t i = 72; i < 144; ++i) rows.data[i] *= 100;
  graph.parameters["conv2.w"].value = rows;
  Graph changed = graph;
  const std::vector<float> gains = TakeGains({"conv2"}, &rows, &changed);
  ASSERT_EQ(gains.size(), 32u);
  EXPECT_EQ(gains[0], 1);
  changed.parameters["conv2.w"].value = rows;
  const data::ImageSet images = Images(2);
  const std::map<std::string, DoubleTensor> input = {
      {"image", DoubleTensor({2, 3, 8, 8}, {images.pixels.begin(), images.pixels.end()})}};
  const std::vector<double> before = Evaluate(graph, input).value().at("fc").data;
  const std::vector<double> after = Evaluate(changed, input).value().at("fc").data;
  double largest = 0;
  for (const double value : before) largest = std::max(largest, std::abs(value));
  for (size_t i = 0; i < before.size(); ++i) EXPECT_NEAR(after[i], before[i], 1e-5 * largest);
}

}  // namespace
}  // namespace lowbit::compress
