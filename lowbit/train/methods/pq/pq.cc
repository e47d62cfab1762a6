#include <torch/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "lowbit/quant/product/clustering.h"
#include "lowbit/quant/product/codebook_form.h"
#include "lowbit/quant/product/plan.h"
#include "lowbit/quant/product/reassign.h"
#include "lowbit/train/method.h"

// Product quantization: blocks of a layer's weights are codes into a codebook, which is trained. The codes stay, unless
// `reassign` is set: then float weights, which nothing multiplies with, are trained by the straight-through gradient beside the
// codebook, and every so many steps blocks whose float weights another codeword is nearer to move there.
// lowbit/quant/product is the specification.

namespace lowbit::train::methods::pq {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr double kReassignShare = 0.05, kLeastShare = 1e-6, kReassignUntil = 0.75;

struct Options {
  quant::product::Rules rules;
  bool sum = false;           // Of the members' gradients; otherwise their mean.
  int iterations = 20;        // Of k-means on weights that are no codebook's yet.
  int64_t reassign = 0;       // Steps from one look at the codes to the next; 0: they stay.
  double reassign_share = 0;  // Blocks of a layer that move at one look, at most.
  double reassign_until = 0;  // Share of the run after which the codes stay.
  double reassign_rate = 1;   // The float weights' learning rate by the codebook's.
};

// The rows of the codebook that the codes name. Backward: the sum of a codeword's gradients, times its weight.
struct LookUp : torch::autograd::Function<LookUp> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& codebook, const at::Tensor& codes,
                            const at::Tensor& weights) {
    context->save_for_backward({codes, weights});
    return codebook.index_select(0, codes);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &codes = saved[0], &weights = saved[1], &gradient = gradients[0];
    const at::Tensor sums = at::zeros({weights.size(0), gradient.size(1)}, gradient.options());
    return {sums.index_add(0, codes, gradient).mul_(weights.unsqueeze(1)), {}, {}};
  }
};

// Codes and vectors of a weight's blocks.
struct Start {
  std::vector<int64_t> codes;
  std::vector<float> vectors;
};

// The different blocks in order of their first use, if there are at most `most`; otherwise nothing.
Start DifferentBlocks(Span<const float> weights, size_t block, size_t most) {
  Start start;
  std::unordered_map<std::string, int64_t> known;
  for (size_t i = 0; i < weights.size(); i += block) {
    const std::string bytes(reinterpret_cast<const char*>(weights.data() + i), block * sizeof(float));
    const auto [found, is_new] = known.emplace(bytes, static_cast<int64_t>(known.size()));
    if (known.size() > most) return {};
    if (is_new) start.vectors.insert(start.vectors.end(), weights.data() + i, weights.data() + i + block);
    start.codes.push_back(found->second);
  }
  return start;
}

Start FindStart(const LayerWeight& weight, const quant::product::LayerPlan& plan, const Options& options) {
  const at::Tensor host = weight.value.detach().to(at::kCPU).contiguous();
  const Span<const float> weights(host.data_ptr<float>(), static_cast<size_t>(host.numel()));
  Start start = DifferentBlocks(weights, static_cast<size_t>(plan.block), static_cast<size_t>(plan.centroids));
  if (!start.codes.empty()) return start;
  quant::product::Blocks blocks;
  blocks.dimension = plan.block;
  blocks.values.assign(weights.begin(), weights.end());
  quant::product::ClusteringOptions clustering;
  clustering.centroids = plan.centroids;
  clustering.iterations = options.iterations;
  clustering.seed = weight.seed;
  clustering.stream = weight.layer;
  const quant::product::Clustering found = quant::product::Cluster(blocks, clustering);
  start.codes.assign(found.codes.begin(), found.codes.end());
  start.vectors.assign(found.centroids.begin(), found.centroids.end());
  return start;
}

class PqWeight : public WeightMethod {
 public:
  PqWeight(const LayerWeight& weight, const Options& options)
      : options_(options),
        shape_(weight.value.sizes().vec()),
        codebook_{weight.name + "/codebook", {}, weight.traits},
        codes_name_(weight.name + "/codes"),
        moves_name_(weight.name + "/moves") {
    const quant::product::LayerPlan plan = PlanWeight(weight.layer, weight.name, shape_, options.rules);
    const int64_t columns = weight.value.numel() / shape_[0];
    if (columns % plan.block != 0) {
      throw std::runtime_error("layer '" + weight.layer + "': blocks of " + std::to_string(plan.block) +
                               " weights do not divide its rows of " + std::to_string(columns));
    }
    const Start start = FindStart(weight, plan, options);
    const auto device = weight.value.device();
    codes_ = at::tensor(start.codes, at::kLong).to(device);
    codebook_.tensor = at::tensor(start.vectors).view({-1, plan.block}).to(device).requires_grad_(true);
    if (options.reassign > 0) {
      latent_ = {weight.name + "/latent", weight.value.detach().clone().requires_grad_(true), weight.traits};
      latent_.traits.learning_rate_multiplier *= options.reassign_rate;
      moves_ = at::zeros({2}, at::kLong);
    }
  }

  at::Tensor Effective(Mode mode, const StepContext& context) override {
    const bool moves = mode == Mode::kTrain && Moves(context);
    if (moves) MoveCodes(context);
    const at::Tensor codebook = mode == Mode::kTrain ? codebook_.tensor : Stored();
    const at::Tensor weight = LookUp::apply(codebook, codes_, GradientWeights()).view(shape_);
    // Plus zeros, for the gradient.
    return moves ? weight + (latent_.tensor - latent_.tensor.detach()) : weight;
  }
  std::vector<TrainedParameter> Parameters() const override {
    return options_.reassign > 0 ? std::vector<TrainedParameter>{codebook_, latent_} : std::vector{codebook_};
  }
  NamedTensors Buffers() const override {
    NamedTensors buffers = {{codes_name_, codes_}};
    if (options_.reassign > 0) buffers[moves_name_] = moves_;
    return buffers;
  }
  at::Tensor Master() const override {
    const at::NoGradGuard no_grad;
    return codebook_.tensor.index_select(0, codes_).view(shape_);
  }
  QTensor Freeze() const override {
    QTensor result;
    result.shape = shape_;
    result.values = StoredValues();
    result.scales = {1};
    const at::Tensor codes = codes_.to(at::kCPU);
    for (int64_t i = 0; i < codes.numel(); ++i) result.AddCode(static_cast<int>(codes.data_ptr<int64_t>()[i]));
    return result;
  }
  MethodStatistics Statistics() const override {
    const at::NoGradGuard no_grad;
    MethodStatistics statistics =
        Measure(Master().view({shape_[0], -1}), Stored().index_select(0, codes_).view({shape_[0], -1}));
    if (options_.reassign > 0) {
      const auto blocks = static_cast<double>(codes_.numel());
      statistics.details["moves"] = static_cast<double>(moves_[0].item<int64_t>()) / blocks;
      statistics.details["last_moves"] = static_cast<double>(moves_[1].item<int64_t>()) / blocks;
    }
    return statistics;
  }

 private:
  bool Moves(const StepContext& context) const {
    return options_.reassign > 0 && context.progress < options_.reassign_until;
  }

  // Before the step whose number is due, from what the steps before it have made of weights and codebook.
  void MoveCodes(const StepContext& context) {
    if (context.iteration == 0 || context.iteration % options_.reassign != 0 || context.iteration == looked_at_) return;
    looked_at_ = context.iteration;
    const at::NoGradGuard no_grad;
    const at::Tensor latent = latent_.tensor.detach().to(at::kCPU).contiguous();
    const at::Tensor codebook = codebook_.tensor.detach().to(at::kCPU).contiguous();
    const at::Tensor codes = codes_.to(at::kCPU, at::kLong, /*non_blocking=*/false, /*copy=*/true);
    const auto numbers = [](const at::Tensor& tensor) {
      return Span<const float>(tensor.data_ptr<float>(), static_cast<size_t>(tensor.numel()));
    };
    const int64_t moved = quant::product::Reassign(numbers(latent), numbers(codebook),
                                                   static_cast<int>(codebook.size(1)), options_.reassign_share,
                                                   {codes.data_ptr<int64_t>(), static_cast<size_t>(codes.numel())});
    codes_.copy_(codes);
    moves_[0] += moved;
    moves_[1] = moved;
  }

  // The codebook as a file can hold it.
  ValueSet StoredValues() const {
    const at::Tensor host = codebook_.tensor.detach().to(at::kCPU).contiguous();
    std::vector<float> vectors(host.data_ptr<float>(), host.data_ptr<float>() + host.numel());
    return quant::product::MakeCodebook(std::move(vectors), static_cast<int>(host.size(1)), options_.rules.codebook);
  }
  at::Tensor Stored() const {
    return at::tensor(StoredValues().table).view(codebook_.tensor.sizes()).to(codebook_.tensor.device());
  }

  // 1, or 1 by the number of the codeword's blocks. The codes are those of a checkpoint once it is read.
  at::Tensor GradientWeights() const {
    const int64_t count = codebook_.tensor.size(0);
    if (options_.sum) return at::ones({count}, codebook_.tensor.options().requires_grad(false));
    return at::bincount(codes_, {}, count).clamp_min(1).to(at::kFloat).reciprocal();
  }

  Options options_;
  Shape shape_;
  TrainedParameter codebook_;
  std::string codes_name_, moves_name_;
  at::Tensor codes_;
  // Only if codes move: the float weights behind the blocks; int64 [2] on the CPU: how many blocks have moved in all and at the
  // last look; the step of that look.
  TrainedParameter latent_;
  at::Tensor moves_;
  int64_t looked_at_ = 0;
};

Result<Options> ReadOptions(const Config& config) {
  ConfigReader reader(config, "quantize.pq");
  Options options;
  options.sum = reader.String("gradient", "mean", {"mean", "sum"}) == "sum";
  options.iterations = static_cast<int>(reader.Int("iterations", options.iterations, 1, 1000000));
  options.reassign = reader.Int("reassign", 0, 0, 1000000000);
  options.reassign_share = reader.Float("reassign_share", kReassignShare, kLeastShare, 1);
  options.reassign_until = reader.Float("reassign_until", kReassignUntil, 0, 1);
  options.reassign_rate = reader.Float("reassign_rate", options.reassign_rate, 0, 1e6);
  LOWBIT_RETURN_IF_ERROR(quant::product::ReadRules(&reader, &options.rules));
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  return options;
}

}  // namespace

Result<Method> Create(const Config& options) {
  LOWBIT_TRY(const Options read, ReadOptions(options));
  Method method;
  method.make = [read](const LayerWeight& weight) { return std::make_unique<PqWeight>(weight, read); };
  return method;
}

}  // namespace lowbit::train::methods::pq
