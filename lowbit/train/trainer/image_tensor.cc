#include "lowbit/train/trainer/image_tensor.h"

#include <torch/types.h>

#include <vector>

namespace lowbit::train {
namespace {

std::vector<int64_t> BatchShape(int64_t count, const Shape& image) {
  std::vector<int64_t> shape = {count};
  shape.insert(shape.end(), image.begin(), image.end());
  return shape;
}

}  // namespace

at::Tensor ImageView(data::Batch* batch, const Shape& image) {
  return torch::from_blob(batch->images.data(), BatchShape(batch->count, image), torch::kFloat);
}

at::Tensor AnswerView(data::Batch* batch, const Shape& answer) {
  if (batch->targets.empty()) return LabelView(batch);
  return torch::from_blob(batch->targets.data(), BatchShape(batch->count, answer), torch::kFloat);
}

at::Tensor LabelView(data::Batch* batch) {
  return torch::from_blob(batch->labels.data(), {batch->count}, torch::kLong);
}

}  // namespace lowbit::train
