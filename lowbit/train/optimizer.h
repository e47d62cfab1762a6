#ifndef LOWBIT_TRAIN_OPTIMIZER_H_
#define LOWBIT_TRAIN_OPTIMIZER_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/train/torch_fwd.h"

namespace lowbit::train {

struct TrainedParameter;

// Which parameters weight decay acts on; each is further multiplied by its decay_multiplier.
enum class DecayScope {
  kWeights,  // Role kWeight only.
  kAll,      // Biases and batch-norm scales too.
};

struct OptimizerOptions {
  enum class Kind { kSgd, kAdam, kAdamW };
  // With g the gradient, W the parameter, lr its learning rate, wd its decay:
  //   kTorch: V = mu V + (g + wd W);       W -= lr V   (Nesterov: W -= lr (g + wd W + mu V))
  //   kCaffe: V = mu V + lr (g + wd W);    W -= V      (Nesterov: W -= (1 + mu) V_new - mu V_old)
  // They differ where the learning rate changes.
  enum class SgdForm { kTorch, kCaffe };
  Kind kind = Kind::kSgd;
  double momentum = 0.9;
  bool nesterov = false;
  SgdForm form = SgdForm::kTorch;
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;  // Adam (Kingma and Ba 2015), AdamW (Loshchilov and Hutter 2019).
  double weight_decay = 0;
  DecayScope decay_scope = DecayScope::kWeights;
  // A step first makes all gradients smaller by one factor, if the root of the sum of their squares is above this, so that it is this
  // (Pascanu, Mikolov & Bengio 2013). 0: it does not.
  double clip_norm = 0;
};

// Updates parameters in place from their gradients. Ours, not torch::optim's, because a checkpoint needs the state by
// name and with keys that do not change between versions of libtorch.
class Optimizer {
 public:
  // Keeps references to the parameters' tensors; its state starts as after Reset().
  static std::unique_ptr<Optimizer> Create(const OptimizerOptions& options, std::vector<TrainedParameter> parameters);
  virtual ~Optimizer() = default;

  // Forgets the gradients.
  virtual void ZeroGradients() = 0;
  // One update with this learning rate (before multipliers). A parameter without a gradient is left alone.
  virtual void Step(double learning_rate) = 0;
  // Zeroes the state: a stage's full restart.
  virtual void Reset() = 0;
  // The live state tensors, named "<parameter>/momentum", "<parameter>/first_moment", "<parameter>/second_moment";
  // Adam also "steps" (int64 [1]).
  virtual std::map<std::string, at::Tensor> State() const = 0;
  // Copies a state of the same names and shapes. Errors name the first tensor missing, surplus or of another shape.
  Status LoadState(const std::map<std::string, at::Tensor>& state);
};

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_OPTIMIZER_H_
