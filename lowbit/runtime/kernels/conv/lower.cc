// Conv and Gemm whose weights are known at load.

#include <algorithm>
#include <utility>

#include "hwy/targets.h"
#include "lowbit/runtime/kernels/conv/kernel.h"
#include "lowbit/runtime/step.h"

namespace lowbit::runtime::kernels::conv {
namespace {

// Multiplications that one task should hold at least, so that handing it out costs nothing beside it.
constexpr int64_t kTaskMacs = 400000;

class ConvStep : public Step {
 public:
  ConvStep(const ConvShape& shape, int64_t images, const std::vector<WeightSource>& groups, const Fusion& fusion)
      : kernel_(ChooseConvKernel()), shape_(shape), images_(images), epilogue_(fusion.Rounded()) {
    for (const WeightSource& group : groups) weights_.push_back(Pack(group, kernel_.lanes));
    target = hwy::TargetName(kernel_.target);
    scratch_floats = kConvScratchFloats;
  }

  const std::string& WeightValues() const { return weights_[0].values; }

  void Run(const RunContext& context) const override {
    const int64_t pixels = images_ * context.batch * shape_.out_height * shape_.out_width;
    const int64_t panels = weights_[0].Panels();
    const int64_t threads = context.pool->threads();
    const int64_t tiles = (pixels + kernel_.tile - 1) / kernel_.tile;
    // Few pixels and many channels (a Gemm of one row) are split by channels.
    const int64_t wanted_blocks = std::max<int64_t>(1, 2 * threads / std::max<int64_t>(1, tiles));
    const int64_t block =
        threads == 1 ? kConvPanelBlock : std::clamp<int64_t>(panels / wanted_blocks, 1, kConvPanelBlock);
    const int64_t blocks = (panels + block - 1) / block;
    const int64_t tile_macs = kernel_.tile * weights_[0].columns * std::min(panels, block) * weights_[0].PanelWidth();
    const int64_t tiles_per_task = std::clamp<int64_t>(kTaskMacs / std::max<int64_t>(1, tile_macs), 1,
                                                       std::max<int64_t>(1, tiles / (2 * threads)));
    const int64_t task_pixels = tiles_per_task * kernel_.tile;
    const int64_t pixel_tasks = (pixels + task_pixels - 1) / task_pixels;

    context.pool->ParallelFor(shape_.groups * blocks * pixel_tasks, [&](int64_t i, int thread) {
      ConvTask task;
      task.shape = &shape_;
      task.group = i / (blocks * pixel_tasks);
      task.weights = &weights_[static_cast<size_t>(task.group)];
      task.epilogue = &epilogue_;
      task.input = context.Value(inputs[0]);
      task.residual = inputs.size() > 1 ? context.Value(inputs[1]) : nullptr;
      task.output = context.Value(outputs[0]);
      task.first_panel = i / pixel_tasks % blocks * block;
      task.panels = std::min(block, panels - task.first_panel);
      task.first_pixel = i % pixel_tasks * task_pixels;
      task.pixels = std::min(task_pixels, pixels - task.first_pixel);
      task.scratch = context.Scratch(thread);
      kernel_.run(task);
    });
  }

 private:
  const ConvKernel& kernel_;
  ConvShape shape_;
  int64_t images_;
  Epilogue epilogue_;
  std::vector<PackedWeights> weights_;  // One for each group.
};

// What a node becomes before the nodes that follow it are known.
struct Product {
  ConvShape shape;
  int64_t images = 0;
  std::vector<WeightSource> groups;
  std::vector<double> bias;  // For each output channel.
  double factor = 1;
};

bool ReadConv(const Node& node, const Lowering& lowering, Product* product) {
  const Parameter* weight = lowering.Constant(node.inputs[1]);
  if (weight == nullptr) return false;
  const Shape& input = lowering.ShapeOf(node.inputs[0]);
  product->shape = ShapeOfConv(node, input, weight->shape());
  // Kernel `depthwise` does this one.
  const ConvShape& shape = product->shape;
  if (shape.groups > 1 && shape.GroupInputs() == 1 && shape.GroupOutputs() == 1) return false;
  product->images = input[0];
  for (int64_t g = 0; g < shape.groups; ++g) {
    product->groups.push_back(
        {weight, false, g * shape.GroupOutputs(), shape.GroupOutputs(), shape.GroupInputs(), shape.Taps()});
  }
  product->bias.assign(static_cast<size_t>(shape.out_channels), 0.0);
  if (HasInput(node, 2)) {
    const FloatTensor* bias = lowering.FloatConstant(node.inputs[2]);
    if (bias == nullptr) return false;
    product->bias.assign(bias->data.begin(), bias->data.end());
  }
  return true;
}

bool ReadGemm(const Node& node, const Lowering& lowering, Product* product) {
  const Parameter* weight = lowering.Constant(node.inputs[1]);
  if (weight == nullptr || IntAttribute(node, "transA", 0) != 0) return false;
  const Shape& input = lowering.ShapeOf(node.inputs[0]);
  const Shape& output = lowering.ShapeOf(node.outputs[0]);
  const size_t columns = static_cast<size_t>(output[1]);
  product->images = input[0];
  product->shape.in_channels = input[1];
  product->shape.out_channels = output[1];
  product->factor = FloatAttribute(node, "alpha", 1);
  product->groups.push_back({weight, IntAttribute(node, "transB", 0) == 0, 0, output[1], input[1], 1});
  product->bias.assign(columns, 0.0);
  if (!HasInput(node, 2)) return true;
  const FloatTensor* bias = lowering.FloatConstant(node.inputs[2]);
  if (bias == nullptr) return false;
  // One value for each output channel, or one for all; a bias that differs between rows is none of ours.
  const bool one = bias->data.size() == 1;
  if (!one && (bias->data.size() != columns || bias->shape.back() != output[1])) return false;
  const double beta = FloatAttribute(node, "beta", 1);
  for (size_t c = 0; c < columns; ++c) product->bias[c] = beta * bias->data[one ? 0 : c];
  return true;
}

bool ReadProduct(const Node& node, const Lowering& lowering, Product* product) {
  if (lowering.Constant(node.inputs[0]) != nullptr) return false;
  if (node.op == "Conv") return ReadConv(node, lowering, product);
  return node.op == "Gemm" && ReadGemm(node, lowering, product);
}

}  // namespace

std::unique_ptr<Step> Lower(size_t index, Lowering* lowering) {
  const Node& node = lowering->graph().nodes[index];
  if (node.op != "Conv" && node.op != "Gemm") return nullptr;
  Product product;
  if (!ReadProduct(node, *lowering, &product)) return nullptr;
  if (!std::all_of(product.groups.begin(), product.groups.end(), CanPack)) return nullptr;

  Fusion fusion = lowering->FuseProduct(index, product.bias);
  for (const WeightSource& group : product.groups) fusion.MultiplyScales(group, product.factor);
  auto step = std::make_unique<ConvStep>(product.shape, product.images, product.groups, fusion);
  step->kernel = std::string(node.op == "Conv" ? "conv" : "gemm") + "_f32_" + step->WeightValues();
  step->reads.push_back(node.inputs[0]);
  if (!fusion.residual.empty()) step->reads.push_back(fusion.residual);
  step->writes = {fusion.output};
  step->nodes = fusion.nodes;
  return step;
}

}  // namespace lowbit::runtime::kernels::conv
