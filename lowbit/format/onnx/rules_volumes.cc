// Volumes (frames of images) as the images that kernels and methods know.

#include "lowbit/format/onnx/rules_volumes.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace lowbit::onnx {
namespace {

using List = std::vector<int64_t>;

constexpr int64_t kMaxPlaces = int64_t{1} << 24;

// make(shape) for each size of the batch.
template <typename Make>
Result<Value> Reshaped(const Value& x, Builder* builder, Make make) {
  const Value shape = Builder::KnownForEach({MakeIntegers(make(x.shapes[0])), MakeIntegers(make(x.shapes[1]))});
  return builder->Apply1("Reshape", {x, shape});
}

// How a window moves along one dimension.
struct Window {
  int64_t kernel = 1, stride = 1, dilation = 1, begin = 0, end = 0;
  bool does_nothing() const { return kernel == 1 && stride == 1 && begin == 0 && end == 0; }
};

// Of frames, rows and columns. `kernel`: where no attribute says it.
Result<std::vector<Window>> ReadWindows(const Call& call, const List& kernel) {
  const std::string pad = call.Text("auto_pad", "NOTSET");
  if (pad != "NOTSET" && pad != "VALID") return Invalid("auto_pad " + pad + " of volumes is not supported");
  const auto list = [&](const std::string& name, List otherwise) {
    const auto found = call.attributes.find(name);
    const auto* given = found == call.attributes.end() ? nullptr : std::get_if<List>(&found->second);
    return given == nullptr ? otherwise : *given;
  };
  const List kernels = list("kernel_shape", kernel), strides = list("strides", {1, 1, 1});
  const List dilations = list("dilations", {1, 1, 1}), pads = list("pads", {0, 0, 0, 0, 0, 0});
  if (kernels.size() != 3 || strides.size() != 3 || dilations.size() != 3 || pads.size() != 6) {
    return Invalid("attributes do not fit an input of shape " + ToString(call.Input(0).shape()));
  }
  const auto fits = [](int64_t v, int64_t low) { return v >= low && v < int64_t{1} << 31; };
  std::vector<Window> windows;
  for (size_t i = 0; i < 3; ++i) {
    const Window window = {kernels[i], strides[i], dilations[i], pads[i], pads[i + 3]};
    if (!fits(window.kernel, 1) || !fits(window.stride, 1) || !fits(window.dilation, 1) || !fits(window.begin, 0) ||
        !fits(window.end, 0)) {
      return Invalid("attributes are out of range");
    }
    windows.push_back(window);
  }
  return windows;
}

// The same operator of images, its windows along rows and columns.
Call OfImages(const Call& call, const Window& rows, const Window& columns) {
  Call images = call;
  images.attributes.erase("auto_pad");
  images.attributes["kernel_shape"] = List{rows.kernel, columns.kernel};
  images.attributes["strides"] = List{rows.stride, columns.stride};
  images.attributes["pads"] = List{rows.begin, columns.begin, rows.end, columns.end};
  images.attributes.erase("dilations");
  if (rows.dilation != 1 || columns.dilation != 1) {
    images.attributes["dilations"] = List{rows.dilation, columns.dilation};
  }
  return images;
}

Shape Flat(const Shape& x) { return {x[0], x[1], x[2], x[3] * x[4]}; }

// [N, C, D, H, W]: along the frames, with all pixels of a frame as one row.
Outputs AlongFrames(Call call, const Window& frames, Builder* builder) {
  const Shape volume = call.Input(0).shape();
  LOWBIT_TRY(call.inputs[0], Reshaped(call.Input(0), builder, Flat));
  LOWBIT_TRY(const std::vector<Value> y, ApplyAsIs(OfImages(call, frames, Window()), builder));
  LOWBIT_TRY(Value made, Reshaped(y[0], builder, [&](const Shape& shape) -> Shape {
               return {shape[0], shape[1], shape[2], volume[3], volume[4]};
             }));
  return std::vector<Value>{std::move(made)};
}

// The frames that each frame of the result sees: [N, D, C * frames, H, W].
Result<Value> Windows(const Value& volume, const Window& frames, Builder* builder) {
  Value x = volume;
  if (frames.begin != 0 || frames.end != 0) {
    LOWBIT_TRY(x, builder->Apply1("Pad", {x, Integers({0, 0, frames.begin, 0, 0, 0, 0, frames.end, 0, 0})}));
  }
  const int64_t span = frames.dilation * (frames.kernel - 1) + 1;
  const int64_t count = (x.shape()[2] - span) / frames.stride + 1;
  if (x.shape()[2] < span || count > kMaxPlaces / frames.kernel) return Invalid("its frames do not fit its window");
  List order = {0, 2, 1, 3, 4};
  if (frames.kernel != 1 || frames.stride != 1) {
    DoubleTensor places({count, frames.kernel});
    for (size_t i = 0; i < places.data.size(); ++i) {
      const int64_t place = static_cast<int64_t>(i) / frames.kernel, offset = static_cast<int64_t>(i) % frames.kernel;
      places.data[i] = static_cast<double>(place * frames.stride + offset * frames.dilation);
    }
    const Value indices = Builder::Known(Narrow(ElementType::kInt64, places));
    LOWBIT_TRY(x, builder->Apply1("Gather", {x, indices}, {{"axis", int64_t{2}}}));
    order = {0, 2, 1, 3, 4, 5};
  }
  return builder->Apply1("Transpose", {x}, {{"perm", order}});
}

}  // namespace

// Each frame of the result is that of an image whose channels are those of all frames that it sees.
Outputs ConvOfVolumes(Call call, Builder* builder) {
  const Value& weight = call.Input(1);
  const Shape volume = call.Input(0).shape(), filter = weight.shape();
  if (filter.size() != 5) return Invalid("weights have shape " + ToString(filter) + "; expected [O, C, D, H, W]");
  LOWBIT_TRY(const std::vector<Window> windows, ReadWindows(call, List(filter.begin() + 2, filter.end())));
  if (!std::equal(filter.begin() + 2, filter.end(), windows.begin(),
                  [](int64_t k, const Window& w) { return k == w.kernel; })) {
    return Invalid("attribute 'kernel_shape' differs from the weights' shape " + ToString(filter));
  }
  if (windows[1].does_nothing() && windows[2].does_nothing()) {
    LOWBIT_TRY(call.inputs[1], builder->Apply1("Reshape", {weight, Integers({filter[0], filter[1], filter[2], 1})}));
    return AlongFrames(std::move(call), windows[0], builder);
  }
  LOWBIT_TRY(const Value seen, Windows(call.Input(0), windows[0], builder));
  const int64_t frames = seen.shape()[1];
  LOWBIT_TRY(call.inputs[0], Reshaped(seen, builder, [&](const Shape& shape) -> Shape {
               return {shape[0] * frames, volume[1] * filter[2], volume[3], volume[4]};
             }));
  LOWBIT_TRY(call.inputs[1],
             builder->Apply1("Reshape", {weight, Integers({filter[0], filter[1] * filter[2], filter[3], filter[4]})}));
  LOWBIT_TRY(const std::vector<Value> y, ApplyAsIs(OfImages(call, windows[1], windows[2]), builder));
  LOWBIT_TRY(const Value images, Reshaped(y[0], builder, [&](const Shape& shape) -> Shape {
               return {shape[0] / frames, frames, shape[1], shape[2], shape[3]};
             }));
  return builder->Apply("Transpose", {images}, {{"perm", List{0, 2, 1, 3, 4}}});
}

// Over rows and columns, then over frames: means of means of as many, and maxima of maxima.
Outputs PoolOfVolumes(Call call, Builder* builder) {
  if (call.outputs != 1) return Invalid("has " + std::to_string(call.outputs) + " outputs; expected 1");
  LOWBIT_TRY(const std::vector<Window> windows, ReadWindows(call, {}));
  if (!windows[1].does_nothing() || !windows[2].does_nothing()) {
    const Shape volume = call.Input(0).shape();
    LOWBIT_TRY(call.inputs[0], Reshaped(call.Input(0), builder, [](const Shape& shape) -> Shape {
                 return {shape[0], shape[1] * shape[2], shape[3], shape[4]};
               }));
    LOWBIT_TRY(const std::vector<Value> y, ApplyAsIs(OfImages(call, windows[1], windows[2]), builder));
    LOWBIT_TRY(call.inputs[0], Reshaped(y[0], builder, [&](const Shape& shape) -> Shape {
                 return {shape[0], volume[1], volume[2], shape[2], shape[3]};
               }));
  }
  if (windows[0].does_nothing()) return std::vector<Value>{call.Input(0)};
  return AlongFrames(std::move(call), windows[0], builder);
}

// Of sequences and volumes, as images of one row or of long ones.
Outputs GlobalAveragePool(Call call, Builder* builder) {
  const Value x = call.Input(0);
  if (!x.present || x.rank() < 3 || x.rank() == 4) return ApplyAsIs(call, builder);
  LOWBIT_TRY(call.inputs[0], Reshaped(x, builder, [](const Shape& shape) -> Shape {
               const int64_t last = Elements(Shape(shape.begin() + 3, shape.end()));
               return {shape[0], shape[1], shape[2], last};
             }));
  LOWBIT_TRY(const std::vector<Value> y, ApplyAsIs(call, builder));
  LOWBIT_TRY(Value made, Reshaped(y[0], builder, [&](const Shape& shape) {
               Shape ones(x.rank(), 1);
               std::copy(shape.begin(), shape.begin() + 2, ones.begin());
               return ones;
             }));
  return std::vector<Value>{std::move(made)};
}

}  // namespace lowbit::onnx
