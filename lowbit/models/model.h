#ifndef LOWBIT_MODELS_MODEL_H_
#define LOWBIT_MODELS_MODEL_H_

// The frame of the shelf lowbit/models/networks: functions that build Graphs.

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/base/config.h"
#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"

namespace lowbit::models {

// What a network must fit to; it comes from the data, never from code.
struct ModelInput {
  Shape image;  // [channels, height, width]
  int64_t classes = 0;
  // The graph takes raw pixels (0..255, float, NCHW) and computes (pixel - mean) * scale itself, as its first nodes,
  // so that a packed file needs no side information. `mean`: one value for each channel, or one for each pixel
  // (channels * height * width, a mean image); `scale`: one value, or one for each channel.
  std::vector<float> mean;
  std::vector<float> scale;
};

// One row for each folder of lowbit/models/networks, made by CMake: lowbit::models::networks::<folder>::Build().
// `options` is the recipe's [model] table without its name; an unknown key is an error.
// The graph has one input "image" [kDynamic, channels, height, width] and one output "logits" [kDynamic, classes]; a
// network from images to images has one of the input's shape instead, of the same name.
// Every parameter has its traits and storage, but its elements are not yet drawn: see Initialize.
namespace networks {
struct ShelfEntry {
  const char* name;
  Result<Graph> (*function)(const ModelInput& input, const Config& options);
};
const std::vector<ShelfEntry>& ShelfEntries();
}  // namespace networks

// Builds, validates and initializes. Errors: unknown network (lists the known ones), unknown or bad option, an image
// too small for the network.
Result<Graph> BuildModel(const std::string& name, const ModelInput& input, const Config& options, uint64_t seed);
std::vector<std::string> ModelNames();

// Fills every parameter by its traits. Random numbers depend on (seed, parameter name, element) only.
void Initialize(Graph* graph, uint64_t seed);

}  // namespace lowbit::models

#endif  // LOWBIT_MODELS_MODEL_H_
