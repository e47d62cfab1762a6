// Resize of images along their rows and columns: pixels are copied where they are the nearest, else weighted sums of pixels of a column
// and then of a row; in floats, or in doubles, as the definition has it, in networks of integers.

#include <algorithm>
#include <optional>
#include <type_traits>
#include <utility>

#include "lowbit/core/ops_common/resample.h"
#include "lowbit/runtime/kernel_name.h"
#include "lowbit/runtime/step.h"

namespace lowbit::runtime::kernels::resize {
namespace {

// What each output position along one dimension is a sum of.
using AxisTaps = std::vector<ops::Taps>;

struct Sampling {
  Shape input;  // [N, C, H, W]
  AxisTaps rows, columns;

  int64_t InputFloats() const { return Elements(input); }
  int64_t RowFloats() const { return input[3] * input[1]; }
  int64_t OutputRowFloats() const { return static_cast<int64_t>(columns.size()) * input[1]; }
};

bool IsCopy(const ops::Taps& taps) { return taps.positions.size() == 1 && taps.weights[0] == 1 && taps.constant == 0; }
bool AreCopies(const AxisTaps& taps) { return std::all_of(taps.begin(), taps.end(), IsCopy); }

// T: what sums are computed in.
template <typename T>
class ResizeStep : public Step {
 public:
  explicit ResizeStep(Sampling sampling)
      : sampling_(std::move(sampling)), copies_(AreCopies(sampling_.rows) && AreCopies(sampling_.columns)) {
    kernel = KernelName("resize", std::is_same_v<T, double> && !copies_ ? "f64" : "f32");
    if (!copies_) scratch_floats = (sampling_.RowFloats() + sampling_.input[1]) * (sizeof(T) / sizeof(float));
  }

  void Run(const RunContext& context) const override {
    const auto rows = static_cast<int64_t>(sampling_.rows.size());
    const int64_t images = sampling_.input[0] * context.batch, of_image = sampling_.InputFloats() / sampling_.input[0];
    context.pool->ParallelFor(images * rows, [&](int64_t i, int thread) {
      const float* image = context.Value(inputs[0]) + i / rows * of_image;
      float* to = context.Value(outputs[0]) + i * sampling_.OutputRowFloats();
      const ops::Taps& taps = sampling_.rows[static_cast<size_t>(i % rows)];
      copies_ ? CopyRow(image + taps.positions[0] * sampling_.RowFloats(), to)
              : SumRow(image, taps, reinterpret_cast<T*>(context.Scratch(thread)), to);
    });
  }

 private:
  void CopyRow(const float* row, float* to) const {
    const int64_t channels = sampling_.input[1];
    for (const ops::Taps& taps : sampling_.columns) {
      to = std::copy_n(row + taps.positions[0] * channels, channels, to);
    }
  }

  void SumRow(const float* image, const ops::Taps& taps, T* row, float* to) const {
    const int64_t channels = sampling_.input[1], floats = sampling_.RowFloats();
    Sum(taps, image, floats, floats, row);
    T* pixel = row + floats;
    for (const ops::Taps& column : sampling_.columns) {
      Sum(column, row, channels, channels, pixel);
      for (int64_t c = 0; c < channels; ++c) *to++ = static_cast<float>(pixel[c]);
    }
  }

  // y[i] = the weighted sum of x[position * step + i]
  template <typename From>
  void Sum(const ops::Taps& taps, const From* x, int64_t step, int64_t count, T* y) const {
    std::fill_n(y, count, static_cast<T>(taps.constant));
    for (size_t k = 0; k < taps.positions.size(); ++k) {
      const T weight = static_cast<T>(taps.weights[k]);
      const From* from = x + taps.positions[k] * step;
      for (int64_t i = 0; i < count; ++i) y[i] += weight * static_cast<T>(from[i]);
    }
  }

  Sampling sampling_;
  bool copies_;
};

AxisTaps WithoutChange(int64_t extent) {
  AxisTaps taps;
  for (int64_t i = 0; i < extent; ++i) taps.push_back({{i}, {1}, 0});
  return taps;
}

// The inputs behind the data, which are constants.
std::optional<ops::ResampleRequest> ReadRequest(const Node& node, const Lowering& lowering) {
  ops::ResampleRequest request;
  for (size_t i = 1; i < node.inputs.size(); ++i) {
    if (!HasInput(node, i)) continue;
    const Parameter* constant = lowering.Constant(node.inputs[i]);
    if (constant == nullptr) return std::nullopt;
    if (const auto* sizes = std::get_if<Int64Tensor>(&constant->value); sizes != nullptr && i == 3) {
      request.sizes = sizes->data;
    } else if (const auto* floats = std::get_if<FloatTensor>(&constant->value); floats != nullptr && i < 3) {
      (i == 1 ? request.roi : request.scales).assign(floats->data.begin(), floats->data.end());
    } else {
      return std::nullopt;
    }
  }
  return request;
}

// Nothing if other dimensions change, or the columns before the rows.
std::optional<Sampling> ReadSampling(const Node& node, const Lowering& lowering) {
  const Shape& shape = lowering.ShapeOf(node.inputs[0]);
  const std::optional<ops::ResampleRequest> request = ReadRequest(node, lowering);
  if (shape.size() != 4 || Elements(shape) == 0 || !request.has_value()) return std::nullopt;
  Sampling sampling = {shape, WithoutChange(shape[2]), WithoutChange(shape[3])};
  const std::vector<ops::ResampledAxis> axes = ops::PlanResize(node, shape, *request).value();
  size_t last = 2;
  for (const ops::ResampledAxis& axis : axes) {
    if (axis.axis < last) return std::nullopt;
    last = axis.axis;
    (axis.axis == 2 ? sampling.rows : sampling.columns) = ops::TapsOf(node, axis);
  }
  return sampling;
}

}  // namespace

std::unique_ptr<Step> Lower(size_t index, Lowering* lowering) {
  const Node& node = lowering->graph().nodes[index];
  if (node.op != "Resize" || lowering->Constant(node.inputs[0]) != nullptr) return nullptr;
  std::optional<Sampling> sampling = ReadSampling(node, *lowering);
  if (!sampling.has_value()) return nullptr;
  std::unique_ptr<Step> step;
  if (lowering->InIntegers()) {
    step = std::make_unique<ResizeStep<double>>(std::move(*sampling));
  } else {
    step = std::make_unique<ResizeStep<float>>(std::move(*sampling));
  }
  step->reads = {node.inputs[0]};
  step->writes = {node.outputs[0]};
  step->nodes = {index};
  return step;
}

}  // namespace lowbit::runtime::kernels::resize
