#include "hardware/tests/random_program.h"

#include <algorithm>
#include <cmath>

namespace lowbit::hardware {
namespace {

using accelerator::Layer;

struct Tensor {
  int32_t base = 0, height = 1, width = 1, groups = 1;
  int32_t words() const { return height * width * groups; }
};

class Maker {
 public:
  Maker(const accelerator::Array& array, std::mt19937* random) : random_(*random) { made_.program.array = array; }

  RandomProgram Make() {
    Tensor in = {Below(3), 1 + Below(7), 1 + Below(7), 1 + Below(3)};
    end_ = in.base + in.words();
    const int layers = 1 + Below(4);
    for (int i = 0; i < layers; ++i) in = AddLayer(in);
    accelerator::Program& program = made_.program;
    program.activation_words = end_ + Below(3);
    made_.activations.resize(static_cast<size_t>(program.activation_words * program.array.lanes));
    for (uint8_t& code : made_.activations) code = AnyCode(program.array.activation);
    return made_;
  }

 private:
  int Below(int count) { return static_cast<int>(random_() % static_cast<unsigned>(count)); }
  bool Chance(int percent) { return Below(100) < percent; }
  // -0 too, which is never written but may be read.
  uint8_t AnyCode(const accelerator::Coding& coding) { return static_cast<uint8_t>(Below(1 << coding.bits())); }

  void ChooseKernel(const Tensor& in, Layer* layer) {
    layer->kernel_height = 1 + Below(5);
    layer->kernel_width = 1 + Below(5);
    layer->stride_y = 1 + Below(3);
    layer->stride_x = 1 + Below(3);
    layer->pad_top = Below(layer->kernel_height);
    layer->pad_left = Below(layer->kernel_width);
    // Beyond the image's end too.
    layer->out_height = 1 + Below((in.height + layer->pad_top) / layer->stride_y + 1);
    layer->out_width = 1 + Below((in.width + layer->pad_left) / layer->stride_x + 1);
  }

  Tensor AddLayer(const Tensor& in) {
    Layer layer;
    layer.in_base = in.base;
    layer.in_height = in.height;
    layer.in_width = in.width;
    layer.in_groups = in.groups;
    ChooseKernel(in, &layer);
    const bool pool = Chance(25);
    layer.kind = pool ? Layer::Kind::kMaxPool : Layer::Kind::kProduct;
    layer.out_groups = pool ? in.groups : 1 + Below(3);
    layer.raw = !pool && Chance(20);
    made_.pools += pool ? 1 : 0;
    made_.raw += layer.raw ? 1 : 0;
    const Tensor out = {PlaceOutput(in, layer), layer.out_height, layer.out_width, layer.out_groups};
    layer.out_base = layer.raw ? 0 : out.base;
    if (!pool) AddWeights(&layer);
    if (!pool && !layer.raw) {
      if (Chance(40)) AddSkip(in, out, &layer);
      AddThresholds(&layer);
    }
    made_.program.layers.push_back(layer);
    if (!layer.raw) end_ = std::max(end_, out.base + out.words());
    return layer.raw ? in : out;
  }

  // Below the input where it fits, above everything otherwise.
  int32_t PlaceOutput(const Tensor& in, const Layer& layer) {
    const int32_t words = layer.out_height * layer.out_width * layer.out_groups;
    return words <= in.base && Chance(50) ? Below(in.base - words + 1) : end_ + Below(3);
  }

  void AddWeights(Layer* layer) {
    accelerator::Program& program = made_.program;
    const int lanes = program.array.lanes;
    layer->weight_base = static_cast<int32_t>(program.WeightWords());
    const int64_t codes = layer->out_groups * layer->Steps() * lanes * lanes;
    for (int64_t i = 0; i < codes; ++i) program.weights.push_back(AnyCode(program.array.weight));
  }

  // A region of its own, or the layer's input read in another way.
  void AddSkip(const Tensor& in, const Tensor& out, Layer* layer) {
    Layer::Skip& skip = layer->skip;
    skip.used = true;
    ++made_.skips;
    skip.first_group = Below(layer->out_groups + 1);
    skip.groups = Below(layer->out_groups + 2 - skip.first_group);
    const int32_t most = in.words() - skip.groups;
    skip.base = in.base;
    if (most < 0) {
      skip.base = std::max(end_, out.base + out.words()) + Below(2);
      skip.column = skip.groups + Below(2);
      skip.row = skip.column * layer->out_width + Below(2);
    } else {
      if (layer->out_width > 1) skip.column = Below(std::min(most / (layer->out_width - 1), 4) + 1);
      const int32_t rest = most - (layer->out_width - 1) * skip.column;
      if (layer->out_height > 1) skip.row = Below(std::min(rest / (layer->out_height - 1), 9) + 1);
    }
    const int32_t last = (layer->out_height - 1) * skip.row + (layer->out_width - 1) * skip.column;
    end_ = std::max(end_, skip.base + last + skip.groups);
  }

  // Sets that ascend, with thresholds near where sums are, equal ones, and ones that no or every sum reaches.
  void AddThresholds(Layer* layer) {
    accelerator::Program& program = made_.program;
    const accelerator::Array& array = program.array;
    const int ranks = 1 << array.activation.bits();
    layer->threshold_base = static_cast<int32_t>(program.ThresholdWords());
    const int sets = layer->out_groups * (layer->skip.used ? ranks : 1);
    const double typical = static_cast<double>(array.weight.Largest() * array.activation.Largest()) *
                           std::sqrt(static_cast<double>(layer->Steps() * array.lanes)) * 0.4;
    const int width = std::max(2, static_cast<int>(std::min(typical, 1e6)));
    std::vector<int32_t> row(static_cast<size_t>(ranks));
    for (int set = 0; set < sets; ++set) {
      const size_t begin = program.thresholds.size();
      program.thresholds.resize(begin + static_cast<size_t>(ranks * array.lanes));
      for (int m = 0; m < array.lanes; ++m) {
        for (int32_t& threshold : row) {
          threshold = Chance(5) ? array.Never() : Chance(5) ? array.Always() : Below(2 * width) - width;
        }
        std::sort(row.begin(), row.end());
        for (size_t r = 0; r < row.size(); ++r) {
          program.thresholds[begin + r * static_cast<size_t>(array.lanes) + static_cast<size_t>(m)] = row[r];
        }
        // Of rank 0, which nobody looks at.
        program.thresholds[begin + static_cast<size_t>(m)] = array.Never();
      }
    }
  }

  std::mt19937& random_;
  RandomProgram made_;
  int32_t end_ = 0;
};

}  // namespace

RandomProgram MakeRandomProgram(const accelerator::Array& array, std::mt19937* random) {
  return Maker(array, random).Make();
}

}  // namespace lowbit::hardware
