#ifndef LOWBIT_TRAIN_MASTER_WEIGHT_H_
#define LOWBIT_TRAIN_MASTER_WEIGHT_H_

#include <memory>
#include <vector>

#include "lowbit/train/method.h"
#include "lowbit/train/row_pass.h"

namespace lowbit::train {

// Float master weights seen through a deterministic quantizer: with W = quantizer.Prepare(weights), nearly always the weights
// themselves, the layer multiplies with Q = quantizer(W), and the gradient dL/dQ goes to W unchanged. Policies derive from it
// and mix W into Q.
class MasterWeight : public WeightMethod {
 public:
  MasterWeight(const LayerWeight& weight, std::shared_ptr<const TensorQuantizer> quantizer);

  at::Tensor Effective(Mode mode, const StepContext& context) override;
  std::vector<TrainedParameter> Parameters() const override { return {parameter_}; }
  at::Tensor Master() const override { return parameter_.tensor.detach(); }
  QTensor Freeze() const override;
  MethodStatistics Statistics() const override;

 protected:
  const at::Tensor& weight() const { return parameter_.tensor; }
  const std::string& layer() const { return layer_; }
  const std::string& name() const { return parameter_.name; }
  // W in the weight's shape, with its gradient.
  at::Tensor Prepared() const { return quantizer_->Prepare(weight()); }
  RowPass& pass() { return pass_; }

 private:
  std::string layer_;
  TrainedParameter parameter_;
  std::shared_ptr<const TensorQuantizer> quantizer_;
  RowPass pass_;
};

// A tensor as [rows, columns], detached; shares its memory.
at::Tensor RowsOf(const at::Tensor& weight);

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_MASTER_WEIGHT_H_
