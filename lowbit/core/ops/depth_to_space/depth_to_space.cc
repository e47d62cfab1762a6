// DepthToSpace and SpaceToDepth: blocks of pixels are stored in channels, and back.

#include "lowbit/core/ops_common/elementwise.h"

namespace lowbit::ops::depth_to_space {
namespace {

constexpr int64_t kMaxBlock = 1 << 20;

Status CheckBlock(int64_t block, const Shape& input) {
  if (input.size() != 4) return Invalid("input must be [N, C, H, W]; it has shape " + ToString(input));
  if (block >= 1 && block <= kMaxBlock) return Ok();
  return Invalid("attribute 'blocksize' must be in 1.." + std::to_string(kMaxBlock));
}

// [N, C, H, W] to [N, C / b^2, H b, W b]
Result<std::vector<Shape>> InferToSpace(const Node& node, const std::vector<InputView>& inputs) {
  const Shape& in = inputs[0].shape;
  const int64_t block = IntAttribute(node, "blocksize", 0);
  LOWBIT_RETURN_IF_ERROR(CheckBlock(block, in));
  if (in[1] % (block * block) != 0) {
    return Invalid(std::to_string(in[1]) + " channels are no multiple of the " + std::to_string(block * block) +
                   " pixels of a block");
  }
  if (const std::string mode = StringAttribute(node, "mode", "DCR"); mode != "DCR" && mode != "CRD") {
    return Invalid("attribute 'mode' must be DCR or CRD; it is " + mode);
  }
  return std::vector<Shape>{{in[0], in[1] / (block * block), in[2] * block, in[3] * block}};
}

// y[n, c, h b + i, w b + j] = x[n, channel(c, i, j), h, w], where the block's pixels are the outer part of the channel
// (mode DCR) or the inner part (CRD).
std::vector<DoubleTensor> EvaluateToSpace(const Node& node, const std::vector<const DoubleTensor*>& inputs) {
  const DoubleTensor& x = *inputs[0];
  const int64_t block = IntAttribute(node, "blocksize", 0), area = block * block;
  const int64_t channels = x.shape[1] / area, height = x.shape[2], width = x.shape[3], plane = height * width;
  const bool inner = StringAttribute(node, "mode", "DCR") == "CRD";
  const int64_t channel_stride = inner ? area * plane : plane, pixel_stride = inner ? plane : channels * plane;
  const std::vector<int64_t> indices =
      GatherIndices({x.shape[0], channels, height, block, width, block},
                    {x.shape[1] * plane, channel_stride, width, block * pixel_stride, 1, pixel_stride});
  return {Gather(x, {x.shape[0], channels, height * block, width * block}, indices)};
}

// [N, C, H, W] to [N, C b^2, H / b, W / b]
Result<std::vector<Shape>> InferToDepth(const Node& node, const std::vector<InputView>& inputs) {
  const Shape& in = inputs[0].shape;
  const int64_t block = IntAttribute(node, "blocksize", 0);
  LOWBIT_RETURN_IF_ERROR(CheckBlock(block, in));
  if (in[2] % block != 0 || in[3] % block != 0) {
    return Invalid("an image of " + std::to_string(in[2]) + " x " + std::to_string(in[3]) +
                   " pixels is no multiple of blocks of " + std::to_string(block));
  }
  return std::vector<Shape>{{in[0], in[1] * block * block, in[2] / block, in[3] / block}};
}

// y[n, (i b + j) C + c, h, w] = x[n, c, h b + i, w b + j]
std::vector<DoubleTensor> EvaluateToDepth(const Node& node, const std::vector<const DoubleTensor*>& inputs) {
  const DoubleTensor& x = *inputs[0];
  const int64_t block = IntAttribute(node, "blocksize", 0);
  const int64_t channels = x.shape[1], height = x.shape[2] / block, width = x.shape[3] / block;
  const int64_t row = x.shape[3], plane = x.shape[2] * row;
  const std::vector<int64_t> indices = GatherIndices({x.shape[0], block, block, channels, height, width},
                                                     {channels * plane, row, 1, plane, block * row, block});
  return {Gather(x, {x.shape[0], channels * block * block, height, width}, indices)};
}

}  // namespace

std::vector<Operator> Define() {
  return {{.name = "DepthToSpace",
           .attributes = {{"blocksize", AttributeType::kInt, true}, {"mode", AttributeType::kString}},
           .infer = InferToSpace,
           .evaluate = EvaluateToSpace},
          {.name = "SpaceToDepth",
           .attributes = {{"blocksize", AttributeType::kInt, true}},
           .infer = InferToDepth,
           .evaluate = EvaluateToDepth}};
}

}  // namespace lowbit::ops::depth_to_space
