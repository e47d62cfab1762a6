#include "lowbit/quant/methods/srq/srq.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "lowbit/quant/choice.h"

namespace lowbit::quant::methods::srq {
namespace {

constexpr int kSteps = 100;

double SquaredError(Span<const float> weights, const LogisticGrid& grid) {
  double sum = 0;
  for (const float w : weights) {
    const double error = w - grid.step * grid.Code(w);
    sum += error * error;
  }
  return sum;
}

double BestForItsCodes(Span<const float> weights, const LogisticGrid& grid) {
  double products = 0, squares = 0;
  for (const float w : weights) {
    const double code = grid.Code(w);
    products += w * code;
    squares += code * code;
  }
  return squares > 0 ? products / squares : grid.step;
}

double LeastSquaresStep(Span<const float> weights, double largest, LogisticGrid grid) {
  double best = largest, least = std::numeric_limits<double>::infinity();
  for (int k = 1; k <= kSteps; ++k) {
    grid.step = largest * k / kSteps;
    const double error = SquaredError(weights, grid);
    if (error < least) least = error, best = grid.step;
  }
  grid.step = best;
  return BestForItsCodes(weights, grid);
}

double Largest(Span<const float> weights) {
  double largest = 0;
  for (const float w : weights) largest = std::max(largest, std::fabs(static_cast<double>(w)));
  return largest;
}

void ReadDropBits(ConfigReader* reader, Options* options) {
  options->dropbits = reader->Bool("dropbits", options->dropbits);
  options->layout = ReadEnum(reader, "layout", options->layout, {"bits", "magnitude"});
  options->nested = reader->Bool("nested", options->nested);
  options->keep = reader->Float("keep", options->keep, 0.01, 0.99);
  options->mask_rate = reader->Float("mask_rate", options->mask_rate, 0, 1e6);
  options->bit_price = reader->Float("bit_price", options->bit_price, 0, 1e6);
  options->price_by = ReadEnum(reader, "price_by", options->price_by, {"layer", "weights"});
  options->price_warmup = reader->Float("price_warmup", options->price_warmup, 0, 1);
  options->patience = reader->Int("patience", options->patience, 1, 1000000);
}

void RejectUnused(ConfigReader* reader, std::initializer_list<const char*> keys, const std::string& because) {
  for (const char* key : keys) {
    if (reader->Has(key)) reader->Reject(key, "left out: " + because);
  }
}

void CheckCombination(ConfigReader* reader, const Options& options) {
  const bool srq = options.variant == Options::Variant::kSrq;
  if (srq) {
    RejectUnused(reader, {"relaxation"}, "only the variants rq and rq_st use it");
  } else {
    RejectUnused(reader, {"estimator", "dropbits"}, "only the variant srq uses it");
  }
  if (!options.dropbits) {
    RejectUnused(reader, {"layout", "nested", "keep", "mask_rate", "bit_price"}, "'dropbits' is not true");
  }
  if (options.bit_price == 0) {
    RejectUnused(reader, {"price_by", "price_warmup", "patience"}, "'bit_price' is 0");
  } else if (options.layout != Layout::kBits) {
    reader->Reject("layout", "bits where 'bit_price' is not 0: widths are learned bit by bit");
  }
  const bool plain = srq && !options.dropbits && options.estimator == Options::Estimator::kArgmaxOnly;
  if (!options.normalized && !plain) {
    reader->Reject("normalized", "true but for the variant srq with 'estimator' = argmax_only and without 'dropbits'");
  }
  if (options.dropbits && MakeBitGroups(options.Grid(), options.layout).count == 0) {
    reader->Reject("dropbits", "false where no point can be dropped: 2 bits with 'endpoint' = exclusive");
  }
}

}  // namespace

Result<Options> ReadOptions(const Config& config) {
  ConfigReader reader(config, "quantize.srq");
  Options options;
  options.bits = static_cast<int>(reader.Int("bits", options.bits, 2, 8));
  options.variant = ReadEnum(&reader, "variant", options.variant, {"srq", "rq", "rq_st"});
  options.estimator = ReadEnum(&reader, "estimator", options.estimator, {"argmax_only", "full_vector"});
  options.endpoint = ReadEnum(&reader, "endpoint", options.endpoint, {"inclusive", "exclusive"});
  options.normalized = reader.Bool("normalized", options.normalized);
  options.relaxation = reader.Float("relaxation", options.relaxation, 1e-3, 1e3);
  options.step_start = ReadEnum(&reader, "step_start", options.step_start, {"mse", "max"});
  options.noise_start = reader.Float("noise_start", options.noise_start, 0.02, 3);
  options.scale_rate = reader.Float("scale_rate", options.scale_rate, 0, 1e6);
  ReadDropBits(&reader, &options);
  CheckCombination(&reader, options);
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  return options;
}

double StartStep(Span<const float> weights, const Options& options) {
  constexpr double kNothing = 1e-30;
  const double largest = Largest(weights);
  if (!(largest > kNothing)) return 1;
  const LogisticGrid grid = options.Grid();
  if (options.step_start == Options::StepStart::kMax) return largest / (1 << (options.bits - 1));
  return LeastSquaresStep(weights, largest / grid.high, grid);
}

QTensor Srq::Quantize(Span<const float> weights, const Shape& shape) const {
  LogisticGrid grid = options_.Grid();
  grid.step = static_cast<float>(StartStep(weights, options_));
  std::vector<int> points;
  for (int code = grid.low; code <= grid.high; ++code) points.push_back(code);
  QTensor result;
  result.shape = shape;
  result.values = NarrowestSet(points);
  const int offset = result.values.kind == ValueSet::Kind::kTernary ? 1 : result.values.zero_point;
  for (const float w : weights) result.codes.push_back(static_cast<uint8_t>(grid.Code(w) + offset));
  result.scales = {static_cast<float>(grid.step)};
  return result;
}

Result<std::unique_ptr<Quantizer>> Create(const Config& options) {
  LOWBIT_TRY(const Options read, ReadOptions(options));
  return std::unique_ptr<Quantizer>(std::make_unique<Srq>(read));
}

}  // namespace lowbit::quant::methods::srq
