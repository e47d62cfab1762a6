#include "lowbit/runtime/byte_product_step.h"

#include <algorithm>

namespace lowbit::runtime {
namespace {

// Staged rows should stay in a second-level cache.
constexpr int64_t kStagedBytes = 1 << 17;
constexpr int64_t kPixelsOfTile = 12, kPixelsOfATask = 16 * kPixelsOfTile;
// What copying a byte costs, in multiplications of bytes.
constexpr int64_t kStagedByte = 8;

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

LayerWork ByteProductStep::Work(int64_t images) const {
  LayerWork work;
  work.panels = grain_.panels;
  const int64_t pixel_macs = shape_.GroupInputs() * shape_.Taps() * shape_.out_channels;
  if (grain_.pixels) {
    work.units = images * shape_.out_width * shape_.out_height;
    work.step = kPixelsOfTile;
    work.unit = pixel_macs;
  } else {
    const int64_t row = grain_.staged_row_bytes * kStagedByte;
    work.parts = images;
    work.units = shape_.out_height;
    work.unit = pixel_macs * shape_.out_width;
    work.unit_again = row * shape_.stride_height;
    work.task_again = std::max<int64_t>(0, shape_.StagedRows(1) - shape_.stride_height) * row;
  }
  work.most_units = MostUnits();
  return work;
}

void ByteProductStep::Run(const RunContext& context) const {
  const LayerWork work = Work(images_ * context.batch);
  const TaskSize size = ChooseTaskSize(work, context.pool->threads());
  const int64_t pieces = (work.units + size.units - 1) / size.units;
  const int64_t blocks = (work.panels + size.panels - 1) / size.panels;
  context.pool->ParallelFor(work.parts * pieces * blocks, [&](int64_t i, int thread) {
    const int64_t block = i % blocks, piece = i / blocks % pieces, part = i / blocks / pieces;
    ByteTask task;
    task.input = context.Bytes(inputs[0]);
    task.output = Output(context);
    task.first = part * work.units + piece * size.units;
    task.count = std::min(size.units, work.units - piece * size.units);
    task.first_panel = block * size.panels;
    task.panels = std::min(size.panels, work.panels - task.first_panel);
    task.scratch = context.Scratch(thread);
    RunTask(task);
  });
}

}  // namespace lowbit::runtime
