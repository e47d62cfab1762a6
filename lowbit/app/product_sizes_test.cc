// The sizes that are published for product quantization (Stock et al. 2020), to the bit, from graphs of the networks.

#include <gtest/gtest.h>

#include <string>

#include "lowbit/core/validate.h"
#include "lowbit/models/model.h"
#include "lowbit/quant/product/plan.h"

namespace lowbit::app {
namespace {

using quant::product::Clamp;
using quant::product::LargeRules;
using quant::product::NetworkPlan;
using quant::product::PlanNetwork;
using quant::product::Rules;
using quant::product::SmallRules;

Graph Build(int64_t depth) {
  Config options;
  std::get<ConfigTable>(options.value)["depth"].value = depth;
  models::ModelInput input;
  input.image = {3, 224, 224};
  input.classes = 1000;
  return models::BuildModel("resnet", input, options, 1).value();
}

// Built once: drawing a ResNet-50's weights takes a second.
const Graph& ResNet(int64_t depth) {
  static const Graph small = Build(18), large = Build(50);
  return depth == 18 ? small : large;
}

NetworkPlan Plan(int64_t depth, Rules rules, int pointwise, int linear_centroids) {
  rules.pointwise_block = pointwise;
  rules.linear_centroids = linear_centroids;
  return PlanNetwork(ResNet(depth), rules).value();
}

TEST(ProductSizes, ResNet18) {
  const NetworkPlan small = Plan(18, SmallRules(), 4, 2048), large = Plan(18, LargeRules(), 4, 2048);
  EXPECT_EQ(small.IndexBits(), 8 * 1439616);
  EXPECT_EQ(small.CodebookBits(), 8 * 96256);
  EXPECT_EQ(small.other_bits, 8 * 80032);
  EXPECT_EQ(small.TotalBits(), 12927232);
  EXPECT_EQ(large.TotalBits(), 8634624);
  EXPECT_EQ(small.layers.size(), 20u);
}

TEST(ProductSizes, ResNet50) {
  EXPECT_EQ(Plan(50, SmallRules(), 4, 1024).TotalBits(), 42705152);
  const NetworkPlan large = Plan(50, LargeRules(), 8, 1024);
  EXPECT_EQ(large.TotalBits(), 26710272);
  EXPECT_EQ(large.layers.size(), 53u);
  EXPECT_EQ(large.layers[0].layer, "layer1.0.conv1");
  EXPECT_EQ(large.layers[0].centroids, 64);
  Rules floored = LargeRules();
  floored.clamp = Clamp::kFloor;
  EXPECT_EQ(Plan(50, floored, 8, 1024).TotalBits(), 26718976);
}

TEST(ProductSizes, SemiSupervisedResNet50) {
  Rules rules = SmallRules();
  rules.skip = {"layer1.0.conv3", "layer1.0.downsample.0"};
  EXPECT_EQ(Plan(50, rules, 4, 1024).TotalBits(), 43655424);
}

// torchvision's maskrcnn_resnet50_fpn for COCO's 91 classes. What chooses and cuts out regions has no weights: the box and
// mask heads take the regions' features as inputs of the graph. The heads of the region proposals read five levels of the
// pyramid with the same weights.
class MaskRcnn {
 public:
  Graph Build() {
    CutBackbone();
    for (int level = 4; level >= 1; --level) Pyramid(level);
    Append("MaxPool", "fpn.pool", {"fpn.layer_blocks.3"}, {{"kernel_shape", Two(1)}, {"strides", Two(2)}});
    for (const char* name :
         {"fpn.layer_blocks.0", "fpn.layer_blocks.1", "fpn.layer_blocks.2", "fpn.layer_blocks.3", "fpn.pool"}) {
      const std::string level = name;
      const std::string hidden = Relu(Conv("rpn.head.conv", "@" + level, level, {256, 256, 3, 3}));
      graph_.outputs.push_back(Conv("rpn.head.cls_logits", "@" + level, hidden, {3, 256, 1, 1}));
      graph_.outputs.push_back(Conv("rpn.head.bbox_pred", "@" + level, hidden, {12, 256, 1, 1}));
    }
    BoxHead();
    MaskHead();
    return std::move(graph_);
  }

 private:
  static Attribute Two(int64_t n) { return std::vector<int64_t>{n, n}; }

  // The residual network up to its last group.
  void CutBackbone() {
    graph_ = ResNet(50);
    graph_.name = "mask_rcnn";
    while (graph_.nodes.back().name != "layer4.2.relu") graph_.nodes.pop_back();
    graph_.outputs.clear();
    graph_.parameters.erase("fc.weight");
    graph_.parameters.erase("fc.bias");
    for (const Node& node : graph_.nodes) values_[node.name] = node.outputs[0];
  }

  std::string Append(const std::string& op, const std::string& name, std::vector<std::string> inputs,
                     Attributes attributes) {
    Node node;
    node.name = name;
    node.op = op;
    for (std::string& input : inputs) node.inputs.push_back(values_.count(input) != 0 ? values_[input] : input);
    node.outputs = {name};
    node.attributes = std::move(attributes);
    graph_.nodes.push_back(node);
    return name;
  }

  // Parameters NAME.weight and NAME.bias, which uses of other suffixes share.
  std::string Layer(const std::string& op, const std::string& name, const std::string& suffix, const std::string& input,
                    const Shape& weight, int64_t outputs, Attributes attributes) {
    graph_.parameters[name + ".weight"].value = FloatTensor(weight);
    graph_.parameters[name + ".bias"].value = FloatTensor({outputs});
    return Append(op, name + suffix, {input, name + ".weight", name + ".bias"}, std::move(attributes));
  }
  std::string Conv(const std::string& name, const std::string& suffix, const std::string& input, const Shape& weight) {
    const int64_t pad = weight[2] / 2;
    return Layer("Conv", name, suffix, input, weight, weight[0], {{"pads", std::vector<int64_t>{pad, pad, pad, pad}}});
  }
  std::string Linear(const std::string& name, const std::string& input, const Shape& weight) {
    return Layer("Gemm", name, "", input, weight, weight[0], {{"transB", int64_t{1}}});
  }
  std::string Relu(const std::string& value) { return Append("Relu", value + ".relu", {value}, {}); }

  void Pyramid(int level) {
    const std::string number = std::to_string(level - 1);
    const std::string last = "layer" + std::to_string(level) + "." +
                             (level == 1 || level == 4 ? "2"
                              : level == 2             ? "3"
                                                       : "5");
    std::string inner = Conv("fpn.inner_blocks." + number, "", last + ".relu", {256, int64_t{128} << level, 1, 1});
    if (level < 4) {
      graph_.parameters["fpn.scales"].value = FloatTensor({4}, {1, 1, 2, 2});
      const std::string larger = Append("Resize", "fpn.up." + number, {above_, "", "fpn.scales"}, {});
      inner = Append("Add", "fpn.add." + number, {inner, larger}, {});
    }
    above_ = inner;
    Conv("fpn.layer_blocks." + number, "", inner, {256, 256, 3, 3});
  }

  void BoxHead() {
    graph_.inputs.push_back({"box_regions", {kDynamic, 256, 7, 7}});
    const std::string flat = Append("Flatten", "box.flatten", {"box_regions"}, {});
    const std::string fc6 = Relu(Linear("box_head.fc6", flat, {1024, 12544}));
    const std::string fc7 = Relu(Linear("box_head.fc7", fc6, {1024, 1024}));
    graph_.outputs.push_back(Linear("box_predictor.cls_score", fc7, {91, 1024}));
    graph_.outputs.push_back(Linear("box_predictor.bbox_pred", fc7, {364, 1024}));
  }

  void MaskHead() {
    graph_.inputs.push_back({"mask_regions", {kDynamic, 256, 14, 14}});
    std::string x = "mask_regions";
    for (const char* number : {"1", "2", "3", "4"}) {
      x = Relu(Conv(std::string("mask_head.mask_fcn") + number, "", x, {256, 256, 3, 3}));
    }
    x = Relu(Layer("ConvTranspose", "mask_predictor.conv5_mask", "", x, {256, 256, 2, 2}, 256, {{"strides", Two(2)}}));
    graph_.outputs.push_back(Conv("mask_predictor.mask_fcn_logits", "", x, {91, 256, 1, 1}));
  }

  Graph graph_;
  std::map<std::string, std::string> values_;
  std::string above_;
};

TEST(ProductSizes, MaskRcnn) {
  const Graph graph = MaskRcnn().Build();
  const Status valid = Validate(graph);
  ASSERT_TRUE(valid.ok()) << valid.error().message;
  Rules rules = SmallRules();
  rules.linear_centroids = 256;
  rules.layers["box_head.fc6"].block = 16;
  rules.skip = {"rpn.head.cls_logits@fpn.pool", "rpn.head.bbox_pred@fpn.pool", "mask_predictor.mask_fcn_logits"};
  const NetworkPlan plan = PlanNetwork(graph, rules).value();
  EXPECT_EQ(plan.layers[0].centroids, 128);
  // The resampling's four scales are a parameter of this graph.
  EXPECT_EQ(plan.TotalBits() - 4 * 32, 55743008);
}

}  // namespace
}  // namespace lowbit::app
