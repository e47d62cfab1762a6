#include "lowbit/runtime/byte_product_step.h"

#include <algorithm>

namespace lowbit::runtime {
namespace {

// Multiplications that one task should hold at least, so that handing it out costs nothing beside it.
constexpr int64_t kTaskMacs = 1000000;
// Staged rows should stay in a second-level cache.
constexpr int64_t kStagedBytes = 1 << 17;
constexpr int64_t kPixelsOfATask = 12 * 16;

}  // namespace

ByteProductStep::ByteProductStep(const ByteProduct& read, const Lowering& lowering)
    : ByteStep(read.fusion, lowering), shape_(read.product.shape), images_(read.product.images) {}

void ByteProductStep::SetGrain(const Grain& grain) { grain_ = grain; }

int64_t ByteProductStep::MostUnits() const {
  if (grain_.pixels) return kPixelsOfATask;
  int64_t rows = 1;
  while (rows < shape_.out_height && shape_.StagedRows(rows + 1) * grain_.staged_row_bytes <= kStagedBytes) ++rows;
  return rows;
}

// Tasks large enough, and, where the layer is, several for each thread: by units first, which share weights in the
// cache, then by panels.
ByteProductStep::Split ByteProductStep::Cut(int64_t units, int64_t parts, int64_t threads) const {
  const int64_t most = std::min(MostUnits(), units);
  if (threads == 1) return {most, grain_.panels};
  const int64_t pixel_macs = shape_.GroupInputs() * shape_.Taps() * shape_.out_channels;
  const int64_t unit_macs = (grain_.pixels ? 1 : shape_.out_width) * pixel_macs;
  const int64_t least = std::max<int64_t>(1, kTaskMacs / std::max<int64_t>(1, unit_macs));
  const int64_t wanted = std::max<int64_t>(1, (3 * threads + parts - 1) / parts);
  const int64_t even = (units + wanted - 1) / wanted;
  Split split = {std::clamp<int64_t>(std::max(least, even), 1, most), grain_.panels};
  const int64_t tasks = (units + split.units - 1) / split.units * parts;
  if (tasks < 2 * threads) split.panels = std::max<int64_t>(1, grain_.panels * tasks / (2 * threads));
  return split;
}

void ByteProductStep::Run(const RunContext& context) const {
  const int64_t images = images_ * context.batch, panels = grain_.panels;
  const int64_t units = grain_.pixels ? images * shape_.out_width * shape_.out_height : shape_.out_height;
  const int64_t parts = grain_.pixels ? 1 : images;
  const Split split = Cut(units, parts, context.pool->threads());
  const int64_t pieces = (units + split.units - 1) / split.units;
  const int64_t blocks = (panels + split.panels - 1) / split.panels;
  context.pool->ParallelFor(parts * pieces * blocks, [&](int64_t i, int thread) {
    const int64_t block = i % blocks, piece = i / blocks % pieces, part = i / blocks / pieces;
    ByteTask task;
    task.input = context.Bytes(inputs[0]);
    task.output = Output(context);
    task.first = part * units + piece * split.units;
    task.count = std::min(split.units, units - piece * split.units);
    task.first_panel = block * split.panels;
    task.panels = std::min(split.panels, panels - task.first_panel);
    task.scratch = context.Scratch(thread);
    RunTask(task);
  });
}

}  // namespace lowbit::runtime
