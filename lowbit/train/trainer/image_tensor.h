#ifndef LOWBIT_TRAIN_TRAINER_IMAGE_TENSOR_H_
#define LOWBIT_TRAIN_TRAINER_IMAGE_TENSOR_H_

#include "lowbit/data/batcher.h"
#include "lowbit/train/torch_fwd.h"

namespace lowbit::train {

// Views of a batch's memory, which must outlive them: floats 0..255 [count, channels, height, width] and int64 [count].
at::Tensor ImageView(data::Batch* batch, const Shape& image);
at::Tensor LabelView(data::Batch* batch);
// What the network should make of them: the batch's targets, floats [count, ...answer], or where it has none its labels.
at::Tensor AnswerView(data::Batch* batch, const Shape& answer);

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_TRAINER_IMAGE_TENSOR_H_
