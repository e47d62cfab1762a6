#include "lowbit/accelerator/compile.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <set>
#include <utility>

#include "lowbit/accelerator/kernel.h"
#include "lowbit/accelerator/stretch.h"
#include "lowbit/accelerator/thresholds.h"
#include "lowbit/base/arena.h"
#include "lowbit/core/integer_form.h"
#include "lowbit/core/ops_common/window.h"
#include "lowbit/core/structure.h"

namespace lowbit::accelerator {
namespace {

class Compiler {
 public:
  Compiler(const Graph& form, const Stretch& stretch, int lanes) : form_(form), stretch_(stretch), lanes_(lanes) {
    compiled_.program.array.lanes = lanes;
  }

  Result<Compiled> Run() {
    LOWBIT_RETURN_IF_ERROR(ReadKernels());
    LOWBIT_RETURN_IF_ERROR(ChooseCodings());
    PlaceTensors();
    for (size_t i = 0; i < stretch_.stages.size(); ++i) LOWBIT_RETURN_IF_ERROR(AddLayer(i));
    compiled_.input = PlaceOf(0);
    const Stage& last = stretch_.stages.back();
    compiled_.raw = !last.output.has_value();
    if (!compiled_.raw) compiled_.output = PlaceOf(*last.output);
    if (compiled_.raw) {
      const Layer& layer = compiled_.program.layers.back();
      compiled_.output = {last.sum, kernels_.back().out, layer.out_height, layer.out_width, 0, {}};
    }
    LOWBIT_RETURN_IF_ERROR(Check(compiled_.program));
    return std::move(compiled_);
  }

 private:
  Status ReadKernels() {
    for (const Stage& stage : stretch_.stages) {
      kernels_.emplace_back();
      if (stage.node.op == "MaxPool") continue;
      LOWBIT_TRY(kernels_.back(), ReadKernel(form_, stage.node, stretch_.tensors[stage.input]));
    }
    return Ok();
  }

  Status ChooseCodings() {
    std::set<int64_t> weights, activations;
    for (const Kernel& kernel : kernels_) weights.insert(kernel.weights.begin(), kernel.weights.end());
    for (const CodedTensor& tensor : stretch_.tensors) activations.insert(tensor.levels.begin(), tensor.levels.end());
    Array& array = compiled_.program.array;
    // Weights always have a sign.
    weights.insert(-1);
    const Result<Coding> weight = SmallestCoding({weights.begin(), weights.end()}, 8);
    if (!weight.ok()) return Invalid("the weights: " + weight.error().message);
    array.weight = weight.value();
    const Result<Coding> activation = SmallestCoding({activations.begin(), activations.end()}, 7);
    if (!activation.ok()) return Invalid("the activations: " + activation.error().message);
    array.activation = activation.value();
    int64_t largest = 1;
    for (size_t i = 0; i < kernels_.size(); ++i) {
      for (const int64_t limit : Limits(i)) largest = std::max(largest, limit);
    }
    array.sum_bits = 8;
    while (array.sum_bits < 32 && array.LargestSum() < largest) ++array.sum_bits;
    if (array.LargestSum() < largest) return Invalid("the sums: they need more than 32 bits");
    return Ok();
  }

  // The largest magnitude that a sum of each output channel of the stage can have.
  std::vector<int64_t> Limits(size_t stage) const {
    const Kernel& kernel = kernels_[stage];
    const std::vector<int64_t>& levels = stretch_.tensors[stretch_.stages[stage].input].levels;
    const int64_t magnitude = std::max(std::abs(levels.front()), std::abs(levels.back()));
    std::vector<int64_t> limits(static_cast<size_t>(kernel.out), 0);
    for (size_t i = 0; i < kernel.weights.size(); ++i) {
      limits[i / static_cast<size_t>(kernel.RowSize())] += std::abs(kernel.weights[i]) * magnitude;
    }
    return limits;
  }

  void PlaceTensors() {
    std::vector<Lifetime> lives;
    for (const CodedTensor& tensor : stretch_.tensors) {
      lives.push_back({tensor.height * tensor.width * Groups(tensor.channels, lanes_), 0, 0});
    }
    int64_t number = 0;
    for (const Stage& stage : stretch_.stages) {
      if (stage.output.has_value()) lives[*stage.output].first = lives[*stage.output].last = number;
      lives[stage.input].last = std::max(lives[stage.input].last, number);
      if (stage.skip.has_value()) lives[stage.skip->tensor].last = std::max(lives[stage.skip->tensor].last, number);
      ++number;
    }
    ArenaPlan plan = PlanArena(lives, /*alignment=*/1);
    bases_ = std::move(plan.offsets);
    compiled_.program.activation_words = plan.size;
  }

  Place PlaceOf(size_t tensor) const {
    const CodedTensor& coded = stretch_.tensors[tensor];
    return {coded.value, coded.channels, coded.height, coded.width, bases_[tensor], coded.levels};
  }

  Status SetWindow(const Stage& stage, const Kernel& kernel, Layer* layer) const {
    const CodedTensor& in = stretch_.tensors[stage.input];
    layer->in_height = static_cast<int32_t>(in.height);
    layer->in_width = static_cast<int32_t>(in.width);
    layer->in_groups = static_cast<int32_t>(Groups(in.channels, lanes_));
    layer->kernel_height = static_cast<int32_t>(kernel.height);
    layer->kernel_width = static_cast<int32_t>(kernel.width);
    if (stage.node.op == "Gemm") return Ok();
    std::vector<int64_t> extents = {kernel.height, kernel.width};
    if (stage.node.op == "MaxPool") extents = IntsAttribute(stage.node, "kernel_shape", {});
    LOWBIT_TRY(const ops::Window window,
               ops::ResolveWindow(stage.node, {1, in.channels, in.height, in.width}, extents));
    if (window.y.dilation != 1 || window.x.dilation != 1) {
      return Invalid(NodePrefix(stage.node) + "has dilations; the accelerator has none");
    }
    layer->kernel_height = static_cast<int32_t>(window.y.kernel);
    layer->kernel_width = static_cast<int32_t>(window.x.kernel);
    layer->stride_y = static_cast<int32_t>(window.y.stride);
    layer->stride_x = static_cast<int32_t>(window.x.stride);
    layer->pad_top = static_cast<int32_t>(window.y.pad_begin);
    layer->pad_left = static_cast<int32_t>(window.x.pad_begin);
    layer->out_height = static_cast<int32_t>(window.y.output);
    layer->out_width = static_cast<int32_t>(window.x.output);
    return Ok();
  }

  Status AddLayer(size_t index) {
    const Stage& stage = stretch_.stages[index];
    Kernel& kernel = kernels_[index];
    Program& program = compiled_.program;
    const bool product = stage.node.op != "MaxPool";
    Layer layer;
    layer.kind = product ? Layer::Kind::kProduct : Layer::Kind::kMaxPool;
    layer.raw = !stage.output.has_value();
    LOWBIT_RETURN_IF_ERROR(SetWindow(stage, kernel, &layer));
    const int64_t channels = product ? kernel.out : stretch_.tensors[stage.input].channels;
    layer.out_groups = static_cast<int32_t>(Groups(channels, lanes_));
    layer.in_base = static_cast<int32_t>(bases_[stage.input]);
    if (!layer.raw) layer.out_base = static_cast<int32_t>(bases_[*stage.output]);
    if (stage.skip.has_value()) LOWBIT_RETURN_IF_ERROR(SetSkip(stage, &layer));
    if (product && !layer.raw) LOWBIT_RETURN_IF_ERROR(AddThresholds(index, &layer));
    if (product) {
      layer.weight_base = static_cast<int32_t>(program.WeightWords());
      AddWeights(kernel, layer);
    }
    program.layers.push_back(layer);
    const int64_t macs = product ? layer.Pixels() * static_cast<int64_t>(kernel.weights.size()) : 0;
    compiled_.sources.push_back({stage.node.name, stage.node.op, macs});
    return Ok();
  }

  Status SetSkip(const Stage& stage, Layer* layer) const {
    const Stage::Skip& skip = *stage.skip;
    const CodedTensor& tensor = stretch_.tensors[skip.tensor];
    const int64_t groups = Groups(tensor.channels, lanes_);
    const bool moved = skip.first_channel != 0 || groups < layer->out_groups;
    if (moved && (skip.first_channel % lanes_ != 0 || tensor.channels % lanes_ != 0)) {
      return Invalid(NodePrefix(stage.node) + "what is added to it begins or ends inside a group of " +
                     std::to_string(lanes_) + " channels; fewer lanes were expected");
    }
    if (moved && std::count(tensor.levels.begin(), tensor.levels.end(), 0) == 0) {
      return Invalid(NodePrefix(stage.node) + "what is added to it has channels of zeros, and no 0");
    }
    layer->skip.used = true;
    layer->skip.base = static_cast<int32_t>(bases_[skip.tensor]);
    layer->skip.row = static_cast<int32_t>(skip.stride_y * tensor.width * groups);
    layer->skip.column = static_cast<int32_t>(skip.stride_x * groups);
    layer->skip.first_group = static_cast<int32_t>(skip.first_channel / lanes_);
    layer->skip.groups = static_cast<int32_t>(groups);
    return Ok();
  }

  int RankOf(int64_t integer) const {
    const Coding& coding = compiled_.program.array.activation;
    for (int rank = 0; rank < coding.count(); ++rank) {
      if (coding.Integer(coding.Code(rank)) == integer) return rank;
    }
    return -1;
  }

  // The thresholds of ranks that are no level of the output are those of the next level above, so that none of them is ever found.
  Status AddThresholds(size_t index, Layer* layer) {
    const Stage& stage = stretch_.stages[index];
    const Array& array = compiled_.program.array;
    const std::vector<int64_t>& levels = stretch_.tensors[*stage.output].levels;
    const std::vector<int64_t> skips =
        stage.skip.has_value() ? stretch_.tensors[stage.skip->tensor].levels : std::vector<int64_t>{};
    const std::vector<int64_t> limits = Limits(index);
    const Result<Thresholds> searched = FindThresholds(form_, stage, levels, skips, limits);
    if (!searched.ok()) return Invalid(NodePrefix(stage.node) + searched.error().message);
    const Thresholds& found = searched.value();
    Kernel& kernel = kernels_[index];
    for (size_t i = 0; i < kernel.weights.size(); ++i) {
      if (found.falls[i / static_cast<size_t>(kernel.RowSize())]) kernel.weights[i] = -kernel.weights[i];
    }
    const int64_t ranks = int64_t{1} << array.activation.bits(), sets = layer->skip.used ? ranks : 1;
    layer->threshold_base = static_cast<int32_t>(compiled_.program.ThresholdWords());
    std::vector<int32_t>& words = compiled_.program.thresholds;
    const size_t begin = words.size();
    words.resize(begin + static_cast<size_t>(layer->out_groups * sets * ranks * lanes_), array.Never());
    const auto channels = static_cast<int64_t>(limits.size()), steps = static_cast<int64_t>(levels.size()) - 1;
    for (int64_t skip = 0; skip < std::max<int64_t>(1, static_cast<int64_t>(skips.size())); ++skip) {
      const int64_t set = skips.empty() ? 0 : RankOf(skips[static_cast<size_t>(skip)]);
      for (int64_t c = 0; c < channels; ++c) {
        for (int rank = 1; rank < array.activation.count(); ++rank) {
          int64_t level = 0;
          while (level <= steps && RankOf(levels[static_cast<size_t>(level)]) < rank) ++level;
          int64_t threshold = array.Never();
          if (level == 0) threshold = array.Always();
          if (level > 0 && level <= steps) {
            threshold = found.sums[static_cast<size_t>((skip * steps + level - 1) * channels + c)];
          }
          const int64_t word = (c / lanes_ * sets + set) * ranks + rank;
          words[begin + static_cast<size_t>(word * lanes_ + c % lanes_)] = static_cast<int32_t>(threshold);
        }
      }
    }
    return Ok();
  }

  void AddWeights(Kernel& kernel, const Layer& layer) {
    const Array& array = compiled_.program.array;
    std::vector<uint8_t>& words = compiled_.program.weights;
    for (int64_t g = 0; g < layer.out_groups; ++g) {
      for (int64_t i = 0; i < kernel.height; ++i) {
        for (int64_t j = 0; j < kernel.width; ++j) {
          for (int64_t h = 0; h < layer.in_groups; ++h) {
            for (int64_t m = g * lanes_; m < (g + 1) * lanes_; ++m) {
              for (int64_t l = h * lanes_; l < (h + 1) * lanes_; ++l) {
                words.push_back(m < kernel.out && l < kernel.in ? array.weight.Encode(kernel.At(m, i, j, l))
                                                                : uint8_t{0});
              }
            }
          }
        }
      }
    }
  }

  const Graph& form_;
  const Stretch& stretch_;
  const int lanes_;
  std::vector<Kernel> kernels_;
  std::vector<int64_t> bases_;
  Compiled compiled_;
};

std::string FirstQuantizer(const Graph& form) {
  for (const Node& node : form.nodes) {
    if (IsQuantizer(node)) return node.outputs[0];
  }
  return "";
}

// The value of the node of that name, else the name, which may be a value's.
std::string ValueOf(const Graph& form, const std::string& name) {
  for (const Node& node : form.nodes) {
    if (node.name == name) return node.outputs[0];
  }
  return name;
}

// The last product that can be reached; if none can, why the network's last one cannot.
Result<std::pair<std::string, Stretch>> LastStretch(const Graph& form, const std::string& from) {
  Status why = Invalid("the network has no Conv and no Gemm behind '" + from + "'");
  bool first = true;
  for (auto node = form.nodes.rbegin(); node != form.nodes.rend(); ++node) {
    if (node->op != "Conv" && node->op != "Gemm") continue;
    Result<Stretch> stretch = FindStretch(form, from, node->outputs[0]);
    if (stretch.ok()) return std::make_pair(node->outputs[0], std::move(stretch.value()));
    if (first) why = stretch.error();
    first = false;
  }
  return why.error();
}

// Nodes that `values` need, of those that nothing of the stretch does; and the rest.
void ListHostNodes(const Graph& form, const Stretch& stretch, const std::string& from, Compiled* compiled) {
  std::set<std::string> inside(stretch.passed.begin(), stretch.passed.end()), before = {from};
  for (const Stage& stage : stretch.stages) {
    inside.insert(stage.node.name);
    for (const Node& node : stage.codes) inside.insert(node.name);
  }
  for (auto node = form.nodes.rbegin(); node != form.nodes.rend(); ++node) {
    if (before.count(node->outputs[0]) == 0) continue;
    before.insert(node->inputs.begin(), node->inputs.end());
  }
  for (const Node& node : form.nodes) {
    if (before.count(node.outputs[0]) != 0) {
      compiled->before.push_back(node.name);
    } else if (inside.count(node.name) == 0) {
      compiled->behind.push_back(node.name);
    }
  }
}

}  // namespace

Result<Compiled> Compile(const Graph& graph, const CompileOptions& options) {
  if (options.lanes < 1 || options.lanes > 64) {
    return Invalid("lanes are " + std::to_string(options.lanes) + "; 1 to 64 were expected");
  }
  LOWBIT_TRY(const Graph form, ToIntegerForm(graph));
  const std::string from = options.from.empty() ? FirstQuantizer(form) : ValueOf(form, options.from);
  if (from.empty()) return Invalid("the network quantizes no activations; the accelerator computes with integers");
  Stretch stretch;
  std::string to = ValueOf(form, options.to);
  if (to.empty()) {
    LOWBIT_TRY(auto last, LastStretch(form, from));
    to = last.first;
    stretch = std::move(last.second);
  } else {
    LOWBIT_TRY(stretch, FindStretch(form, from, to));
  }
  LOWBIT_TRY(Compiled compiled, Compiler(form, stretch, options.lanes).Run());
  ListHostNodes(form, stretch, from, &compiled);
  return compiled;
}

}  // namespace lowbit::accelerator
