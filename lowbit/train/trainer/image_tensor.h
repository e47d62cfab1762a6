#ifndef LOWBIT_TRAIN_TRAINER_IMAGE_TENSOR_H_
#define LOWBIT_TRAIN_TRAINER_IMAGE_TENSOR_H_

#include "lowbit/data/batcher.h"
#include "lowbit/data/dataset.h"
#include "lowbit/train/torch_fwd.h"

namespace lowbit::train {

// Images [first, first + count) as floats 0..255 [count, channels, height, width] on the CPU; a copy.
at::Tensor ImageTensor(const data::ImageSet& images, int64_t first, int64_t count);
// Their labels, int64 [count].
at::Tensor LabelTensor(const data::ImageSet& images, int64_t first, int64_t count);

// Views of a batch's memory, which must outlive them.
at::Tensor ImageView(data::Batch* batch, const Shape& image);
at::Tensor LabelView(data::Batch* batch);

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_TRAINER_IMAGE_TENSOR_H_
