#ifndef LOWBIT_TRAIN_ACTIVATION_METHOD_H_
#define LOWBIT_TRAIN_ACTIVATION_METHOD_H_

// The frame of the shelf lowbit/train/activations: how the quantizers of activations that training puts into a graph get their
// scales and gradients. Whatever the method, they are nodes Quant, BipolarQuant or LevelQuant in the end, with
// scales that are numbers.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lowbit/base/config.h"
#include "lowbit/base/result.h"
#include "lowbit/core/level_grid.h"
#include "lowbit/recipe/recipe.h"
#include "lowbit/train/torch_fwd.h"

namespace lowbit::train {

// The integers of a grid whose zero point is taken off.
struct IntegerRange {
  double low = 0, high = 0;
  // What comes in is what came into a Relu whose work the quantizer does along (relu_of_quantizer.h): dL/dx is 0 at and below 0.
  // Then x is plain (one_pass.h), and low at least 0.
  bool takes_relu = false;
};

struct ActivationMethod {
  enum class Scale {
    kMeasured,  // At the start of a run (trainer/calibrate_activations.h).
    kTrained,   // Measured, then a parameter.
    kOne,       // The grid ends at 1, or BipolarQuant has scale 1.
  };
  Scale scale = Scale::kMeasured;
  // Whether it takes values that can be negative; otherwise those are kMeasured.
  bool takes_signed = true;
  // One bit: signs of what comes into a Relu, in place of the Relu. Not for what the first and the last product read.
  bool bipolar = false;
  // Levels of any kind: what a LevelQuant in place of the Quant has, in integers; the scale is measured. Null: a uniform grid. Not for
  // what the first and the last product read. Error: no such levels.
  std::function<Result<LevelGrid>(int bits, bool is_signed)> levels;
  bool levels_clip_gradient = false;  // It is 0 beyond the first and the last level.
  // What a Quant whose scale is trained, or a BipolarQuant, gives, differentiable with respect to both; for BipolarQuant the range
  // is -1..1. x: float or double; step: the scale's number, read by the caller, since a GPU has to be waited for. Null: the executor's own (the straight-through gradient inside the range).
  std::function<at::Tensor(const at::Tensor& x, const at::Tensor& scale, double step, const IntegerRange& range)> apply;
  bool apply_takes_relu = false;  // It heeds IntegerRange::takes_relu, which is false otherwise.
};

// One row for each folder of lowbit/train/activations, made by CMake. `options` is [quantize.activations.<folder>].
namespace activations {
struct ShelfEntry {
  const char* name;
  Result<ActivationMethod> (*function)(const Config& options);
};
const std::vector<ShelfEntry>& ShelfEntries();
}  // namespace activations

// That of a recipe; null where activations stay float. Errors: unknown name, bad options.
Result<std::shared_ptr<const ActivationMethod>> CreateActivationMethod(const recipe::ActivationsSection& section);

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_ACTIVATION_METHOD_H_
