#include "lowbit/runtime/conv_form.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "lowbit/core/validate.h"
#include "lowbit/runtime/fallback.h"

namespace lowbit::runtime {
namespace {

using Shapes = std::map<std::string, Shape>;

// One of height and width. Output o of the transposed convolution is sum x[i] w[k] over i * stride + k * dilation = o + pad_begin: with
// o + pad_begin = q * stride + r, that is output q of a convolution with the weights at r, r + stride, ... in reverse, where those
// that dilation leaves out are 0. (Of stride 1 nothing is left out: the convolution is dilated.)
struct Axis {
  int64_t stride, kernel, dilation, pad_begin, pad_end, extra;

  int64_t Span() const { return (kernel - 1) * dilation + 1; }
  int64_t Taps() const { return stride == 1 ? kernel : (Span() + stride - 1) / stride; }
  int64_t TapDilation() const { return stride == 1 ? dilation : 1; }
  // The place in the kernel of a tap of the convolution's outputs with remainder r, or -1.
  int64_t Place(int64_t r, int64_t tap) const {
    const int64_t at = r + tap * stride * TapDilation();
    return at < Span() && at % dilation == 0 ? at / dilation : -1;
  }
  int64_t PadBegin() const { return (Taps() - 1) * TapDilation(); }
  // Zeros behind the input: those that the last output reads. Negative: outputs end before the input does.
  int64_t PadEnd() const {
    const int64_t reach = Span() + extra - 1 - pad_end;
    return reach < 0 ? -1 : reach / stride;
  }
  // Outputs that the convolution has beyond the last of the transposed one.
  int64_t Surplus() const { return PadEnd() * stride + stride + pad_end - Span() - extra; }
};

struct Transposed {
  Axis y, x;
  int64_t groups, inputs, outputs;  // Channels of a group.
  int64_t width;                    // Of the input.

  int64_t Blocks() const { return y.stride * x.stride; }
  bool Depthwise() const { return groups > 1 && inputs == 1 && outputs == 1; }
  // DepthToSpace takes the pixels of a block outside of the channels (its mode DCR) or inside (CRD), as groups have them. Of a
  // depthwise convolution the input is repeated for each pixel, which are outside then.
  bool PixelsInside() const { return groups > 1 && !Depthwise(); }
  int64_t ConvGroups() const { return Depthwise() ? groups * Blocks() : groups; }
};

std::optional<Transposed> Read(const Graph& graph, const Node& node, const Shapes& shapes) {
  if (node.op != "ConvTranspose") return std::nullopt;
  const auto weight = graph.parameters.find(node.inputs[1]);
  if (weight == graph.parameters.end()) return std::nullopt;
  if (HasInput(node, 2) && graph.parameters.count(node.inputs[2]) == 0) return std::nullopt;
  const Shape shape = weight->second.shape();
  const std::vector<int64_t> strides = IntsAttribute(node, "strides", {1, 1}),
                             pads = IntsAttribute(node, "pads", {0, 0, 0, 0}),
                             dilations = IntsAttribute(node, "dilations", {1, 1}),
                             extra = IntsAttribute(node, "output_padding", {0, 0});
  const int64_t groups = IntAttribute(node, "group", 1);
  const Transposed read = {{strides[0], shape[2], dilations[0], pads[0], pads[2], extra[0]},
                           {strides[1], shape[3], dilations[1], pads[1], pads[3], extra[1]},
                           groups,
                           shape[0] / groups,
                           shape[1],
                           shapes.at(node.inputs[0])[3]};
  if (*std::min_element(pads.begin(), pads.end()) < 0) return std::nullopt;
  if (std::min(read.y.PadEnd(), read.x.PadEnd()) < 0) return std::nullopt;
  return read;
}

// What an output channel of the convolution computes: a channel of the transposed one, at a pixel of each block.
struct Channel {
  int64_t channel, block;
};

std::vector<Channel> Channels(const Transposed& t) {
  std::vector<Channel> channels;
  const int64_t count = t.groups * t.outputs;
  for (int64_t i = 0; i < count * t.Blocks(); ++i) {
    if (t.PixelsInside()) {
      channels.push_back({i / t.Blocks(), i % t.Blocks()});
    } else {
      channels.push_back({i % count, i / count});
    }
  }
  return channels;
}

// For each weight of the convolution [blocks * groups * outputs, inputs, taps, taps] its place in the transposed one's
// [groups * inputs, outputs, kernel, kernel], or -1 for a zero.
std::vector<int64_t> Places(const Transposed& t) {
  std::vector<int64_t> places;
  for (const auto& [channel, block] : Channels(t)) {
    const int64_t group = channel / t.outputs, m = channel % t.outputs;
    for (int64_t c = group * t.inputs; c < (group + 1) * t.inputs; ++c) {
      for (int64_t i = t.y.Taps() - 1; i >= 0; --i) {
        for (int64_t j = t.x.Taps() - 1; j >= 0; --j) {
          const int64_t y = t.y.Place(block / t.x.stride, i), x = t.x.Place(block % t.x.stride, j);
          places.push_back(y < 0 || x < 0 ? -1 : ((c * t.outputs + m) * t.y.kernel + y) * t.x.kernel + x);
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
  QTensor result = {shape, tensor.values, {}, tensor.scales};
  for (const int64_t place : Places(t)) {
    if (place < 0 && zero < 0) return std::nullopt;
    result.codes.push_back(place < 0 ? static_cast<uint8_t>(zero) : tensor.codes[static_cast<size_t>(place)]);
  }
  return result;
}

Parameter Rearrange(const Parameter& weight, const Transposed& t) {
  const Shape shape = {t.Blocks() * t.groups * t.outputs, t.inputs, t.y.Taps(), t.x.Taps()};
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
    if (blocks) AppendBlocks(window ? node_.name + "/blocks" : node_.outputs[0]);
    if (window) AppendSlice();
  }

 private:
  void AppendConv(const std::string& output) {
    last_ = node_.inputs[0];
    if (t_.Depthwise() && t_.Blocks() > 1) {
      const std::string name = node_.name + "/repeated";
      const std::vector<std::string> inputs(static_cast<size_t>(t_.Blocks()), last_);
      Add({name, "Concat", inputs, {name}, {{"axis", int64_t{1}}}});
    }
    const std::string weight = node_.name + "/weight";
    graph_->parameters[weight] = Rearrange(graph_->parameters.at(node_.inputs[1]), t_);
    Node conv = {node_.name, "Conv", {last_, weight}, {output}, {}};
    conv.attributes["pads"] = std::vector<int64_t>{t_.y.PadBegin(), t_.x.PadBegin(), t_.y.PadEnd(), t_.x.PadEnd()};
    conv.attributes["dilations"] = std::vector<int64_t>{t_.y.TapDilation(), t_.x.TapDilation()};
    conv.attributes["group"] = t_.ConvGroups();
    if (HasInput(node_, 2)) {
      const std::string bias = node_.name + "/bias";
      const DoubleTensor one = WidenParameter(graph_->parameters.at(node_.inputs[2]));
      FloatTensor all(Shape{t_.Blocks() * t_.groups * t_.outputs});
      const std::vector<Channel> channels = Channels(t_);
      for (size_t i = 0; i < all.data.size(); ++i) {
        all.data[i] = static_cast<float>(one.data[static_cast<size_t>(channels[i].channel)]);
      }
      graph_->parameters[bias].value = std::move(all);
      conv.inputs.push_back(bias);
    }
    Add(std::move(conv));
  }

  std::string AddIntegers(const std::string& name, std::vector<int64_t> values) {
    const Shape shape = {static_cast<int64_t>(values.size())};
    graph_->parameters[name].value = Int64Tensor(shape, std::move(values));
    return name;
  }

  // The pixels of a block beside each other.
  void AppendBlocks(const std::string& output) {
    const std::string name = node_.name + "/blocks";
    if (t_.y.stride == t_.x.stride) {
      const std::string mode = t_.PixelsInside() ? "CRD" : "DCR";
      Add({name, "DepthToSpace", {last_}, {output}, {{"blocksize", t_.y.stride}, {"mode", mode}}});
      return;
    }
    // [N, channels, y, x, H, W], or channels behind x, to [N, channels, H, y, W, x].
    const int64_t channels = t_.groups * t_.outputs, width = t_.width + t_.x.PadEnd();  // Of the convolution's output.
    const auto reshape = [&](const std::string& stem, const std::string& to, std::vector<int64_t> shape) {
      Add({stem, "Reshape", {last_, AddIntegers(stem + "/shape", std::move(shape))}, {to}, {}});
    };
    using Integers = std::vector<int64_t>;
    const bool inside = t_.PixelsInside();
    reshape(name + "/parts", name + "/parts",
            inside ? Integers{0, channels, t_.y.stride, t_.x.stride, -1, width}
                   : Integers{0, t_.y.stride, t_.x.stride, channels, -1, width});
    const Integers order = inside ? Integers{0, 1, 4, 2, 5, 3} : Integers{0, 3, 4, 1, 5, 2};
    Add({name + "/order", "Transpose", {last_}, {name + "/order"}, {{"perm", order}}});
    reshape(name, output, {0, channels, -1, width * t_.x.stride});
  }

  void AppendSlice() {
    const auto constant = [this](const std::string& word, std::vector<int64_t> values) {
      return AddIntegers(node_.name + "/window/" + word, std::move(values));
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
  const auto is_transposed = [](const Node& node) { return node.op == "ConvTranspose"; };
  if (std::none_of(graph.nodes.begin(), graph.nodes.end(), is_transposed)) return graph;
  const Result<Shapes> shapes = InferShapes(graph, 1);
  if (!shapes.ok()) return graph;  // Nobody can plan such a graph.
  Graph result = graph;
  result.nodes.clear();
  for (const Node& node : graph.nodes) {
    const std::optional<Transposed> transposed = Read(graph, node, shapes.value());
    if (!transposed.has_value()) {
      result.nodes.push_back(node);
      continue;
    }
    Replacement(&result, node, *transposed).Append();
  }
  return result;
}

}  // namespace lowbit::runtime
