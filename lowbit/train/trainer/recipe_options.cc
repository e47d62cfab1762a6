#include "lowbit/train/trainer/recipe_options.h"

#include <algorithm>
#include <vector>

#include "lowbit/data/statistics.h"
#include "lowbit/train/activation_method.h"

namespace lowbit::train {
namespace {

MemoryFormat ReadMemoryFormat(recipe::TrainSection::Switch channels_last) {
  switch (channels_last) {
    case recipe::TrainSection::Switch::kOn:
      return MemoryFormat::kChannelsLast;
    case recipe::TrainSection::Switch::kOff:
      return MemoryFormat::kContiguous;
    case recipe::TrainSection::Switch::kAuto:
      break;
  }
  return MemoryFormat::kAuto;
}

OptimizerOptions::Kind ReadKind(recipe::TrainSection::Optimizer optimizer) {
  switch (optimizer) {
    case recipe::TrainSection::Optimizer::kAdam:
      return OptimizerOptions::Kind::kAdam;
    case recipe::TrainSection::Optimizer::kAdamW:
      return OptimizerOptions::Kind::kAdamW;
    case recipe::TrainSection::Optimizer::kSgd:
      break;
  }
  return OptimizerOptions::Kind::kSgd;
}

LearningRate::Kind ReadKind(recipe::ScheduleSection::Kind kind) {
  using From = recipe::ScheduleSection::Kind;
  using To = LearningRate::Kind;
  switch (kind) {
    case From::kStep:
      return To::kStep;
    case From::kMultistep:
      return To::kMultiStep;
    case From::kCosine:
      return To::kCosine;
    case From::kOneCycle:
      return To::kOneCycle;
    case From::kConstant:
      break;
  }
  return To::kConstant;
}

// The pixel of each channel that is 0 after the network's own normalization; none where nothing is filled.
Result<std::vector<float>> FillValues(const recipe::Recipe& recipe, const data::ImageSet& images) {
  if (recipe.augment.pad == 0 && recipe.augment.cutout == 0) return std::vector<float>();
  std::vector<double> mean = recipe.data.mean;
  for (double& value : mean) value *= 255;  // Recipes count pixels in 0..1.
  if (mean.empty()) {
    LOWBIT_TRY(const data::ChannelStatistics measured, data::MeasureChannels(images));
    mean = measured.mean;
  }
  return std::vector<float>(mean.begin(), mean.end());
}

data::CropOptions ReadCrop(const recipe::AugmentSection& augment) {
  using Kind = data::CropOptions::Kind;
  data::CropOptions crop;
  crop.kind = augment.resized_crop ? Kind::kResized : Kind::kRandom;
  crop.min_area = augment.min_area;
  crop.max_area = augment.max_area;
  crop.min_ratio = augment.min_ratio;
  crop.max_ratio = augment.max_ratio;
  return crop;
}

}  // namespace

Result<NetworkOptions> ReadNetworkOptions(const recipe::Recipe& recipe, const std::string& device) {
  NetworkOptions options;
  options.device = device;
  options.seed = static_cast<uint64_t>(recipe.seed);
  options.memory_format = ReadMemoryFormat(recipe.train.channels_last);
  if (recipe.train.amp) options.mixed_precision = MixedPrecision::kTraining;
  options.batch_norm.average = recipe.train.batch_norm == recipe::TrainSection::BatchNorm::kBiasCorrected
                                   ? BatchNormOptions::Average::kBiasCorrected
                                   : BatchNormOptions::Average::kEma;
  options.batch_norm.momentum = 1 - recipe.train.batch_norm_momentum;
  options.batch_norm.frozen = recipe.train.freeze_batch_norm;
  options.batch_norm.two_states = recipe.train.state_batch_norm != recipe::TrainSection::StateBatchNorm::kNone;
  LOWBIT_TRY(options.method, ReadQuantizeSection(recipe::MethodTable(recipe.quantize)));
  LOWBIT_TRY(options.activation, CreateActivationMethod(recipe.quantize.activations));
  return options;
}

OptimizerOptions ReadOptimizerOptions(const recipe::TrainSection& train) {
  OptimizerOptions options;
  options.kind = ReadKind(train.optimizer);
  options.momentum = train.momentum;
  options.nesterov = train.nesterov;
  options.form = train.caffe_momentum ? OptimizerOptions::SgdForm::kCaffe : OptimizerOptions::SgdForm::kTorch;
  options.beta1 = train.beta1;
  options.beta2 = train.beta2;
  options.epsilon = train.eps;
  options.weight_decay = train.weight_decay;
  options.clip_norm = train.clip_gradients;
  options.decay_scope = train.decay_all ? DecayScope::kAll : DecayScope::kWeights;
  return options;
}

Result<data::BatchOptions> ReadBatchOptions(const recipe::Recipe& recipe, const data::ImageSet& images) {
  data::BatchOptions options;
  options.batch_size = recipe.train.batch;
  options.shuffle = !recipe.data.sequential;
  options.drop_last = true;
  options.seed = static_cast<uint64_t>(recipe.seed);
  options.threads = static_cast<int>(recipe.data.threads);
  options.crop = ReadCrop(recipe.augment);
  options.colour = {recipe.augment.brightness, recipe.augment.contrast, recipe.augment.saturation};
  options.pairs = {recipe.augment.flip, recipe.augment.rotate};
  options.augment.flip = recipe.augment.flip;
  options.augment.pad = recipe.augment.pad;
  options.augment.crop = recipe.augment.crop;
  options.augment.cutout = recipe.augment.cutout;
  LOWBIT_TRY(options.augment.fill, FillValues(recipe, images));
  return options;
}

LearningRate ReadLearningRate(const recipe::TrainSection& train, int64_t iterations, int64_t iterations_per_epoch) {
  const recipe::ScheduleSection& schedule = train.schedule;
  const auto in_iterations = [&](double time) { return recipe::TimeInIterations(train, time, iterations_per_epoch); };
  LearningRate rate;
  rate.kind = ReadKind(schedule.kind);
  rate.peak = train.learning_rate;
  rate.factor = schedule.gamma;
  rate.every = static_cast<double>(std::max<int64_t>(1, in_iterations(schedule.every)));
  for (const double milestone : schedule.milestones) {
    rate.milestones.push_back(static_cast<double>(in_iterations(milestone)));
  }
  rate.final = schedule.final * train.learning_rate;
  rate.start = schedule.start * train.learning_rate;
  rate.iterations = iterations;
  const int64_t warmup = in_iterations(schedule.warmup);
  if (rate.kind == LearningRate::Kind::kOneCycle) {
    rate.rise = static_cast<double>(warmup) / static_cast<double>(iterations);
  } else {
    rate.warmup = warmup;
  }
  return rate;
}

}  // namespace lowbit::train
