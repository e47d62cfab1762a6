// Conv and Gemm of bytes with integer weights that are known at load.

#include <algorithm>
#include <utility>

#include "hwy/targets.h"
#include "lowbit/runtime/byte_step.h"
#include "lowbit/runtime/kernels/conv_u8/kernel.h"
#include "lowbit/runtime/product.h"

namespace lowbit::runtime::kernels::conv_u8 {
namespace {

// Multiplications that one task should hold at least, so that handing it out costs nothing beside it.
constexpr int64_t kTaskMacs = 1000000;
// Staged rows should stay in a second-level cache.
constexpr int64_t kStagedBytes = 1 << 17;

class ByteConvStep : public ByteStep {
 public:
  ByteConvStep(const Product& product, const ByteFormat& input, const Fusion& fusion, const Lowering& lowering)
      : ByteStep(fusion, lowering),
        kernel_(ChooseByteConvKernel()),
        conv_(product.shape, product.groups, input.offset, kernel_.lanes),
        images_(product.images) {
    target = hwy::TargetName(kernel_.target);
    conv_.finish = finish();
    // In place, a row is all pixels of all images, cut as one likes.
    most_units_ = conv_.in_place ? kPixelsOfATask : MostRows();
    scratch_floats = conv_.ScratchFloats(most_units_);
  }

  const std::string& WeightValues() const { return conv_.weights[0].values; }

  void Run(const RunContext& context) const override {
    const int64_t images = images_ * context.batch, panels = conv_.weights[0].Panels();
    const int64_t units_of_image =
        conv_.in_place ? images * conv_.shape.out_width * conv_.shape.out_height : conv_.shape.out_height;
    const int64_t parts = conv_.in_place ? 1 : images;
    const Split split = Cut(units_of_image, parts, panels, context.pool->threads());
    const int64_t pieces = (units_of_image + split.units - 1) / split.units;
    const int64_t blocks = (panels + split.panels - 1) / split.panels;
    context.pool->ParallelFor(parts * pieces * blocks, [&](int64_t i, int thread) {
      const int64_t block = i % blocks, piece = i / blocks % pieces, part = i / blocks / pieces;
      ByteConvTask task;
      task.input = context.Bytes(inputs[0]);
      task.output = Output(context);
      task.first = part * units_of_image + piece * split.units;
      task.count = std::min(split.units, units_of_image - piece * split.units);
      task.first_panel = block * split.panels;
      task.panels = std::min(split.panels, panels - task.first_panel);
      task.scratch = context.Scratch(thread);
      kernel_.run(conv_, task);
    });
  }

 private:
  static constexpr int64_t kPixelsOfATask = 12 * 16;

  struct Split {
    int64_t units, panels;  // Of a task: rows (in place: pixels), and panels.
  };

  int64_t MostRows() const {
    int64_t rows = 1;
    const int64_t row_bytes = conv_.staged_width * conv_.channels;
    while (rows < conv_.shape.out_height && conv_.StagedRows(rows + 1) * row_bytes <= kStagedBytes) ++rows;
    return rows;
  }

  // Tasks large enough, and, where the layer is, several for each thread: by units first, which share weights in the
  // cache, then by panels.
  Split Cut(int64_t units, int64_t parts, int64_t panels, int64_t threads) const {
    if (threads == 1) return {std::min(most_units_, units), panels};
    const int64_t unit_macs =
        (conv_.in_place ? 1 : conv_.shape.out_width) * conv_.weights[0].quads * 4 * conv_.shape.out_channels;
    const int64_t least = std::max<int64_t>(1, kTaskMacs / std::max<int64_t>(1, unit_macs));
    const int64_t wanted = std::max<int64_t>(1, (3 * threads + parts - 1) / parts);
    const int64_t even = (units + wanted - 1) / wanted;
    Split split = {std::clamp<int64_t>(std::max(least, even), 1, std::min(most_units_, units)), panels};
    const int64_t tasks = (units + split.units - 1) / split.units * parts;
    if (tasks < 2 * threads) split.panels = std::max<int64_t>(1, panels * tasks / (2 * threads));
    return split;
  }

  const ByteConvKernel& kernel_;
  ByteConv conv_;
  int64_t images_;
  int64_t most_units_ = 1;
};

}  // namespace

std::unique_ptr<Step> Lower(size_t index, Lowering* lowering) {
  const Node& node = lowering->graph().nodes[index];
  Product product;
  if (!ReadProduct(node, *lowering, &product) || product.depthwise) return nullptr;
  if (!WhyNotBytes(node, *lowering, product).empty()) return nullptr;
  if (node.op == "Gemm") {  // The rows of the matrix are pixels of one image, not images.
    product.shape.in_width = product.shape.out_width = product.images;
    product.images = 1;
  }
  Fusion fusion = lowering->FuseProduct(index, product.bias, true);
  lowering->AbsorbQuantizer(&fusion);
  auto step = std::make_unique<ByteConvStep>(product, *lowering->BytesOf(node.inputs[0]), fusion, *lowering);
  step->kernel = std::string(node.op == "Conv" ? "conv" : "gemm") + "_u8_" + step->WeightValues();
  return step;
}

}  // namespace lowbit::runtime::kernels::conv_u8
