#include <torch/types.h>

#include <memory>
#include <stdexcept>

#include "lowbit/train/distributed/sync_batch_norm.h"
#include "lowbit/train/lowering.h"

namespace lowbit::train {
namespace {

// The weight of the newest batch in the running averages, one number for each pass that changes them.
class AverageWeight {
 public:
  // `word` names the state that it keeps.
  AverageWeight(const LoweringRequest& request, const std::string& word)
      : options_(request.batch_norm), step_(request.step) {
    momentum_ = options_.momentum >= 0 ? options_.momentum : FloatAttribute(request.node, "momentum", 0.9);
    if (options_.average != BatchNormOptions::Average::kBiasCorrected) return;
    factor_ = request.add_buffer(word, at::zeros({1}, at::kDouble));
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

// Running statistics of a node beside the Graph's: those of the weights that training uses, where these differ.
class TrainingState {
 public:
  explicit TrainingState(const LoweringRequest& request)
      : step_(request.step), average_(request, "training_average_factor") {
    const auto start = [&request](size_t input) {
      return request.on_device(std::get<FloatTensor>(request.parameters.at(input)->value));
    };
    mean_ = request.add_buffer("training_mean", start(3));
    variance_ = request.add_buffer("training_variance", start(4));
  }

  bool Applies(Mode mode) const { return mode == Mode::kTrain || step_->evaluate_hybrid; }
  const AverageWeight& average() const { return average_; }
  const at::Tensor& mean() const { return mean_; }
  const at::Tensor& variance() const { return variance_; }

 private:
  const StepContext* step_;
  AverageWeight average_;
  at::Tensor mean_, variance_;
};

void CheckBatch(const at::Tensor& x, int ranks, const std::string& node) {
  if (x.numel() * ranks > x.size(1)) return;
  throw std::invalid_argument("node '" + node +
                              "' (BatchNormalization): training needs more than one value for each channel; the batch "
                              "is too small");
}

bool HasStatistics(const LoweringRequest& request) {
  return request.parameters.at(3) != nullptr && request.parameters.at(4) != nullptr;
}

Kernel LowerBatchNormalization(const LoweringRequest& request) {
  const double epsilon = FloatAttribute(request.node, "epsilon", 1e-5);
  const AverageWeight of_graph(request, "average_factor");
  std::shared_ptr<const TrainingState> training;
  if (request.batch_norm.two_states && HasStatistics(request)) training = std::make_shared<TrainingState>(request);
  const std::string name = request.node.name;
  const bool frozen = request.batch_norm.frozen;
  distributed::Group* group = request.batch_norm.group;
  return [=](const std::vector<at::Tensor>& in, Mode mode) {
    const bool of_batch = mode != Mode::kEval && !frozen;
    if (of_batch) CheckBatch(in[0], group == nullptr ? 1 : group->ranks(), name);
    const bool other = training != nullptr && training->Applies(mode);
    const at::Tensor &mean = other ? training->mean() : in[3], &variance = other ? training->variance() : in[4];
    const double newest = of_batch ? (other ? training->average() : of_graph).Next(mode) : 0.0;
    if (of_batch && group != nullptr) {
      return distributed::SyncBatchNorm(in[0], in[1], in[2], {mean, variance, newest}, epsilon, group);
    }
    return at::batch_norm(in[0], in[1], in[2], mean, variance, of_batch, newest, epsilon, /*cudnn_enabled=*/true);
  };
}

Kernel LowerLayerNormalization(const LoweringRequest& request) {
  const double epsilon = FloatAttribute(request.node, "epsilon", 1e-5);
  const int64_t rank = static_cast<int64_t>(request.shapes[0].size()), axis = IntAttribute(request.node, "axis", -1);
  const int64_t first = axis < 0 ? axis + rank : axis;
  const bool shifted = HasInput(request.node, 2);
  const auto scaled = [shifted](const at::Tensor& unit, const std::vector<at::Tensor>& in) {
    return shifted ? unit * in[1] + in[2] : unit * in[1];
  };
  if (request.node.outputs.size() == 1) {
    return [=](const std::vector<at::Tensor>& in, Mode) {
      return scaled(at::layer_norm(in[0], in[0].sizes().slice(static_cast<size_t>(first)), {}, {}, epsilon), in);
    };
  }
  // libtorch gives the statistics without their gradients.
  std::vector<int64_t> axes;
  for (int64_t d = first; d < rank; ++d) axes.push_back(d);
  return [=](const std::vector<at::Tensor>& in, Mode) -> Outputs {
    const at::Tensor mean = in[0].mean(axes, /*keepdim=*/true), centred = in[0] - mean;
    const at::Tensor inverse_deviation = at::rsqrt((centred * centred).mean(axes, /*keepdim=*/true) + epsilon);
    return std::vector<at::Tensor>{scaled(centred * inverse_deviation, in), mean, inverse_deviation};
  };
}

Kernel LowerInstanceNormalization(const LoweringRequest& request) {
  const double epsilon = FloatAttribute(request.node, "epsilon", 1e-5);
  return [=](const std::vector<at::Tensor>& in, Mode) {
    return at::instance_norm(in[0], in[1], in[2], {}, {}, /*use_input_stats=*/true, /*momentum=*/0, epsilon,
                             /*cudnn_enabled=*/true);
  };
}

// x / (bias + alpha * mean of the squares of `size` neighbouring channels)^beta; channels that are not there are 0.
Kernel LowerLrn(const LoweringRequest& request) {
  const int64_t size = IntAttribute(request.node, "size", 1), before = (size - 1) / 2, after = size - 1 - before;
  const double alpha = FloatAttribute(request.node, "alpha", 1e-4), beta = FloatAttribute(request.node, "beta", 0.75);
  const double bias = FloatAttribute(request.node, "bias", 1);
  if (request.shapes[0].size() != 4) request.Reject("only images [N, C, H, W] are trained through");
  return [=](const std::vector<at::Tensor>& in, Mode) {
    const at::Tensor squares = at::constant_pad_nd((in[0] * in[0]).unsqueeze(1), {0, 0, 0, 0, before, after});
    const at::Tensor means = at::avg_pool3d(squares, {size, 1, 1}, {1, 1, 1}).squeeze(1);
    return in[0] / at::pow(bias + alpha * means, beta);
  };
}

// x / norm(x) along a dimension; 0 stays 0.
Kernel LowerLpNormalization(const LoweringRequest& request) {
  const int64_t axis = IntAttribute(request.node, "axis", -1), p = IntAttribute(request.node, "p", 2);
  return [=](const std::vector<at::Tensor>& in, Mode) {
    const at::Tensor norm = at::linalg_vector_norm(in[0], p, std::vector<int64_t>{axis}, /*keepdim=*/true);
    return in[0] / at::where(norm == 0, at::ones_like(norm), norm);
  };
}

}  // namespace

void AddNormalizations(LoweringTable* table) {
  (*table)["BatchNormalization"] = LowerBatchNormalization;
  (*table)["InstanceNormalization"] = LowerInstanceNormalization;
  (*table)["LayerNormalization"] = LowerLayerNormalization;
  (*table)["LRN"] = LowerLrn;
  (*table)["LpNormalization"] = LowerLpNormalization;
}

}  // namespace lowbit::train
