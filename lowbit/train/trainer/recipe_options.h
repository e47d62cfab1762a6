#ifndef LOWBIT_TRAIN_TRAINER_RECIPE_OPTIONS_H_
#define LOWBIT_TRAIN_TRAINER_RECIPE_OPTIONS_H_

#include <cstdint>
#include <string>

#include "lowbit/base/result.h"
#include "lowbit/data/batcher.h"
#include "lowbit/data/dataset.h"
#include "lowbit/recipe/recipe.h"
#include "lowbit/train/network.h"
#include "lowbit/train/optimizer.h"
#include "lowbit/train/schedule.h"

namespace lowbit::train {

// The recipe's sections as the options of the parts that carry them out.
Result<NetworkOptions> ReadNetworkOptions(const recipe::Recipe& recipe, const std::string& device);
OptimizerOptions ReadOptimizerOptions(const recipe::TrainSection& train);
// `images`: those trained on; padding and cutout put their channels' mean there, or the recipe's. Errors: an image
// cannot be read.
Result<data::BatchOptions> ReadBatchOptions(const recipe::Recipe& recipe, const data::ImageSet& images);
// `iterations`: of a run, or of a stage.
LearningRate ReadLearningRate(const recipe::TrainSection& train, int64_t iterations, int64_t iterations_per_epoch);

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_TRAINER_RECIPE_OPTIONS_H_
