#ifndef LOWBIT_TRAIN_CUDA_RELAXED_KERNELS_H_
#define LOWBIT_TRAIN_CUDA_RELAXED_KERNELS_H_

// SRQ's estimator (train/methods/srq/semi_relaxed.cc, whose tensor operations are the specification): a thread takes a weight
// through the whole grid. Numbers of a weight are float, as there; sums over weights are double.

#include <cmath>

#include "lowbit/train/cuda/block.h"
#include "lowbit/train/cuda/relaxed_grid.h"

namespace lowbit::train::cuda {

// make() of the block's first thread, for all of them.
template <typename Block, typename Make>
LOWBIT_DEVICE double FromFirst(Block& block, const Make& make) {
  block.Sync();  // The result of an earlier call has been read.
  if (block.rank() == 0) block.scratch()[0] = make();
  block.Sync();
  return block.scratch()[0];
}

// The border between two points as one weight sees it: u = (border - x) / noise; below it lies the probability s(u).
struct Border {
  float u;
  float small;    // exp(-|u|)
  float inverse;  // 1 / (1 + small)

  LOWBIT_DEVICE explicit Border(float at) : u(at), small(std::exp(-std::fabs(at))), inverse(1 / (1 + small)) {}
  // s(u) and s(-u), and their logarithms.
  LOWBIT_DEVICE float Below() const { return u < 0 ? small * inverse : inverse; }
  LOWBIT_DEVICE float Above() const { return u < 0 ? inverse : small * inverse; }
  LOWBIT_DEVICE float LogBelow() const { return (u < 0 ? u : 0) - std::log1p(small); }
  LOWBIT_DEVICE float LogAbove() const { return (u > 0 ? -u : 0) - std::log1p(small); }
};

// The slopes of a logarithm by x, step and noise, each times noise.
struct Slopes {
  float x, step, noise;
};

// A point, or several in a row, between its borders.
struct Interval {
  float first, last;  // The outermost points.
  Border below, above;

  // Without the factor 1 - e^(-width), which all points share.
  LOWBIT_DEVICE Slopes LogSlopes() const {
    const float at_a = above.Above(), at_c = below.Below();
    return {at_c - at_a, at_a * (last + 0.5f) - at_c * (first - 0.5f), at_c * below.u - at_a * above.u};
  }
  // The probability is e^Exponent() * Rest(), but for that factor.
  LOWBIT_DEVICE float Exponent() const { return (above.u < 0 ? above.u : 0) + (below.u > 0 ? -below.u : 0); }
  LOWBIT_DEVICE float Rest() const { return above.inverse * below.inverse; }
};

// A layer's numbers, read from the device's memory.
struct RelaxedLayer {
  const RelaxedGrid& grid;
  const float* masks;
  bool masked;  // Not all are 1.
  float step, noise;

  LOWBIT_DEVICE RelaxedLayer(const RelaxedGrid& of, const float* step_at, const float* noise_at, const float* masks_at)
      : grid(of), masks(masks_at), masked(false), step(*step_at), noise(*noise_at) {
    for (int g = 0; g < grid.groups; ++g) masked = masked || masks[g] != 1;
  }
  LOWBIT_DEVICE Border At(float code, float x) const { return Border((code * step - x) / noise); }
  LOWBIT_DEVICE Interval Between(float first, float last, float x) const {
    return {first, last, At(first - 0.5f, x), At(last + 0.5f, x)};
  }
  LOWBIT_DEVICE int Group(int code) const { return masked ? grid.group_of[code - grid.low] : -1; }
  LOWBIT_DEVICE float Mask(int code) const {
    const int group = Group(code);
    return group < 0 ? 1 : masks[group];
  }
};

// The winners' codes, and step * code.
struct RelaxForward {
  RelaxedGrid grid;
  const float *step, *noise, *masks;  // [1], [1], [grid.groups]
  int64_t count;
  const float* x;
  float *codes, *values;

  int64_t Blocks() const { return BlocksFor(count); }
  template <typename Block>
  LOWBIT_DEVICE void operator()(Block& block) const {
    const RelaxedLayer layer(grid, step, noise, masks);
    ForEach(block, count, [this, &layer](int64_t i) {
      const float code = layer.masked ? Likeliest(layer, x[i]) : Nearest(layer, x[i]);
      codes[i] = code;
      values[i] = code * layer.step;
    });
  }

 private:
  // NaN stays NaN.
  LOWBIT_DEVICE static float Nearest(const RelaxedLayer& layer, float x) {
    const auto low = static_cast<float>(layer.grid.low), high = static_cast<float>(layer.grid.high);
    const float code = std::floor(x / layer.step + 0.5f);
    return code < low ? low : code > high ? high : code;
  }

  LOWBIT_DEVICE static float Likeliest(const RelaxedLayer& layer, float x) {
    float best = -INFINITY, chosen = 0;
    Border below = layer.At(static_cast<float>(layer.grid.low) - 0.5f, x);
    for (int code = layer.grid.low; code <= layer.grid.high; ++code) {
      const Border above = layer.At(static_cast<float>(code) + 0.5f, x);
      const float mask = layer.Mask(code);
      if (mask != 0) {
        const float score = above.LogBelow() + below.LogAbove() + (mask == 1 ? 0 : std::log(mask));
        if (score >= best) {  // Ties go up, as in rounding.
          best = score;
          chosen = static_cast<float>(code);
        }
      }
      below = above;
    }
    return chosen;
  }
};

// The gradients: dL/dx, and each block's part of dL/dstep, dL/dnoise and dL/dmask, which Total adds up.
struct RelaxBackward {
  RelaxedGrid grid;
  const float *step, *noise, *masks;
  int64_t count;
  const float *d, *x, *codes;
  float* dx;
  double* sums;  // [2 + grid.groups, Blocks()]

  int64_t Blocks() const { return BlocksFor(count); }
  template <typename Block>
  LOWBIT_DEVICE void operator()(Block& block) const {
    const RelaxedLayer layer(grid, step, noise, masks);
    Totals totals = {0, 0};
    if (!layer.masked && !grid.full_vector) {
      const Factor factor = FactorOf(block, layer);
      ForEach(block, count, [&](int64_t i) { WinnerOnly(layer, factor, i, &totals); });
    } else {
      OverGrid(block, layer, &totals);
    }
    if (!layer.masked) {
      for (int g = block.rank(); g < grid.groups; g += block.size()) *Part(block, 2 + g) = 0;
    }
    const double of_step = Sum(block, totals.step), of_noise = Sum(block, totals.noise);
    if (block.rank() != 0) return;
    *Part(block, 0) = of_step;
    *Part(block, 1) = of_noise;
  }

 private:
  struct Totals {
    double step, noise;
  };
  // Of the winner's probability, what all weights share: its logarithm and its slopes.
  struct Factor {
    float log, slope, width_slope;
  };
  // Sums over the grid of w = mask * raw / raw of the winner, times what the slopes need: codes and slopes less the winner's,
  // which changes no covariance and leaves small numbers.
  struct Moments {
    float mass, code;
    Slopes slopes, of_code;  // of_code: for full_vector only.
  };

  template <typename Block>
  LOWBIT_DEVICE double* Part(const Block& block, int which) const {
    return sums + which * block.count() + block.index();
  }

  LOWBIT_DEVICE static double LogMass(double width) { return std::log(-std::expm1(-width)); }

  template <typename Block>
  LOWBIT_DEVICE Factor FactorOf(Block& block, const RelaxedLayer& layer) const {
    const double width = static_cast<double>(layer.step) / layer.noise, points = grid.high - grid.low + 1;
    const double all = points * width;
    const bool normalized = grid.normalized;
    const double log = FromFirst(block, [=] { return normalized ? LogMass(width) - LogMass(all) : LogMass(width); });
    const double slope = FromFirst(block, [=] { return 1 / std::expm1(width); });
    const double all_slope = normalized ? FromFirst(block, [=] { return 1 / std::expm1(all); }) : 0;
    return {static_cast<float>(log), static_cast<float>(slope - points * all_slope),
            static_cast<float>(slope * width - (normalized ? all * all_slope : 0))};
  }

  // The winner's probability and its slopes in closed form; the whole grid is one interval.
  LOWBIT_DEVICE void WinnerOnly(const RelaxedLayer& layer, const Factor& factor, int64_t i, Totals* totals) const {
    const float code = codes[i], up = d[i] * code;
    const Interval winner = layer.Between(code, code, x[i]);
    Slopes slopes = winner.LogSlopes();
    float log_p = winner.above.LogBelow() + winner.below.LogAbove();
    if (grid.normalized) {
      const Interval all = layer.Between(static_cast<float>(grid.low), static_cast<float>(grid.high), x[i]);
      const Slopes of_all = all.LogSlopes();
      slopes = {slopes.x - of_all.x, slopes.step - of_all.step, slopes.noise - of_all.noise};
      // Like from like: far outside, where both are large, they are the same bits.
      log_p = (winner.above.LogBelow() - all.above.LogBelow()) + (winner.below.LogAbove() - all.below.LogAbove());
    }
    const float f = up * std::exp(log_p + factor.log) * (layer.step / layer.noise);
    dx[i] = f * slopes.x;
    totals->step += static_cast<double>(up) + static_cast<double>(f * (slopes.step + factor.slope));
    totals->noise += static_cast<double>(f * (slopes.noise - factor.width_slope));
  }

  // raw of a point / raw of the winner.
  LOWBIT_DEVICE static float Ratio(const Interval& point, const Interval& winner) {
    const float ratio = std::exp(point.Exponent() - winner.Exponent()) * (point.Rest() / winner.Rest());
    return ratio > kLargestRatio ? kLargestRatio : ratio;  // NaN stays NaN.
  }

  LOWBIT_DEVICE Moments SumOverGrid(const RelaxedLayer& layer, const Interval& winner, float at) const {
    Moments m = {};
    const Slopes of_winner = winner.LogSlopes();
    Border below = layer.At(static_cast<float>(grid.low) - 0.5f, at);
    for (int code = grid.low; code <= grid.high; ++code) {
      const auto n = static_cast<float>(code);
      const Interval point = {n, n, below, layer.At(n + 0.5f, at)};
      below = point.above;
      const float mask = layer.Mask(code);
      if (mask == 0) continue;
      const float w = Ratio(point, winner) * mask, away = n - winner.first;
      const Slopes slopes = point.LogSlopes();
      const Slopes weighted = {w * (slopes.x - of_winner.x), w * (slopes.step - of_winner.step),
                               w * (slopes.noise - of_winner.noise)};
      m.mass += w;
      m.code += w * away;
      Add(weighted, 1, &m.slopes);
      if (grid.full_vector) Add(weighted, away, &m.of_code);
    }
    return m;
  }
  LOWBIT_DEVICE static void Add(const Slopes& slopes, float factor, Slopes* sum) {
    sum->x += slopes.x * factor;
    sum->step += slopes.step * factor;
    sum->noise += slopes.noise * factor;
  }

  // All threads of a block stay together: with masks they add up each group's gradient.
  template <typename Block>
  LOWBIT_DEVICE void OverGrid(Block& block, const RelaxedLayer& layer, Totals* totals) const {
    const int64_t first = block.index() * block.size(), threads = block.count() * block.size();
    for (int64_t start = first; start < count; start += threads) {
      const int64_t i = start + block.rank();
      const bool mine = i < count;
      const int64_t at = mine ? i : count - 1;
      const Interval winner = layer.Between(codes[at], codes[at], x[at]);
      const Moments m = SumOverGrid(layer, winner, x[at]);
      if (mine) Finish(layer, winner, m, i, totals);
      for (int g = 0; layer.masked && g < grid.groups; ++g) {
        const float of_weight = mine ? OfMask(layer, winner, m, i, g) : 0;
        const double sum = Sum(block, static_cast<double>(of_weight)) * static_cast<double>(layer.step);
        if (block.rank() == 0) *Part(block, 2 + g) = (start == first ? 0 : *Part(block, 2 + g)) + sum;
      }
    }
  }

  // dL/dx, and this weight's parts of the other two. Surrogate argmax_only: step n* p*; d p* = p* (l'* - E l').
  // full_vector, the mean of the masked distribution: step E n; d E n = E n l' - E n E l'.
  LOWBIT_DEVICE void Finish(const RelaxedLayer& layer, const Interval& winner, const Moments& m, int64_t i,
                            Totals* totals) const {
    const float up = d[i] * winner.first, ratio = layer.step / layer.noise;
    Slopes of = {};
    if (grid.full_vector) {
      const float mean = m.code / m.mass, f = d[i] * ratio;
      of = {f * (m.of_code.x / m.mass - mean * m.slopes.x / m.mass),
            f * (m.of_code.step / m.mass - mean * m.slopes.step / m.mass),
            f * (m.of_code.noise / m.mass - mean * m.slopes.noise / m.mass)};
    } else {
      const float f = -(up * Share(layer, winner, m) * ratio) / m.mass;
      of = {f * m.slopes.x, f * m.slopes.step, f * m.slopes.noise};
    }
    dx[i] = of.x;
    // The forward pass's own point moves with the step.
    totals->step += static_cast<double>(up) + static_cast<double>(of.step);
    totals->noise += static_cast<double>(of.noise);
  }

  // The masked winner's probability.
  LOWBIT_DEVICE static float Share(const RelaxedLayer& layer, const Interval& winner, const Moments& m) {
    return layer.Mask(static_cast<int>(winner.first)) / m.mass;
  }

  // This weight's part of dL/dmask of group g, without the factor step.
  LOWBIT_DEVICE float OfMask(const RelaxedLayer& layer, const Interval& winner, const Moments& m, int64_t i,
                             int g) const {
    float mass = 0, moment = 0;  // sum raw, sum raw (n - n*)
    for (int code = grid.low; code <= grid.high; ++code) {
      if (layer.Group(code) != g) continue;
      const auto n = static_cast<float>(code);
      const float raw = Ratio(layer.Between(n, n, x[i]), winner);
      mass += raw;
      moment += raw * (n - winner.first);
    }
    if (grid.full_vector) return d[i] * ((moment - m.code / m.mass * mass) / m.mass);
    const float won = layer.Group(static_cast<int>(winner.first)) == g ? 1 : 0;
    return d[i] * winner.first * (won - Share(layer, winner, m) * mass) / m.mass;
  }
};

}  // namespace lowbit::train::cuda

#endif  // LOWBIT_TRAIN_CUDA_RELAXED_KERNELS_H_
