// The part of Lowering that knows which values are bytes.

#include <algorithm>

#include "lowbit/core/uniform_grid.h"
#include "lowbit/runtime/step.h"

namespace lowbit::runtime {
namespace {

bool IsOne(const FloatTensor* scale) { return scale != nullptr && scale->data.size() == 1 && scale->data[0] == 1; }

// The quantizer that Quant is, if its integers are bytes: scale 1, at most 256 of them, 0 among them.
std::optional<ByteQuantizer> ReadQuant(const Node& node, const Lowering& lowering) {
  const FloatTensor *scale = lowering.FloatConstant(node.inputs[1]), *zero = lowering.FloatConstant(node.inputs[2]),
                    *bits = lowering.FloatConstant(node.inputs[3]);
  if (!IsOne(scale) || zero == nullptr || bits == nullptr) return std::nullopt;
  const Result<UniformGrid> grid = MakeUniformGrid(node, 1, zero->data[0], bits->data[0]);
  if (!grid.ok()) return std::nullopt;
  const double low = grid.value().low - grid.value().zero_point, high = grid.value().high - grid.value().zero_point;
  if (high - low > 255 || low > 0 || high < 0) return std::nullopt;
  ByteQuantizer quantizer;
  quantizer.low = static_cast<float>(low);
  quantizer.high = static_cast<float>(high);
  quantizer.shift = quantizer.format.offset = static_cast<int32_t>(-low);
  quantizer.format.largest = static_cast<int32_t>(high - low);
  return quantizer;
}

// At most 16 levels that span at most 256 integers, 0 among these.
std::optional<ByteQuantizer> ReadLevels(const Node& node, const Lowering& lowering) {
  const FloatTensor *thresholds = lowering.FloatConstant(node.inputs[2]),
                    *levels = lowering.FloatConstant(node.inputs[3]);
  if (!IsOne(lowering.FloatConstant(node.inputs[1])) || thresholds == nullptr || levels == nullptr) return std::nullopt;
  ByteQuantizer quantizer;
  ByteLevels& table = quantizer.table;
  const float low = levels->data.front(), high = levels->data.back();
  if (levels->data.size() > ByteLevels::kMost || high - low > 255 || low > 0 || high < 0) return std::nullopt;
  table.count = static_cast<int>(levels->data.size());
  std::copy(thresholds->data.begin(), thresholds->data.end(), table.thresholds);
  std::copy(levels->data.begin(), levels->data.end(), table.levels);
  quantizer.low = low;
  quantizer.high = high;
  quantizer.shift = quantizer.format.offset = static_cast<int32_t>(-low);
  quantizer.format.largest = static_cast<int32_t>(high - low);
  return quantizer;
}

std::optional<ByteQuantizer> ReadBipolar(const Node& node, const Lowering& lowering) {
  if (!IsOne(lowering.FloatConstant(node.inputs[1]))) return std::nullopt;
  ByteQuantizer quantizer;
  quantizer.bipolar = true;
  quantizer.format = {1, 2, 2};
  return quantizer;
}

// Operators with kernels that take bytes and give bytes of the same integers.
bool KeepsBytes(const Node& node) {
  for (const char* op : {"MaxPool", "Dropout", "Flatten", "Identity", "Reshape"}) {
    if (node.op == op) return node.outputs.size() == 1;
  }
  return false;
}

}  // namespace

std::optional<ByteQuantizer> ReadByteQuantizer(const Node& node, const Lowering& lowering) {
  if (node.op == "Quant") return ReadQuant(node, lowering);
  if (node.op == "LevelQuant") return ReadLevels(node, lowering);
  return node.op == "BipolarQuant" ? ReadBipolar(node, lowering) : std::nullopt;
}

void Lowering::FindBytes() {
  for (const Node& node : graph_.nodes) {
    if (ShapeOf(node.outputs[0]).empty()) continue;
    if (const auto quantizer = ReadByteQuantizer(node, *this)) {
      bytes_[node.outputs[0]] = quantizer->format;
    } else if (KeepsBytes(node)) {
      if (const ByteFormat* format = BytesOf(node.inputs[0])) bytes_[node.outputs[0]] = *format;
    }
  }
}

const ByteFormat* Lowering::BytesOf(const std::string& value) const {
  const auto found = bytes_.find(value);
  return found == bytes_.end() ? nullptr : &found->second;
}

// Directly, or behind a Mul with one number.
void Lowering::AbsorbQuantizer(Fusion* fusion) const {
  std::vector<size_t> nodes = {OnlyReader(fusion->output)};
  if (nodes[0] == done_.size()) return;
  const Node& first = graph_.nodes[nodes[0]];
  float scale = 1;
  if (first.op == "Mul") {
    const FloatTensor* factor = FloatConstant(first.inputs[first.inputs[0] == fusion->output ? 1 : 0]);
    nodes.push_back(OnlyReader(first.outputs[0]));
    if (factor == nullptr || factor->data.size() != 1 || nodes[1] == done_.size()) return;
    if (ShapeOf(first.outputs[0]) != ShapeOf(fusion->output)) return;
    scale = factor->data[0];
  }
  const Node& last = graph_.nodes[nodes.back()];
  if (last.inputs[0] != (nodes.size() == 1 ? fusion->output : first.outputs[0])) return;
  fusion->quantizer = ReadByteQuantizer(last, *this);
  // Of one bit only the sign counts, which a factor may change.
  if (fusion->quantizer.has_value() && fusion->quantizer->bipolar && nodes.size() > 1) fusion->quantizer.reset();
  if (!fusion->quantizer.has_value()) return;
  fusion->quantizer->scale = scale;
  fusion->nodes.insert(fusion->nodes.end(), nodes.begin(), nodes.end());
  fusion->output = last.outputs[0];
}

const Node* Lowering::UnitOfBytes(const std::string& value) const {
  const auto producer = producers_.find(value);
  if (producer == producers_.end()) return nullptr;
  const Node& node = graph_.nodes[producer->second];
  if (node.op != "Mul" || BytesOf(node.inputs[0]) == nullptr) return nullptr;
  const FloatTensor* unit = FloatConstant(node.inputs[1]);
  return unit != nullptr && unit->data.size() == 1 ? &node : nullptr;
}

// Where the residual is bytes times a number for this one addition, the bytes are read instead.
bool Lowering::AbsorbByteResidual(Fusion* fusion) const {
  const Node* node = UnitOfBytes(fusion->residual);
  if (node == nullptr || OnlyReader(fusion->residual) == done_.size()) return false;
  const size_t index = producers_.at(fusion->residual);
  if (Done(index)) return false;
  fusion->nodes.insert(fusion->nodes.begin() + 1, index);
  fusion->residual_unit = FloatConstant(node->inputs[1])->data[0];
  fusion->residual = BytesName(node->inputs[0]);
  return true;
}

}  // namespace lowbit::runtime
