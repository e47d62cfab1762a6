#ifndef LOWBIT_DATA_SETS_SEGMENTATION_MASKED_PAIRS_H_
#define LOWBIT_DATA_SETS_SEGMENTATION_MASKED_PAIRS_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "lowbit/data/dataset.h"
#include "lowbit/data/segmentation.h"

namespace lowbit::data::sets::segmentation {

// The pictures' images and targets [1, height, width]: the class of each pixel as a number, -1 where it does not count. Masks must
// be classes (NumberClasses). Both sets keep the pictures in memory.

// Squares of size x size: in training, at random places, as many of each picture in an epoch as lie beside each other in it. The set's
// own images are those that do. Error: a picture that is smaller.
Result<ImageSet> SquaresOf(std::vector<MaskedPicture> pictures, int64_t size);

// Whole pictures, each once. All get the size of the highest and the widest, rounded up to a multiple of `multiple`: the rest of the
// image is the picture's mirror image (MirrorTo) and does not count.
ImageSet WholePicturesOf(std::vector<MaskedPicture> pictures, int64_t multiple);

}  // namespace lowbit::data::sets::segmentation

#endif  // LOWBIT_DATA_SETS_SEGMENTATION_MASKED_PAIRS_H_
