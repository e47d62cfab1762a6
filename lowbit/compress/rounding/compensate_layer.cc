#include "lowbit/compress/rounding/compensate_layer.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "lowbit/compress/inputs/layer_inputs.h"
#include "lowbit/compress/rounding/compensated.h"
#include "lowbit/compress/rounding/patch_moments.h"

namespace lowbit::compress {
namespace {

using quant::product::Matrix;

// Steps that are tried beside the one with the least error of the weights themselves: so many on both sides, so far apart.
constexpr int kSizes = 6;
constexpr double kSizeStep = 1.05;

// Whether some weight that the value depends on is rounded by now.
bool Differs(const RoundingInputs& inputs, const std::string& value) {
  if (value == inputs.now->inputs[0].name) return false;
  const Graph cut = CutAt(*inputs.now, value);
  return std::any_of(cut.parameters.begin(), cut.parameters.end(), [&](const auto& parameter) {
    return parameter.second.value.index() != inputs.before->parameters.at(parameter.first).value.index();
  });
}

Status Watch(const RoundingInputs& inputs, const std::string& value, PatchMoments* moments) {
  if (!Differs(inputs, value)) {
    return WatchOnImages(*inputs.now, value, *inputs.images, inputs.samples, inputs.pool->threads(),
                         [&](Span<const float> values, const Shape& shape) {
                           moments->Add(values, {}, shape);
                           return Ok();
                         });
  }
  return WatchBothOnImages(*inputs.now, *inputs.before, value, *inputs.images, inputs.samples, inputs.pool->threads(),
                           [&](Span<const float> now, Span<const float> before, const Shape& shape) {
                             moments->Add(now, before, shape);
                             return Ok();
                           });
}

void AddUp(const std::vector<Matrix>& more, std::vector<Matrix>* sums) {
  if (sums->empty()) {
    *sums = more;
    return;
  }
  for (size_t g = 0; g < more.size(); ++g) {
    for (size_t i = 0; i < more[g].values.size(); ++i) (*sums)[g].values[i] += more[g].values[i];
  }
}

// Squares of a row's outputs over the kept patches.
struct RowErrors {
  double power = 0, compensated = 0, nearest = 0;
};

double Product(const float* a, const float* b, int64_t count) {
  double sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

RowErrors MeasureRow(const PatchMoments& moments, int64_t group, const float* row, const float* compensated,
                     const float* nearest) {
  RowErrors errors;
  for (int64_t p = 0; p < moments.kept_count(); ++p) {
    const float* x = moments.KeptInputs(group, p);
    const double wanted = Product(row, moments.KeptTargets(group, p), moments.columns());
    errors.power += wanted * wanted;
    errors.compensated += std::pow(wanted - Product(compensated, x, moments.columns()), 2);
    errors.nearest += std::pow(wanted - Product(nearest, x, moments.columns()), 2);
  }
  return errors;
}

double Relative(double error, double power) { return power > 0 ? std::sqrt(error / power) : 0; }

// Rounds the rows of one weight.
class RowRounder {
 public:
  RowRounder(const FloatTensor& weights, int bits, WeightRange range, const std::vector<Matrix>& inputs,
             const std::vector<Matrix>& shifts, ThreadPool* pool)
      : weights_(weights), bits_(bits), range_(range), shifts_(shifts), pool_(pool), groups_(inputs.size()) {
    pool->ParallelFor(static_cast<int64_t>(inputs.size()), [&](int64_t g, int) {
      const auto group = static_cast<size_t>(g);
      groups_[group] = std::make_unique<CompensatedRounding>(inputs[group], kRoundingDampening);
    });
  }

  CompensatedLayer Round(const PatchMoments& moments) {
    const int64_t rows = weights_.shape[0];
    CompensatedLayer layer;
    layer.weight = {weights_.shape, ValueSet::Affine(bits_, 1 << (bits_ - 1)), {}, {}};
    layer.weight.codes.resize(weights_.data.size());
    layer.weight.scales.resize(static_cast<size_t>(rows));
    std::vector<RowErrors> errors(static_cast<size_t>(rows));
    pool_->ParallelFor(rows, [&](int64_t r, int) { errors[static_cast<size_t>(r)] = RoundRow(r, moments, &layer); });
    RowErrors sum;
    for (const RowErrors& row : errors) {
      sum.power += row.power, sum.compensated += row.compensated, sum.nearest += row.nearest;
    }
    layer.output_error = Relative(sum.compensated, sum.power);
    layer.nearest_error = Relative(sum.nearest, sum.power);
    return layer;
  }

 private:
  RowErrors RoundRow(int64_t r, const PatchMoments& moments, CompensatedLayer* layer) const {
    const auto columns = static_cast<size_t>(moments.columns());
    const int64_t group = r / (weights_.shape[0] / static_cast<int64_t>(groups_.size()));
    const Span<const float> row(weights_.data.data() + r * moments.columns(), columns);
    RowGrid grid;
    const std::vector<int> integers = Fit(row, static_cast<size_t>(group), &grid);
    const RowGrid plain = ChooseRowGrid(row, bits_, range_);
    std::vector<float> compensated(columns), nearest(columns);
    uint8_t* codes = layer->weight.codes.data() + r * moments.columns();
    for (size_t i = 0; i < columns; ++i) {
      codes[i] = static_cast<uint8_t>(layer->weight.values.zero_point + integers[i]);
      compensated[i] = grid.scale * static_cast<float>(integers[i]);
      nearest[i] = plain.scale * static_cast<float>(plain.Nearest(static_cast<double>(row[i])));
    }
    layer->weight.scales[static_cast<size_t>(r)] = grid.scale;
    return MeasureRow(moments, group, row.data(), compensated.data(), nearest.data());
  }

  std::vector<int> Fit(Span<const float> row, size_t group, RowGrid* grid) const {
    const CompensatedRounding& rounding = *groups_[group];
    std::vector<double> wanted(row.begin(), row.end());
    if (!shifts_.empty()) wanted = rounding.Toward(row, shifts_[group]);
    const std::vector<float> singles(wanted.begin(), wanted.end());
    *grid = ChooseRowGrid(singles, bits_, range_);
    RoundedRow best = rounding.Round(wanted, *grid);
    if (range_ == WeightRange::kMeanSquaredError) {
      const RowGrid first = *grid;
      for (int k = -kSizes; k <= kSizes; ++k) {
        RowGrid tried = first;
        tried.scale = static_cast<float>(static_cast<double>(first.scale) * std::pow(kSizeStep, k));
        if (k == 0 || !std::isnormal(tried.scale)) continue;
        RoundedRow rounded = rounding.Round(wanted, tried);
        if (rounded.error < best.error) best = std::move(rounded), *grid = tried;
      }
    }
    return best.integers;
  }

  const FloatTensor& weights_;
  int bits_;
  WeightRange range_;
  const std::vector<Matrix>& shifts_;
  ThreadPool* pool_;
  std::vector<std::unique_ptr<CompensatedRounding>> groups_;
};

}  // namespace

Result<CompensatedLayer> CompensateLayer(const RoundingInputs& inputs, const std::string& name,
                                         const std::vector<const Node*>& nodes, int bits, WeightRange range) {
  const FloatTensor& weights = std::get<FloatTensor>(inputs.now->parameters.at(name).value);
  std::unique_ptr<PatchMoments> first;
  std::vector<Matrix> sums, shifts;
  for (const Node* node : nodes) {
    auto moments =
        std::make_unique<PatchMoments>(*node, weights.shape, inputs.samples, kRoundingPositions, inputs.pool);
    LOWBIT_RETURN_IF_ERROR(Watch(inputs, node->inputs[0], moments.get()));
    AddUp(moments->Inputs(), &sums);
    if (!moments->Shifts().empty()) AddUp(moments->Shifts(), &shifts);
    if (first == nullptr) first = std::move(moments);
  }
  return RowRounder(weights, bits, range, sums, shifts, inputs.pool).Round(*first);
}

}  // namespace lowbit::compress
