#include <torch/torch.h>

#include <stdexcept>

#include "lowbit/train/lowering.h"

namespace lowbit::train {
namespace {

// The weight of the newest batch in the running averages, one number for each training step.
class AverageWeight {
 public:
  explicit AverageWeight(const LoweringRequest& request) : options_(request.batch_norm) {
    momentum_ = options_.momentum >= 0 ? options_.momentum : FloatAttribute(request.node, "momentum", 0.9);
    if (options_.average == BatchNormOptions::Average::kBiasCorrected) factor_ = request.add_buffer("average_factor");
  }

  // Caffe divides running sums S = m S + batch by the factor F = m F + 1; in terms of the quotient S / F, each step
  // moves it towards the batch by 1 / F.
  double Next() const {
    if (options_.average == BatchNormOptions::Average::kEma) return 1 - momentum_;
    double* factor = factor_.data_ptr<double>();
    *factor = momentum_ * *factor + 1;
    return 1 / *factor;
  }

 private:
  BatchNormOptions options_;
  double momentum_ = 0.9;
  at::Tensor factor_;
};

Kernel LowerBatchNormalization(const LoweringRequest& request) {
  const double epsilon = FloatAttribute(request.node, "epsilon", 1e-5);
  const AverageWeight average(request);
  const std::string name = request.node.name;
  return [=](const std::vector<at::Tensor>& in, Mode mode) {
    const bool training = mode == Mode::kTrain;
    if (training && in[0].numel() <= in[0].size(1)) {
      throw std::invalid_argument("node '" + name +
                                  "' (BatchNormalization): training needs more than one value for each channel; the "
                                  "batch is too small");
    }
    return at::batch_norm(in[0], in[1], in[2], in[3], in[4], training, training ? average.Next() : 0.0, epsilon,
                          /*cudnn_enabled=*/true);
  };
}

}  // namespace

void AddNormalizations(LoweringTable* table) { (*table)["BatchNormalization"] = LowerBatchNormalization; }

}  // namespace lowbit::train
