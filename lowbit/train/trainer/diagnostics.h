#ifndef LOWBIT_TRAIN_TRAINER_DIAGNOSTICS_H_
#define LOWBIT_TRAIN_TRAINER_DIAGNOSTICS_H_

// What tells a person why a low-bit run does not learn; docs/diagnostics.md says how to read it.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "lowbit/data/dataset.h"
#include "lowbit/train/network.h"

namespace lowbit::train {

// How one quantizer of activations meets a batch of images.
struct ActivationStatistics {
  std::string node;      // Quant or BipolarQuant.
  double saturated = 0;  // Share of the values beyond the last integer of a side that reaches away from zero.
  double zero = 0;       // Share of the values that become 0.
  double scale = 0;
};

// Over the first `count` images or all there are, with the weights and batch-norm statistics of a test; in the order of execution.
// Costs one forward pass. Throws std::runtime_error if an image cannot be read.
std::vector<ActivationStatistics> WatchActivations(const data::ImageSet& images, int64_t count, Network* network);

// Codes of low-bit weights, by parameter: a byte for each, or two, the low one first, if the value set has more than 256 codes.
using WeightCodes = std::map<std::string, std::vector<uint8_t>>;

// What becomes of the codes of low-bit weights from one look to the next.
class CodeChanges {
 public:
  // Adds "changed" to the details of each layer that has codes now and had them at the last look: the share of its codes that are
  // others. Costs one quantization of all weights, and keeps a byte or two for each code.
  void Add(const Network& network, std::vector<LayerStatistics>* layers);

  // Those of the last look, which a resumed run goes on with.
  const WeightCodes& codes() const { return codes_; }
  WeightCodes* mutable_codes() { return &codes_; }

 private:
  WeightCodes codes_;
};

// Adds "gradient" to the details of each layer: the Euclidean norm of the gradient that its last training step had, over all that the
// layer's method trains.
void AddGradientNorms(const Network& network, std::vector<LayerStatistics>* layers);

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_TRAINER_DIAGNOSTICS_H_
