#ifndef LOWBIT_QUANT_METHODS_SRQ_SRQ_H_
#define LOWBIT_QUANT_METHODS_SRQ_SRQ_H_

#include "lowbit/quant/methods/srq/bit_groups.h"
#include "lowbit/quant/methods/srq/logistic_grid.h"
#include "lowbit/quant/quantizer.h"

namespace lowbit::quant::methods::srq {

// The switches of spec.md.
struct Options {
  enum class Variant { kSrq, kRq, kRqSt };
  enum class Estimator { kArgmaxOnly, kFullVector };
  enum class Endpoint { kInclusive, kExclusive };
  enum class StepStart { kMse, kMax };
  enum class PenaltyBy { kLayer, kWeights };
  int bits = 4;  // 2..8
  Variant variant = Variant::kSrq;
  Estimator estimator = Estimator::kArgmaxOnly;
  Endpoint endpoint = Endpoint::kInclusive;
  bool normalized = true;
  double relaxation = 1;  // RQ, RQ-ST: temperature of the concrete distribution.
  StepStart step_start = StepStart::kMse;
  double noise_start = 1. / 3;  // Of the step.
  double scale_rate = 1;        // Learning rate of step and noise, as a multiple of the weight's.
  // DropBits.
  bool dropbits = false;
  Layout layout = Layout::kBits;
  bool nested = true;
  double keep = 0.9;     // At the start.
  double mask_rate = 1;  // Learning rate of the masks' logits, as a multiple of the weight's.
  // Learned bit widths: DropBits with a price for each group.
  double bit_price = 0;
  PenaltyBy price_by = PenaltyBy::kLayer;
  double price_warmup = 0.2;  // Share of the run over which the price rises from 0.
  int64_t patience = 5;       // Epochs after which a group that stayed dropped is dropped for good.

  LogisticGrid Grid() const { return SignedGrid(bits, endpoint == Endpoint::kExclusive); }
};

// The keys of spec.md. For the trained side too.
Result<Options> ReadOptions(const Config& config);

// The step that the training starts from. kMax: max |w| / 2^(bits - 1). kMse: of max |w| / high * k / 100, k = 1 .. 100,
// that with the least squared error, the smallest of equals; then the best one for the codes that it gives,
// sum w n / sum n^2. 1 where all weights are 0 (or below 1e-30).
double StartStep(Span<const float> weights, const Options& options);

// The nearest point of the grid with StartStep: what SRQ is before its first step.
class Srq : public Quantizer {
 public:
  explicit Srq(const Options& options) : options_(options) {}
  QTensor Quantize(Span<const float> weights, const Shape& shape) const override;

 private:
  Options options_;
};

Result<std::unique_ptr<Quantizer>> Create(const Config& options);

}  // namespace lowbit::quant::methods::srq

#endif  // LOWBIT_QUANT_METHODS_SRQ_SRQ_H_
