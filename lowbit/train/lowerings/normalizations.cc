#include <torch/torch.h>

#include <stdexcept>

#include "lowbit/train/distributed/sync_batch_norm.h"
#include "lowbit/train/lowering.h"

namespace lowbit::train {
namespace {

// The weight of the newest batch in the running averages, one number for each pass that changes them.
class AverageWeight {
 public:
  explicit AverageWeight(const LoweringRequest& request) : options_(request.batch_norm), step_(request.step) {
    momentum_ = options_.momentum >= 0 ? options_.momentum : FloatAttribute(request.node, "momentum", 0.9);
    if (options_.average == BatchNormOptions::Average::kBiasCorrected) factor_ = request.add_buffer("average_factor");
  }

  double Next(Mode mode) const {
    return mode == Mode::kEstimate ? 1.0 / static_cast<double>(step_->batches_estimated + 1) : NextOfTraining();
  }

 private:
  // Caffe divides running sums S = m S + batch by the factor F = m F + 1; in terms of the quotient S / F, each step
  // moves it towards the batch by 1 / F.
  double NextOfTraining() const {
    if (options_.average == BatchNormOptions::Average::kEma) return 1 - momentum_;
    double* factor = factor_.data_ptr<double>();
    *factor = momentum_ * *factor + 1;
    return 1 / *factor;
  }

  BatchNormOptions options_;
  const StepContext* step_;
  double momentum_ = 0.9;
  at::Tensor factor_;
};

void CheckBatch(const at::Tensor& x, int ranks, const std::string& node) {
  if (x.numel() * ranks > x.size(1)) return;
  throw std::invalid_argument("node '" + node +
                              "' (BatchNormalization): training needs more than one value for each channel; the batch "
                              "is too small");
}

Kernel LowerBatchNormalization(const LoweringRequest& request) {
  const double epsilon = FloatAttribute(request.node, "epsilon", 1e-5);
  const AverageWeight average(request);
  const std::string name = request.node.name;
  const bool frozen = request.batch_norm.frozen;
  distributed::Group* group = request.batch_norm.group;
  return [=](const std::vector<at::Tensor>& in, Mode mode) {
    const bool of_batch = mode != Mode::kEval && !frozen;
    if (of_batch) CheckBatch(in[0], group == nullptr ? 1 : group->ranks(), name);
    const double newest = of_batch ? average.Next(mode) : 0.0;
    if (of_batch && group != nullptr) {
      return distributed::SyncBatchNorm(in[0], in[1], in[2], {in[3], in[4], newest}, epsilon, group);
    }
    return at::batch_norm(in[0], in[1], in[2], in[3], in[4], of_batch, newest, epsilon, /*cudnn_enabled=*/true);
  };
}

}  // namespace

void AddNormalizations(LoweringTable* table) { (*table)["BatchNormalization"] = LowerBatchNormalization; }

}  // namespace lowbit::train
