#ifndef LOWBIT_TRAIN_TRAINER_TUNE_CODEBOOK_H_
#define LOWBIT_TRAIN_TRAINER_TUNE_CODEBOOK_H_

#include <cstdint>
#include <memory>

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"
#include "lowbit/core/qtensor.h"
#include "lowbit/data/dataset.h"
#include "lowbit/quant/product/plan.h"

namespace lowbit::train {

struct CodebookTuning {
  int64_t steps = 0;    // For each layer.
  int64_t batch = 128;  // At most as many as there are images.
  double learning_rate = 0.05;
  double momentum = 0.9;
  double weight_decay = 1e-4;
  uint64_t seed = 1;  // Of the order of images.
  int threads = 1;
};

// The second stage of product quantization (Stock et al., ICLR 2020, section 3.3): when a layer has got its codes, its codebook alone is
// trained, by SGD on the divergence from the float network's answers (of images that a network makes: on squared differences), before the
// next layer is quantized. Batch normalization keeps its statistics; the gradient of a codeword is the mean over its blocks. A function
// of what it is given, on a CPU.
class CodebookTuner {
 public:
  // `teacher`: the float network. `images`: what it is asked about, of which labels do not matter; outlive the tuner. Errors: the network
  // cannot be trained through.
  static Result<std::unique_ptr<CodebookTuner>> Create(const Graph& teacher, const data::ImageSet& images,
                                                       const CodebookTuning& tuning);
  virtual ~CodebookTuner() = default;

  // The layer's weight with the same codes and its codebook trained. `student`: the network as it is so far, this layer quantized.
  // Errors: a loss that is not finite; an image that cannot be read.
  virtual Result<QTensor> Tune(const Graph& student, const quant::product::LayerPlan& layer) = 0;
};

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_TRAINER_TUNE_CODEBOOK_H_
