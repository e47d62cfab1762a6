#include "lowbit/accelerator/compile.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <set>
#include <utility>

#include "lowbit/accelerator/place_tensors.h"
#include "lowbit/accelerator/stretch.h"
#include "lowbit/accelerator/thresholds.h"
#include "lowbit/core/integer_form.h"
#include "lowbit/core/ops_common/window.h"
#include "lowbit/core/structure.h"

namespace lowbit::accelerator {
namespace {

int64_t Groups(int64_t channels, int lanes) { return (channels + lanes - 1) / lanes; }

// [out channel][kernel height][kernel width][in channel]
struct Kernel {
  int64_t out = 0, height = 1, width = 1, in = 0;
  std::vector<int64_t> weights;

  int64_t& At(int64_t m, int64_t i, int64_t j, int64_t l) {
    return weights[static_cast<size_t>(((m * height + i) * width + j) * in + l)];
  }
  int64_t RowSize() const { return height * width * in; }
};

Result<std::vector<int64_t>> Integers(const Node& node, const QTensor& tensor) {
  std::vector<int64_t> integers;
  for (const float weight : Dequantize(tensor).data) {
    if (weight != std::nearbyint(weight)) return Invalid(NodePrefix(node) + "its weights are no integers");
    integers.push_back(static_cast<int64_t>(weight));
  }
  return integers;
}

// A Gemm is a convolution whose kernel is the whole image.
Result<Kernel> ReadKernel(const Graph& form, const Node& node, const CodedTensor& input) {
  const auto found = form.parameters.find(node.inputs.at(1));
  const auto* tensor = found == form.parameters.end() ? nullptr : std::get_if<QTensor>(&found->second.value);
  if (tensor == nullptr)
    return Invalid(NodePrefix(node) + "has no low-bit weights, so that its sums are none of integers");
  LOWBIT_TRY(const std::vector<int64_t> integers, Integers(node, *tensor));
  const bool conv = node.op == "Conv";
  const bool across = !conv && IntAttribute(node, "transB", 0) == 0;
  if (conv && IntAttribute(node, "group", 1) != 1)
    return Invalid(NodePrefix(node) + "has groups; the accelerator has none");
  Kernel kernel;
  kernel.out = tensor->shape[across ? 1 : 0];
  kernel.height = conv ? tensor->shape[2] : input.height;
  kernel.width = conv ? tensor->shape[3] : input.width;
  kernel.in = input.channels;
  if (static_cast<int64_t>(integers.size()) != kernel.out * kernel.RowSize()) {
    return Invalid(NodePrefix(node) + "its weights do not fit its input's channels");
  }
  kernel.weights.resize(integers.size());
  for (int64_t m = 0; m < kernel.out; ++m) {
    for (int64_t l = 0, place = 0; l < kernel.in; ++l) {
      for (int64_t i = 0; i < kernel.height; ++i) {
        for (int64_t j = 0; j < kernel.width; ++j, ++place) {
          const int64_t at = across ? place * kernel.out + m : m * kernel.RowSize() + place;
          kernel.At(m, i, j, l) = integers[static_cast<size_t>(at)];
        }
      }
    }
  }
  return kernel;
}

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
    std::vector<TensorLife> lives;
    for (const CodedTensor& tensor : stretch_.tensors) {
      lives.push_back({tensor.height * tensor.width * Groups(tensor.channels, lanes_), 0, 0});
    }
    for (size_t i = 0; i < stretch_.stages.size(); ++i) {
      const Stage& stage = stretch_.stages[i];
      if (stage.output.has_value()) lives[*stage.output].first = lives[*stage.output].last = i;
      lives[stage.input].last = std::max(lives[stage.input].last, i);
      if (stage.skip.has_value()) lives[stage.skip->tensor].last = std::max(lives[stage.skip->tensor].last, i);
    }
    bases_ = lowbit::accelerator::PlaceTensors(lives, &compiled_.program.activation_words);
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
        const int64_t limit = limits[static_cast<size_t>(c)];
        for (int rank = 1; rank < array.activation.count(); ++rank) {
          int64_t level = 0;
          while (level <= steps && RankOf(levels[static_cast<size_t>(level)]) < rank) ++level;
          int64_t threshold = array.Never();
          if (level == 0) threshold = array.Always();
          if (level > 0 && level <= steps) {
            const int64_t sum = found.sums[static_cast<size_t>((skip * steps + level - 1) * channels + c)];
            threshold = sum > limit ? array.Never() : sum == -limit ? array.Always() : sum;
          }
          const int64_t word = (c / lanes_ * sets + set) * ranks + rank;
          words[begin + static_cast<size_t>(word * lanes_ + c % lanes_)] = static_cast<int32_t>(threshold);
        }
      }
    }
    return Ok();
  }

  void AddWeights(Kernel& kernel, const Layer& layer) {
    std::vector<uint8_t>& words = compiled_.program.weights;
    for (int64_t g = 0; g < layer.out_groups; ++g) {
      for (int64_t i = 0; i < kernel.height; ++i) {
        for (int64_t j = 0; j < kernel.width; ++j) {
          for (int64_t h = 0; h < layer.in_groups; ++h) {
            for (int64_t m = g * lanes_; m < (g + 1) * lanes_; ++m) {
              for (int64_t l = h * lanes_; l < (h + 1) * lanes_; ++l) {
                words.push_back(m < kernel.out && l < kernel.in ? WeightCode(kernel.At(m, i, j, l)) : uint8_t{0});
              }
            }
          }
        }
      }
    }
  }

  uint8_t WeightCode(int64_t integer) const { return CodeOf(compiled_.program.array.weight, integer); }

  static uint8_t CodeOf(const Coding& coding, int64_t integer) {
    return coding.format().Encode(std::ldexp(static_cast<double>(integer), -coding.fraction_bits));
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

Result<Coding> SmallestCoding(const std::vector<int64_t>& integers, int most_bits) {
  const bool is_signed = std::any_of(integers.begin(), integers.end(), [](int64_t integer) { return integer < 0; });
  for (int bits = 1 + (is_signed ? 1 : 0); bits <= most_bits; ++bits) {
    for (int exponent = 1; exponent <= std::min(4, bits - (is_signed ? 1 : 0)); ++exponent) {
      const Coding coding = {exponent, bits - (is_signed ? 1 : 0) - exponent, is_signed};
      std::set<int64_t> numbers;
      for (int rank = 0; rank < coding.count(); ++rank) numbers.insert(coding.Integer(coding.Code(rank)));
      const auto has = [&](int64_t integer) { return numbers.count(integer) != 0; };
      if (std::all_of(integers.begin(), integers.end(), has)) return coding;
    }
  }
  return Invalid("no coding of at most " + std::to_string(most_bits) + " bits has all of their " +
                 std::to_string(integers.size()) + " integers");
}

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

void Load(const Array& array, const Place& place, Span<const int64_t> integers, std::vector<uint8_t>* memory) {
  const int64_t groups = Groups(place.channels, array.lanes), plane = place.height * place.width;
  const Coding& coding = array.activation;
  for (int64_t pixel = 0; pixel < plane; ++pixel) {
    for (int64_t c = 0; c < groups * array.lanes; ++c) {
      const int64_t integer = c < place.channels ? integers[static_cast<size_t>(c * plane + pixel)] : 0;
      (*memory)[static_cast<size_t>((place.base + pixel * groups) * array.lanes + c)] =
          coding.format().Encode(std::ldexp(static_cast<double>(integer), -coding.fraction_bits));
    }
  }
}

std::vector<int64_t> Unload(const Array& array, const Place& place, const std::vector<uint8_t>& memory) {
  const int64_t groups = Groups(place.channels, array.lanes), plane = place.height * place.width;
  std::vector<int64_t> integers(static_cast<size_t>(place.channels * plane));
  for (int64_t c = 0; c < place.channels; ++c) {
    for (int64_t pixel = 0; pixel < plane; ++pixel) {
      const uint8_t code = memory[static_cast<size_t>((place.base + pixel * groups) * array.lanes + c)];
      integers[static_cast<size_t>(c * plane + pixel)] = array.activation.Integer(code);
    }
  }
  return integers;
}

}  // namespace lowbit::accelerator
