#include "lowbit/core/channel_affine.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace lowbit {
namespace {

bool FitsFloat(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(),
                     [](double v) { return std::abs(v) <= std::numeric_limits<float>::max(); });
}

// factor * y + offset, channel by channel.
bool Append(const std::vector<double>& factor, const std::vector<double>& offset, ChannelAffine* affine) {
  ChannelAffine next = *affine;
  for (size_t c = 0; c < factor.size(); ++c) {
    next.scale[c] *= factor[c];
    next.shift[c] = next.shift[c] * factor[c] + offset[c];
  }
  if (!FitsFloat(next.scale) || !FitsFloat(next.shift)) return false;
  *affine = std::move(next);
  return true;
}

bool AppendBatchNorm(const Node& node, const FindConstant& find, ChannelAffine* affine) {
  const FloatTensor* parts[4];  // Scale, shift, mean, variance.
  for (size_t i = 0; i < 4; ++i) {
    parts[i] = find(node.inputs[i + 1]);
    if (parts[i] == nullptr) return false;
  }
  const double epsilon = FloatAttribute(node, "epsilon", 1e-5);
  std::vector<double> factor(affine->scale.size()), offset(factor.size());
  for (size_t c = 0; c < factor.size(); ++c) {
    factor[c] = parts[0]->data[c] / std::sqrt(parts[3]->data[c] + epsilon);
    offset[c] = parts[1]->data[c] - parts[2]->data[c] * factor[c];
  }
  return Append(factor, offset, affine);
}

// Of y op constant, or constant op y.
bool FactorAndOffset(const std::string& op, bool value_first, double constant, double* factor, double* offset) {
  *factor = 1;
  *offset = 0;
  if (op == "Add") *offset = constant;
  if (op == "Sub") *factor = value_first ? 1 : -1, *offset = value_first ? -constant : constant;
  if (op == "Mul") *factor = constant;
  if (op == "Div") *factor = 1 / constant;
  return op != "Div" || (value_first && constant != 0);
}

bool AppendArithmetic(const Node& node, const std::string& value, const Shape& shape, const FindConstant& find,
                      ChannelAffine* affine) {
  if (node.inputs.size() != 2 || node.inputs[0] == node.inputs[1]) return false;
  const bool value_first = node.inputs[0] == value;
  std::vector<double> constant;
  if (!ChannelConstant(find(node.inputs[value_first ? 1 : 0]), shape, &constant)) return false;
  std::vector<double> factor(constant.size()), offset(constant.size());
  for (size_t c = 0; c < constant.size(); ++c) {
    if (!FactorAndOffset(node.op, value_first, constant[c], &factor[c], &offset[c])) return false;
  }
  return Append(factor, offset, affine);
}

}  // namespace

ChannelAffine ChannelAffine::Identity(int64_t channels) {
  const auto count = static_cast<size_t>(channels);
  return {std::vector<double>(count, 1.0), std::vector<double>(count, 0.0)};
}

bool ChannelConstant(const FloatTensor* constant, const Shape& shape, std::vector<double>* channels) {
  if (constant == nullptr || constant->shape.size() > shape.size()) return false;
  const size_t missing = shape.size() - constant->shape.size();
  for (size_t i = 0; i < constant->shape.size(); ++i) {
    const bool channel_axis = i + missing == 1;
    if (constant->shape[i] != 1 && !(channel_axis && constant->shape[i] == shape[1])) return false;
  }
  if (constant->data.size() == 1) {
    channels->assign(static_cast<size_t>(shape[1]), constant->data[0]);
  } else {
    channels->assign(constant->data.begin(), constant->data.end());
  }
  return true;
}

bool AppendAffine(const Node& node, const std::string& value, const Shape& shape, const FindConstant& find,
                  ChannelAffine* affine) {
  if (node.op == "BatchNormalization") return node.inputs[0] == value && AppendBatchNorm(node, find, affine);
  const bool arithmetic = node.op == "Add" || node.op == "Sub" || node.op == "Mul" || node.op == "Div";
  return arithmetic && AppendArithmetic(node, value, shape, find, affine);
}

}  // namespace lowbit
