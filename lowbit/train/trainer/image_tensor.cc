#include "lowbit/train/trainer/image_tensor.h"

#include <torch/torch.h>

#include <vector>

namespace lowbit::train {
namespace {

std::vector<int64_t> BatchShape(int64_t count, const Shape& image) {
  std::vector<int64_t> shape = {count};
  shape.insert(shape.end(), image.begin(), image.end());
  return shape;
}

}  // namespace

at::Tensor ImageTensor(const data::ImageSet& images, int64_t first, int64_t count) {
  uint8_t* pixels = const_cast<uint8_t*>(images.pixels.data()) + first * Elements(images.image);
  return torch::from_blob(pixels, BatchShape(count, images.image), torch::kUInt8).to(torch::kFloat);
}

at::Tensor LabelTensor(const data::ImageSet& images, int64_t first, int64_t count) {
  int32_t* labels = const_cast<int32_t*>(images.labels.data()) + first;
  return torch::from_blob(labels, {count}, torch::kInt).to(torch::kLong);
}

at::Tensor ImageView(data::Batch* batch, const Shape& image) {
  return torch::from_blob(batch->images.data(), BatchShape(batch->count, image), torch::kFloat);
}

at::Tensor LabelView(data::Batch* batch) {
  return torch::from_blob(batch->labels.data(), {batch->count}, torch::kLong);
}

}  // namespace lowbit::train
