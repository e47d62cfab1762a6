#ifndef LOWBIT_COMPRESS_ROUNDING_PATCH_MOMENTS_H_
#define LOWBIT_COMPRESS_ROUNDING_PATCH_MOMENTS_H_

#include <cstdint>
#include <vector>

#include "lowbit/base/span.h"
#include "lowbit/base/thread_pool.h"
#include "lowbit/core/graph.h"
#include "lowbit/quant/product/matrix.h"

namespace lowbit::compress {

// Second moments of what the rows of a layer's weight are multiplied with: the layer's input patches x, one for each output
// position and image, padding as zeros, [channels of the group, kernel height, kernel width] as a weight's row is. Where the same
// layer of another network is watched beside it, t are its patches at the same positions.
//
// Of large outputs some positions stand for all: `positions` over all images, as many of each image, each drawn at random out of
// a part of the output of its own (equal runs in row-major order). Which ones depends on the number of the image alone.
class PatchMoments {
 public:
  // `images`: that Add will see in all. REQUIRES: ReadsPatches(node), the graph is valid
  PatchMoments(const Node& node, const Shape& weight, int64_t images, int64_t positions, ThreadPool* pool);

  // Inputs [N, C, H, W] or [N, C]. `targets`: the other network's, or empty in every call: then t = x.
  // Cost: columns * (columns + 1) / 2 multiplications for each position that is looked at; with targets columns^2 more.
  void Add(Span<const float> inputs, Span<const float> targets, const Shape& shape);

  // For each group the sum of x x^T, and of (t - x) x^T, whose rows are those of t - x; the second empty without targets.
  // REQUIRES: no Add follows
  const std::vector<quant::product::Matrix>& Inputs();
  const std::vector<quant::product::Matrix>& Shifts();

  // Some of the patches, kept_count() of them, evenly spread: of group g, patch p, the columns. x, and t (or x, without targets).
  const float* KeptInputs(int64_t group, int64_t patch) const { return kept_inputs_.data() + KeptAt(group, patch); }
  const float* KeptTargets(int64_t group, int64_t patch) const {
    return (kept_targets_.empty() ? kept_inputs_ : kept_targets_).data() + KeptAt(group, patch);
  }
  int64_t kept_count() const { return kept_; }
  int64_t groups() const { return groups_; }
  int64_t columns() const { return columns_; }
  int64_t seen() const { return seen_; }  // Positions.

 private:
  size_t KeptAt(int64_t group, int64_t patch) const {
    return static_cast<size_t>((patch * groups_ + group) * columns_);
  }
  void AddImage(const float* inputs, const float* targets, const Shape& shape);
  void Flush();

  Node node_;
  Shape weight_;  // [rows, channels of a group, height, width]
  int64_t images_, positions_, groups_, columns_;
  ThreadPool* pool_;
  int64_t image_ = 0, seen_ = 0, kept_ = 0;
  // Patches that wait to be added: [groups][kWaiting][columns], waiting_ of each group; of the targets t - x.
  int64_t waiting_ = 0;
  std::vector<double> patches_, differences_;
  std::vector<float> kept_inputs_, kept_targets_;  // [kept_][groups][columns]
  std::vector<quant::product::Matrix> inputs_, shifts_;
};

}  // namespace lowbit::compress

#endif  // LOWBIT_COMPRESS_ROUNDING_PATCH_MOMENTS_H_
