#include "lowbit/runtime/trim_kernels.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "lowbit/core/graph_names.h"
#include "lowbit/core/validate.h"

namespace lowbit::runtime {
namespace {

// One of height and width: tap t of output o reads input o * stride - pad_begin + t * dilation.
struct Axis {
  int64_t input, output, kernel, stride, dilation, pad_begin, pad_end;

  bool Sees(int64_t tap) const {
    const int64_t first = tap * dilation - pad_begin, last = first + (output - 1) * stride;
    if (last < 0 || first >= input) return false;
    // The first output that reads no padding in front.
    const int64_t o = first >= 0 ? 0 : (-first + stride - 1) / stride;
    return o < output && first + o * stride < input;
  }
  // Taps [begin, end) that remain.
  int64_t Begin() const {
    int64_t begin = 0;
    while (begin + 1 < kernel && !Sees(begin) && (begin + 1) * dilation <= pad_begin) ++begin;
    return begin;
  }
  int64_t End(int64_t begin) const {
    int64_t end = kernel;
    while (end - 1 > begin && !Sees(end - 1) && (kernel - end + 1) * dilation <= pad_end) --end;
    return end;
  }
};

struct Window {
  int64_t y_begin, y_end, x_begin, x_end;
};

// Elements of [outputs, inputs, rows, columns] in the window, of any type.
template <typename T>
std::vector<T> Cut(const std::vector<T>& values, const Shape& shape, const Window& window) {
  std::vector<T> cut;
  for (int64_t plane = 0; plane < shape[0] * shape[1]; ++plane) {
    for (int64_t y = window.y_begin; y < window.y_end; ++y) {
      const auto row = values.begin() + (plane * shape[2] + y) * shape[3];
      cut.insert(cut.end(), row + window.x_begin, row + window.x_end);
    }
  }
  return cut;
}

// False where the weights cannot be cut.
bool CutWeights(const Window& window, Parameter* weights) {
  const Shape shape = weights->shape();
  const Shape cut = {shape[0], shape[1], window.y_end - window.y_begin, window.x_end - window.x_begin};
  if (auto* floats = std::get_if<FloatTensor>(&weights->value)) {
    *floats = FloatTensor(cut, Cut(floats->data, shape, window));
    return true;
  }
  auto* low_bit = std::get_if<QTensor>(&weights->value);
  if (low_bit == nullptr || low_bit->values.kind == ValueSet::Kind::kCodebook) return false;
  low_bit->codes = Cut(low_bit->codes, shape, window);
  low_bit->shape = cut;
  return true;
}

void Trim(const std::map<std::string, Shape>& shapes, GraphNames* names, Node* node, Graph* graph) {
  const auto weights = graph->parameters.find(node->inputs[1]);
  const Shape &input = shapes.at(node->inputs[0]), &output = shapes.at(node->outputs[0]);
  if (weights == graph->parameters.end() || input.size() != 4 || node->attributes.count("auto_pad") != 0) return;
  const Shape& kernel = weights->second.shape();
  const auto strides = IntsAttribute(*node, "strides", {1, 1}), dilations = IntsAttribute(*node, "dilations", {1, 1});
  std::vector<int64_t> pads = IntsAttribute(*node, "pads", {0, 0, 0, 0});
  const Axis y = {input[2], output[2], kernel[2], strides[0], dilations[0], pads[0], pads[2]};
  const Axis x = {input[3], output[3], kernel[3], strides[1], dilations[1], pads[1], pads[3]};
  const Window window = {y.Begin(), y.End(y.Begin()), x.Begin(), x.End(x.Begin())};
  const int64_t rows = window.y_end - window.y_begin, columns = window.x_end - window.x_begin;
  if (rows == kernel[2] && columns == kernel[3]) return;
  Parameter cut = weights->second;
  if (!CutWeights(window, &cut)) return;
  pads = {pads[0] - window.y_begin * y.dilation, pads[1] - window.x_begin * x.dilation,
          pads[2] - (y.kernel - window.y_end) * y.dilation, pads[3] - (x.kernel - window.x_end) * x.dilation};
  node->inputs[1] = names->Unique(node->name + "/weight");
  graph->parameters[node->inputs[1]] = std::move(cut);
  node->attributes["kernel_shape"] = std::vector<int64_t>{rows, columns};
  node->attributes["pads"] = pads;
  // Of one tap it says nothing, and a pointwise convolution has none.
  node->attributes["dilations"] = std::vector<int64_t>{rows == 1 ? 1 : y.dilation, columns == 1 ? 1 : x.dilation};
}

}  // namespace

Graph TrimKernels(Graph graph) {
  const auto shapes = InferShapes(graph, 1);
  if (!shapes.ok()) return graph;  // Nobody can plan such a graph.
  GraphNames names(graph);
  for (Node& node : graph.nodes) {
    if (node.op == "Conv") Trim(shapes.value(), &names, &node, &graph);
  }
  return graph;
}

}  // namespace lowbit::runtime
