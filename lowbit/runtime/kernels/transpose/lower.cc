// Transpose, of any size: nested loops over what is left of the dimensions once those that stay together are one. Where
// neighbours of the result are none in the source, square tiles keep both in the cache.

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "lowbit/core/operator.h"
#include "lowbit/runtime/kernel_name.h"
#include "lowbit/runtime/step.h"
#include "lowbit/runtime/storage_strides.h"

namespace lowbit::runtime::kernels::transpose {
namespace {

constexpr int64_t kTaskFloats = 1 << 14;
// A tile's rows are a cache line of the source, its columns one of the result.
constexpr int64_t kTile = 16;

// One dimension, and how far its neighbours are from each other in the source and in the result.
struct Dimension {
  int64_t extent = 1, from = 0, to = 0;
};

struct Loops {
  std::vector<Dimension> outer;  // Outermost first.
  Dimension rows, columns;       // columns.to = 1
};

// The dimensions of the result as it is stored, outermost first, without those of extent 1; neighbours that the source
// has in the same order are one.
std::vector<Dimension> Merged(const Shape& shape, const std::vector<int64_t>& from, const std::vector<int64_t>& to) {
  std::vector<Dimension> merged;
  for (const size_t axis : StorageOrder(shape.size())) {
    const Dimension next = {shape[axis], from[axis], to[axis]};
    if (next.extent == 1) continue;
    if (!merged.empty() && merged.back().from == next.from * next.extent) {
      merged.back() = {merged.back().extent * next.extent, next.from, next.to};
    } else {
      merged.push_back(next);
    }
  }
  return merged;
}

Loops PlanLoops(const Shape& input, const Shape& output, const std::vector<int64_t>& order) {
  const std::vector<int64_t> stored = StorageStrides(input);
  std::vector<int64_t> from;
  for (const int64_t axis : order) from.push_back(stored[static_cast<size_t>(axis)]);
  Loops loops;
  loops.outer = Merged(output, from, StorageStrides(output));
  if (loops.outer.empty()) loops.outer.push_back({1, 1, 1});
  loops.columns = loops.outer.back();
  loops.outer.pop_back();
  if (loops.outer.empty()) return loops;
  // The rows of a tile are neighbours in the source, if its columns are not.
  auto rows = loops.outer.end() - 1;
  if (loops.columns.from != 1) {
    rows = std::find_if(loops.outer.begin(), loops.outer.end(), [](const Dimension& d) { return d.from == 1; });
  }
  loops.rows = *rows;
  loops.outer.erase(rows);
  return loops;
}

class TransposeStep : public Step {
 public:
  TransposeStep(Loops loops, int64_t floats) : loops_(std::move(loops)), floats_(floats) {
    kernel = KernelName("Transpose", "f32");
    const int64_t fitting = std::max<int64_t>(1, kTaskFloats / loops_.columns.extent);
    task_rows_ = std::min(loops_.rows.extent, (fitting + kTile - 1) / kTile * kTile);
    tasks_ = (loops_.rows.extent + task_rows_ - 1) / task_rows_;
    for (const Dimension& dimension : loops_.outer) tasks_ *= dimension.extent;
  }

  void Run(const RunContext& context) const override {
    context.pool->ParallelFor(tasks_ * context.batch, [&](int64_t i, int) {
      const int64_t image = i / tasks_ * floats_;
      RunTask(i % tasks_, context.Value(inputs[0]) + image, context.Value(outputs[0]) + image);
    });
  }

 private:
  void RunTask(int64_t task, const float* from, float* to) const {
    const int64_t pieces = (loops_.rows.extent + task_rows_ - 1) / task_rows_;
    const int64_t first = task % pieces * task_rows_, end = std::min(first + task_rows_, loops_.rows.extent);
    int64_t place = task / pieces;
    for (auto dimension = loops_.outer.rbegin(); dimension != loops_.outer.rend(); ++dimension) {
      from += place % dimension->extent * dimension->from;
      to += place % dimension->extent * dimension->to;
      place /= dimension->extent;
    }
    loops_.columns.from == 1 ? CopyRows(first, end, from, to) : CopyTiles(first, end, from, to);
  }

  void CopyRows(int64_t first, int64_t end, const float* from, float* to) const {
    for (int64_t r = first; r < end; ++r) {
      std::copy_n(from + r * loops_.rows.from, loops_.columns.extent, to + r * loops_.rows.to);
    }
  }

  void CopyTiles(int64_t first, int64_t end, const float* from, float* to) const {
    const int64_t columns = loops_.columns.extent, step = loops_.columns.from;
    for (int64_t row = first; row < end; row += kTile) {
      const int64_t last_row = std::min(row + kTile, end);
      for (int64_t column = 0; column < columns; column += kTile) {
        const int64_t last_column = std::min(column + kTile, columns);
        for (int64_t r = row; r < last_row; ++r) {
          const float* x = from + r * loops_.rows.from;
          float* y = to + r * loops_.rows.to;
          for (int64_t c = column; c < last_column; ++c) y[c] = x[c * step];
        }
      }
    }
  }

  Loops loops_;
  int64_t floats_;  // Of the plan's shape.
  int64_t task_rows_ = 1, tasks_ = 1;
};

}  // namespace

std::unique_ptr<Step> Lower(size_t index, Lowering* lowering) {
  const Node& node = lowering->graph().nodes[index];
  if (node.op != "Transpose" || lowering->Constant(node.inputs[0]) != nullptr) return nullptr;
  const Shape &input = lowering->ShapeOf(node.inputs[0]), &output = lowering->ShapeOf(node.outputs[0]);
  std::vector<int64_t> backwards;
  for (size_t i = input.size(); i > 0; --i) backwards.push_back(static_cast<int64_t>(i) - 1);
  const std::vector<int64_t> order = IntsAttribute(node, "perm", backwards);
  auto step = std::make_unique<TransposeStep>(PlanLoops(input, output, order), Elements(output));
  step->reads = {node.inputs[0]};
  step->writes = {node.outputs[0]};
  step->nodes = {index};
  return step;
}

}  // namespace lowbit::runtime::kernels::transpose
