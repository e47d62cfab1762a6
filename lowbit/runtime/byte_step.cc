#include "lowbit/runtime/byte_step.h"

namespace lowbit::runtime {

ByteStep::ByteStep(const Fusion& fusion, const Lowering& lowering) : finish_{fusion.Rounded(), fusion.quantizer} {
  nodes = fusion.nodes;
  const Node& product = lowering.graph().nodes[nodes[0]];
  reads = {Lowering::BytesName(product.inputs[0])};
  writes = {Lowering::StoredName(fusion)};
  if (fusion.residual.empty()) return;
  reads.push_back(fusion.residual);
  const std::string value = Lowering::ValueOf(fusion.residual);
  residual_bytes_ = value != fusion.residual;
  residual_.unit = fusion.residual_unit;
  if (residual_bytes_) residual_.offset = lowering.BytesOf(value)->offset;
}

ByteOutput ByteStep::Output(const RunContext& context) const {
  ByteOutput output = {residual_, context.Value(outputs[0]), context.Bytes(outputs[0])};
  if (inputs.size() > 1 && residual_bytes_) output.residual.bytes = context.Bytes(inputs[1]);
  if (inputs.size() > 1 && !residual_bytes_) output.residual.floats = context.Value(inputs[1]);
  return output;
}

}  // namespace lowbit::runtime
