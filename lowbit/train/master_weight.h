#ifndef LOWBIT_TRAIN_MASTER_WEIGHT_H_
#define LOWBIT_TRAIN_MASTER_WEIGHT_H_

#include <memory>
#include <vector>

#include "lowbit/train/method.h"
#include "lowbit/train/row_pass.h"

namespace lowbit::train {

// Float master weights W seen through a deterministic quantizer: the layer multiplies with Q = quantizer(W), the
// gradient dL/dQ goes to W unchanged. Policies derive from it and mix W into Q.
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
  // W as [rows, columns], detached; shares memory with W.
  at::Tensor Rows() const;
  RowPass& pass() { return pass_; }

 private:
  std::string layer_;
  TrainedParameter parameter_;
  RowPass pass_;
};

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_MASTER_WEIGHT_H_
