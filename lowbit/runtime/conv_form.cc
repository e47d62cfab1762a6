#include "lowbit/runtime/conv_form.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "lowbit/runtime/fallback.h"

namespace lowbit::runtime {
namespace {

// One of height and width. Output o of the transposed convolution is sum x[i] w[k] over i * stride + k = o + pad_begin: with
// o + pad_begin = q * stride + r, that is output q of a convolution with the weights w[r], w[r + stride], ... in reverse.
struct Axis {
  int64_t stride, kernel, pad_begin, pad_end, extra;

  int64_t Taps() const { return (kernel + stride - 1) / stride; }
  // Zeros behind the input: those that the last output reads. Negative: outputs end before the input does.
  int64_t PadEnd() const {
    const int64_t reach = kernel + extra - 1 - pad_end;
    return reach < 0 ? -1 : reach / stride;
  }
  // Outputs that the convolution has beyond the last of the transposed one.
  int64_t Surplus() const { return PadEnd() * stride + stride + pad_end - kernel - extra; }
};

struct Transposed {
  Axis y, x;
  int64_t inputs, outputs;  // Channels.

  int64_t Blocks() const { return y.stride * x.stride; }
  bool Filled() const { return y.kernel % y.stride != 0 || x.kernel % x.stride != 0; }
};

std::optional<Transposed> Read(const Graph& graph, const Node& node) {
  if (node.op != "ConvTranspose" || IntAttribute(node, "group", 1) != 1) return std::nullopt;
  const auto weight = graph.parameters.find(node.inputs[1]);
  if (weight == graph.parameters.end()) return std::nullopt;
  if (HasInput(node, 2) && graph.parameters.count(node.inputs[2]) == 0) return std::nullopt;
  const Shape shape = weight->second.shape();
  const std::vector<int64_t> strides = IntsAttribute(node, "strides", {1, 1}),
                             pads = IntsAttribute(node, "pads", {0, 0, 0, 0}),
                             dilations = IntsAttribute(node, "dilations", {1, 1}),
                             extra = IntsAttribute(node, "output_padding", {0, 0});
  if (strides[0] != strides[1] || dilations != std::vector<int64_t>{1, 1}) return std::nullopt;
  const Transposed read = {{strides[0], shape[2], pads[0], pads[2], extra[0]},
                           {strides[1], shape[3], pads[1], pads[3], extra[1]},
                           shape[0],
                           shape[1]};
  if (*std::min_element(pads.begin(), pads.end()) < 0) return std::nullopt;
  if (std::min(read.y.PadEnd(), read.x.PadEnd()) < 0) return std::nullopt;
  return read;
}

// For each weight of the convolution [blocks * outputs, inputs, taps, taps] its place in the transposed one's
// [inputs, outputs, kernel, kernel], or -1 beyond the kernel's end.
std::vector<int64_t> Places(const Transposed& t) {
  std::vector<int64_t> places;
  for (int64_t block = 0; block < t.Blocks(); ++block) {
    const int64_t first_y = block / t.x.stride, first_x = block % t.x.stride;
    for (int64_t m = 0; m < t.outputs; ++m) {
      for (int64_t c = 0; c < t.inputs; ++c) {
        for (int64_t i = t.y.Taps() - 1; i >= 0; --i) {
          for (int64_t j = t.x.Taps() - 1; j >= 0; --j) {
            const int64_t y = first_y + i * t.y.stride, x = first_x + j * t.x.stride;
            const bool inside = y < t.y.kernel && x < t.x.kernel;
            places.push_back(inside ? ((c * t.outputs + m) * t.y.kernel + y) * t.x.kernel + x : -1);
          }
        }
      }
    }
  }
  return places;
}

// The code of the value 0, or -1.
int ZeroCode(const ValueSet& values) {
  for (int code = 0; code < values.Count(); ++code) {
    if (values.Value(code) == 0) return code;
  }
  return -1;
}

std::optional<QTensor> RearrangeCodes(const QTensor& tensor, const Transposed& t, const Shape& shape) {
  if (tensor.values.kind == ValueSet::Kind::kCodebook || tensor.scales.size() != 1) return std::nullopt;
  const int zero = ZeroCode(tensor.values);
  if (t.Filled() && zero < 0) return std::nullopt;
  QTensor result = {shape, tensor.values, {}, tensor.scales};
  for (const int64_t place : Places(t)) {
    result.codes.push_back(place < 0 ? static_cast<uint8_t>(zero) : tensor.codes[static_cast<size_t>(place)]);
  }
  return result;
}

Parameter Rearrange(const Parameter& weight, const Transposed& t) {
  const Shape shape = {t.Blocks() * t.outputs, t.inputs, t.y.Taps(), t.x.Taps()};
  Parameter result = weight;
  if (const auto* codes = std::get_if<QTensor>(&weight.value)) {
    if (std::optional<QTensor> rearranged = RearrangeCodes(*codes, t, shape)) {
      result.value = std::move(*rearranged);
      return result;
    }
  }
  const DoubleTensor wide = WidenParameter(weight);
  FloatTensor floats(shape);
  size_t i = 0;
  for (const int64_t place : Places(t)) {
    floats.data[i++] = place < 0 ? 0.0f : static_cast<float>(wide.data[static_cast<size_t>(place)]);
  }
  result.value = std::move(floats);
  return result;
}

// Nodes in the place of one.
class Replacement {
 public:
  Replacement(Graph* graph, const Node& node, const Transposed& t) : graph_(graph), node_(node), t_(t) {}

  void Append() {
    const bool blocks = t_.Blocks() > 1;
    const bool window = t_.y.pad_begin > 0 || t_.x.pad_begin > 0 || t_.y.Surplus() > 0 || t_.x.Surplus() > 0;
    AppendConv(blocks || window ? node_.name + "/conv" : node_.outputs[0]);
    if (blocks) {
      Add({node_.name + "/blocks",
           "DepthToSpace",
           {last_},
           {window ? node_.name + "/blocks" : node_.outputs[0]},
           {{"blocksize", t_.y.stride}}});
    }
    if (window) AppendSlice();
  }

 private:
  void AppendConv(const std::string& output) {
    const std::string weight = node_.name + "/weight";
    graph_->parameters[weight] = Rearrange(graph_->parameters.at(node_.inputs[1]), t_);
    Node conv = {node_.name, "Conv", {node_.inputs[0], weight}, {output}, {}};
    conv.attributes["pads"] = std::vector<int64_t>{t_.y.Taps() - 1, t_.x.Taps() - 1, t_.y.PadEnd(), t_.x.PadEnd()};
    if (HasInput(node_, 2)) {
      const std::string bias = node_.name + "/bias";
      const DoubleTensor one = WidenParameter(graph_->parameters.at(node_.inputs[2]));
      FloatTensor all(Shape{t_.Blocks() * t_.outputs});
      for (size_t i = 0; i < all.data.size(); ++i) all.data[i] = static_cast<float>(one.data[i % one.data.size()]);
      graph_->parameters[bias].value = std::move(all);
      conv.inputs.push_back(bias);
    }
    Add(std::move(conv));
  }

  void AppendSlice() {
    const auto constant = [this](const std::string& word, std::vector<int64_t> values) {
      std::string name = node_.name + "/window/" + word;
      const Shape shape = {static_cast<int64_t>(values.size())};
      graph_->parameters[name].value = Int64Tensor(shape, std::move(values));
      return name;
    };
    const auto end = [](int64_t surplus) { return surplus > 0 ? -surplus : std::numeric_limits<int64_t>::max(); };
    Node slice = {node_.name + "/window", "Slice", {last_}, {node_.outputs[0]}, {}};
    slice.inputs.push_back(constant("starts", {t_.y.pad_begin, t_.x.pad_begin}));
    slice.inputs.push_back(constant("ends", {end(t_.y.Surplus()), end(t_.x.Surplus())}));
    slice.inputs.push_back(constant("axes", {2, 3}));
    Add(std::move(slice));
  }

  void Add(Node node) {
    last_ = node.outputs[0];
    graph_->nodes.push_back(std::move(node));
  }

  Graph* graph_;
  const Node& node_;
  const Transposed& t_;
  std::string last_;
};

}  // namespace

Graph ToConvolutions(const Graph& graph) {
  Graph result = graph;
  result.nodes.clear();
  for (const Node& node : graph.nodes) {
    const std::optional<Transposed> transposed = Read(graph, node);
    if (!transposed.has_value()) {
      result.nodes.push_back(node);
      continue;
    }
    Replacement(&result, node, *transposed).Append();
  }
  return result;
}

}  // namespace lowbit::runtime
