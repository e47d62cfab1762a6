#include "lowbit/recipe/recipe.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <initializer_list>
#include <set>
#include <utility>

#include "lowbit/recipe/quantize_section.h"
#include "lowbit/recipe/reading.h"

namespace lowbit::recipe {
namespace {

constexpr int64_t kMaxCount = int64_t{1} << 40;
constexpr double kMaxColour = 10;
constexpr double kMaxTime = 1e9;

// A factor in [0, 1).
double Factor(ConfigReader* reader, const std::string& key, double otherwise) {
  const double value = reader->Float(key, otherwise, 0, 1);
  if (value == 1) reader->Reject(key, "smaller than 1");
  return value;
}

void ReadPublishedNormalization(ConfigReader* reader, DataSection* data) {
  data->mean = reader->Floats("mean", {}, 0, 1);
  data->std = reader->Floats("std", {}, 0, 1);
  if (std::count(data->std.begin(), data->std.end(), 0) > 0) reader->Reject("std", "a list of numbers greater than 0");
  if (data->mean.size() != data->std.size()) {
    reader->Reject(reader->Has("mean") ? "mean" : "std", "given with as many values in 'data.mean' as in 'data.std'");
  }
  if (data->normalize != DataSection::Normalize::kChannel) {
    RejectUnused(reader, {"mean", "std"}, "only 'data.normalize' of 'channel' uses it");
  }
  if (!data->std.empty()) RejectUnused(reader, {"scale"}, "'data.std' sets it already");
}

// Of pictures with masks.
void ReadMasks(ConfigReader* reader, DataSection* data) {
  data->mask_values = reader->Ints("mask_values", data->mask_values, 0, 255);
  data->mask_ignore = reader->Int("mask_ignore", data->mask_ignore, -1, 255);
  data->test_last = reader->Int("test_last", data->test_last, 0, kMaxCount);
  const std::set<int64_t> distinct(data->mask_values.begin(), data->mask_values.end());
  const bool one = reader->Has("mask_values") && distinct.size() < 2;
  if (one || distinct.size() != data->mask_values.size() || distinct.size() > 255) {
    reader->Reject("mask_values", "a list of 2 to 255 different grey values");
  }
  if (distinct.count(data->mask_ignore) > 0) reader->Reject("mask_ignore", "none of 'data.mask_values'");
}

Result<DataSection> ReadData(const Config& config) {
  ConfigReader reader(config, "data");
  DataSection data;
  data.name = reader.String("name", data.name);
  data.path = reader.String("path", data.path);
  data.normalize = Choice<DataSection::Normalize>(&reader, "normalize", {"channel", "mean_image", "none"});
  const double scale = PositiveFloat(&reader, "scale", 1, 1e6);
  if (reader.Has("scale")) data.scale = scale;
  ReadPublishedNormalization(&reader, &data);
  data.train_limit = reader.Int("train_limit", data.train_limit, 0, kMaxCount);
  data.test_limit = reader.Int("test_limit", data.test_limit, 0, kMaxCount);
  data.crop = reader.Int("crop", data.crop, 0, 4096);
  data.resize = reader.Int("resize", data.resize, 0, 8192);
  if (data.resize != 0 && data.resize < (data.crop == 0 ? 224 : data.crop)) {
    reader.Reject("resize", "0 or at least 'data.crop', which is 224 if left out");
  }
  data.classes = reader.String("classes", data.classes);
  data.test_path = reader.String("test_path", data.test_path);
  data.factors = reader.Ints("factors", data.factors, 2, 16);
  if (data.factors.empty()) reader.Reject("factors", "a list of at least one number");
  ReadMasks(&reader, &data);
  data.threads = reader.Int("threads", data.threads, 0, 1024);
  data.sequential = reader.Bool("sequential", data.sequential);
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  return data;
}

// A list [min, max].
void Range(ConfigReader* reader, const std::string& key, double low, double high, double* min, double* max) {
  const std::vector<double> range = reader->Floats(key, {*min, *max}, low, high);
  if (range.size() != 2 || range[0] <= 0 || range[0] > range[1]) {
    reader->Reject(key, "a list of two numbers, the first greater than 0 and not above the second");
    return;
  }
  *min = range[0];
  *max = range[1];
}

void ReadResizedCrop(ConfigReader* reader, AugmentSection* augment) {
  augment->resized_crop = reader->Bool("resized_crop", augment->resized_crop);
  Range(reader, "resized_crop_area", 0, 1, &augment->min_area, &augment->max_area);
  Range(reader, "resized_crop_ratio", 0.01, 100, &augment->min_ratio, &augment->max_ratio);
  if (augment->resized_crop) return;
  RejectUnused(reader, {"resized_crop_area", "resized_crop_ratio"}, "only 'augment.resized_crop' of true uses it");
}

Result<AugmentSection> ReadAugment(const Config& config) {
  ConfigReader reader(config, "augment");
  AugmentSection augment;
  augment.flip = reader.Bool("flip", augment.flip);
  augment.pad = reader.Int("pad", augment.pad, 0, 64);
  augment.crop = reader.Bool("crop", augment.crop);
  augment.rotate = reader.Bool("rotate", augment.rotate);
  augment.cutout = reader.Int("cutout", augment.cutout, 0, 1024);
  ReadResizedCrop(&reader, &augment);
  augment.brightness = reader.Float("brightness", augment.brightness, 0, kMaxColour);
  augment.contrast = reader.Float("contrast", augment.contrast, 0, kMaxColour);
  augment.saturation = reader.Float("saturation", augment.saturation, 0, kMaxColour);
  if (augment.pad > 0 && !augment.crop) reader.Reject("pad", "0 unless 'augment.crop' is true");
  if (augment.crop && augment.pad == 0) reader.Reject("crop", "false unless 'augment.pad' is at least 1");
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  return augment;
}

Result<ModelSection> ReadModel(const Config& config) {
  Split split = SplitTable(config, {"name", "file", "weights", "weights_skip"});
  ConfigReader reader(split.ours, "model");
  ModelSection model;
  model.file = reader.String("file", model.file);
  if (!model.file.empty()) {
    RejectUnused(&reader, {"name", "weights", "weights_skip"}, "'model.file' is a network with its values");
    model.name.clear();
    ConfigReader others(split.others, "model");  // A network of the file's has no options.
    LOWBIT_RETURN_IF_ERROR(others.Finish());
  }
  model.name = reader.String("name", model.name);
  model.weights = reader.String("weights", model.weights);
  model.weights_skip = reader.Strings("weights_skip", model.weights_skip);
  if (model.weights.empty()) RejectUnused(&reader, {"weights_skip"}, "'model.weights' names no file");
  model.options = std::move(split.others);
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  return model;
}

void ReadScheduleTimes(ConfigReader* reader, double length, ScheduleSection* schedule) {
  using Kind = ScheduleSection::Kind;
  schedule->warmup = reader->Float("warmup", schedule->warmup, 0, kMaxTime);
  schedule->every = PositiveFloat(reader, "every", schedule->every, kMaxTime);
  schedule->milestones = reader->Floats("milestones", schedule->milestones, 0, kMaxTime);
  if (length > 0 && schedule->warmup >= length) reader->Reject("warmup", "shorter than the run");
  if (schedule->kind == Kind::kStep && !reader->Has("every")) reader->Reject("every", "given for kind 'step'");
  if (schedule->kind == Kind::kMultistep && schedule->milestones.empty()) {
    reader->Reject("milestones", "a list of at least one time for kind 'multistep'");
  }
  const auto& times = schedule->milestones;
  if (std::adjacent_find(times.begin(), times.end(), std::greater_equal<>()) != times.end()) {
    reader->Reject("milestones", "rising");
  }
}

Result<ScheduleSection> ReadSchedule(const Config& config, double length) {
  using Kind = ScheduleSection::Kind;
  ConfigReader reader(config, "train.schedule");
  ScheduleSection schedule;
  schedule.kind = Choice<Kind>(&reader, "kind", {"constant", "step", "multistep", "cosine", "onecycle"});
  ReadScheduleTimes(&reader, length, &schedule);
  schedule.gamma = PositiveFloat(&reader, "gamma", schedule.gamma, 1);
  schedule.final = reader.Float("final", schedule.final, 0, 1);
  schedule.start = reader.Float("start", schedule.start, 0, 1);
  const bool stepped = schedule.kind == Kind::kStep || schedule.kind == Kind::kMultistep;
  const bool curved = schedule.kind == Kind::kCosine || schedule.kind == Kind::kOneCycle;
  const std::string because = "this kind of schedule does not use it";
  if (schedule.kind != Kind::kStep) RejectUnused(&reader, {"every"}, because);
  if (schedule.kind != Kind::kMultistep) RejectUnused(&reader, {"milestones"}, because);
  if (schedule.kind != Kind::kOneCycle) RejectUnused(&reader, {"start"}, because);
  if (!stepped) RejectUnused(&reader, {"gamma"}, because);
  if (!curved) RejectUnused(&reader, {"final"}, because);
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  return schedule;
}

void ReadOptimizer(ConfigReader* reader, TrainSection* train) {
  using Optimizer = TrainSection::Optimizer;
  train->optimizer = Choice<Optimizer>(reader, "optimizer", {"sgd", "adam", "adamw"});
  const bool sgd = train->optimizer == Optimizer::kSgd;
  train->learning_rate = PositiveFloat(reader, "learning_rate", sgd ? 0.1 : 0.001, 1000);
  train->momentum = Factor(reader, "momentum", train->momentum);
  train->nesterov = reader->Bool("nesterov", train->nesterov);
  train->caffe_momentum = reader->Bool("caffe_momentum", train->caffe_momentum);
  train->weight_decay = reader->Float("weight_decay", train->weight_decay, 0, 1);
  train->clip_gradients = reader->Float("clip_gradients", train->clip_gradients, 0, 1e9);
  train->decay_all = reader->Bool("decay_all", train->decay_all);
  train->beta1 = Factor(reader, "beta1", train->beta1);
  train->beta2 = Factor(reader, "beta2", train->beta2);
  train->eps = PositiveFloat(reader, "eps", train->eps, 1);
  if (sgd) {
    RejectUnused(reader, {"beta1", "beta2", "eps"}, "the optimizer sgd does not use it");
    if (train->nesterov && train->momentum == 0) reader->Reject("nesterov", "false if 'train.momentum' is 0");
  } else {
    RejectUnused(reader, {"momentum", "nesterov", "caffe_momentum"}, "only the optimizer sgd uses it");
  }
}

void ReadLength(ConfigReader* reader, TrainSection* train) {
  train->epochs = reader->Int("epochs", 0, 1, 1000000);
  train->iterations = reader->Int("iterations", 0, 1, kMaxCount);
  train->stages = reader->Int("stages", train->stages, 1, 1000);
  train->batch = reader->Int("batch", train->batch, 1, 65536);
  train->test_batch = reader->Int("test_batch", train->test_batch, 1, 65536);
  const bool both = reader->Has("epochs") && reader->Has("iterations");
  if (both) reader->Reject("iterations", "left out: 'train.epochs' gives the length already");
  if (!reader->Has("epochs") && !reader->Has("iterations")) {
    reader->Reject("epochs", "given, or 'train.iterations': one of them is the length of the run");
  }
}

Result<TrainSection> ReadTrain(const Config& config) {
  ConfigReader reader(config, "train");
  TrainSection train;
  ReadLength(&reader, &train);
  ReadOptimizer(&reader, &train);
  train.loss = Choice<TrainSection::Loss>(&reader, "loss", {"auto", "cross_entropy", "l2", "l1"});
  train.label_smoothing = Factor(&reader, "label_smoothing", train.label_smoothing);
  train.evaluate_every = reader.Int("evaluate_every", train.evaluate_every, 0, kMaxCount);
  train.checkpoint_every = reader.Int("checkpoint_every", train.checkpoint_every, 0, kMaxCount);
  train.log_every = reader.Int("log_every", train.log_every, 1, kMaxCount);
  train.channels_last = Choice<TrainSection::Switch>(&reader, "channels_last", {"auto", "on", "off"});
  train.batch_norm = Choice<TrainSection::BatchNorm>(&reader, "batch_norm", {"ema", "bias_corrected"});
  train.batch_norm_momentum = PositiveFloat(&reader, "batch_norm_momentum", train.batch_norm_momentum, 1);
  train.sync_batch_norm = reader.Bool("sync_batch_norm", train.sync_batch_norm);
  train.reestimate_batch_norm = reader.Int("reestimate_batch_norm", train.reestimate_batch_norm, 0, 1000000);
  using StateBatchNorm = TrainSection::StateBatchNorm;
  train.state_batch_norm = Choice<StateBatchNorm>(&reader, "state_batch_norm", {"none", "recalibrate", "two_banks"});
  if (train.state_batch_norm == StateBatchNorm::kRecalibrate && train.reestimate_batch_norm == 0) {
    reader.Reject("state_batch_norm",
                  "'none' or 'two_banks' unless 'train.reestimate_batch_norm' says how many batches");
  }
  train.freeze_batch_norm = reader.Bool("freeze_batch_norm", train.freeze_batch_norm);
  if (train.freeze_batch_norm) {
    RejectUnused(&reader, {"sync_batch_norm", "reestimate_batch_norm", "state_batch_norm"},
                 "'train.freeze_batch_norm' keeps the statistics as they are");
  }
  train.amp = reader.Bool("amp", train.amp);
  const Config& schedule = reader.Table("schedule");
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  LOWBIT_TRY(train.schedule, ReadSchedule(schedule, static_cast<double>(train.epochs + train.iterations)));
  return train;
}

Result<DistillSection> ReadDistill(const Config& config, const ModelSection& student) {
  ConfigReader reader(config, "distill");
  DistillSection distill;
  distill.teacher = reader.String("teacher", distill.teacher);
  distill.weight = PositiveFloat(&reader, "weight", distill.weight, 1);
  distill.temperature = reader.Float("temperature", distill.temperature, 0.01, 1000);
  Split split = SplitTable(reader.Table("model"), {"name", "file", "weights", "weights_skip"});
  if (distill.teacher.empty()) reader.Reject("teacher", "a safetensors file or the folder of a run");
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  if (!reader.Has("model")) return distill;
  ConfigReader model(split.ours, "distill.model");
  RejectUnused(&model, {"file", "weights", "weights_skip"}, "'distill.teacher' names the file");
  distill.model_name = model.String("name", student.name);
  distill.model_options = std::move(split.others);
  LOWBIT_RETURN_IF_ERROR(model.Finish());
  return distill;
}

// Where no other is chosen the run's folder has this name, below runs/.
bool IsFolderName(const std::string& name) {
  const auto breaks = [](char letter) { return static_cast<unsigned char>(letter) < ' ' || letter == '\x7f'; };
  return std::none_of(name.begin(), name.end(), breaks) && ("/" + name + "/").find("/../") == std::string::npos;
}

}  // namespace

Result<Recipe> ReadRecipe(const Config& config) {
  ConfigReader reader(config, "");
  Recipe recipe;
  recipe.name = reader.String("name", recipe.name);
  if (!IsFolderName(recipe.name)) reader.Reject("name", "the name of a folder, without line breaks and '..'");
  recipe.description = reader.String("description", recipe.description);
  recipe.seed = reader.Int("seed", recipe.seed, 0);
  const Config& data = reader.Table("data");
  const Config& augment = reader.Table("augment");
  const Config& model = reader.Table("model");
  const Config& train = reader.Table("train");
  const Config& quantize = reader.Table("quantize");
  const Config& distill = reader.Table("distill");
  RejectUnused(&reader, {"sweep"}, "it lists many runs, and one is read here; `lowbit train` runs sweeps");
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  LOWBIT_TRY(recipe.data, ReadData(data));
  LOWBIT_TRY(recipe.augment, ReadAugment(augment));
  LOWBIT_TRY(recipe.model, ReadModel(model));
  LOWBIT_TRY(recipe.train, ReadTrain(train));
  LOWBIT_TRY(recipe.quantize, ReadQuantize(quantize));
  if (recipe.train.stages > 1 && !recipe.quantize.stages.empty()) {
    return Invalid(
        "'train.stages' must be 1 where 'quantize.sq.stages', by default four, divide the run; "
        "'quantize.sq.ramp' does not");
  }
  if (reader.Has("distill")) {
    LOWBIT_TRY(recipe.distill, ReadDistill(distill, recipe.model));
  }
  return recipe;
}

int64_t TimeInIterations(const TrainSection& train, double time, int64_t iterations_per_epoch) {
  return std::llround(train.epochs > 0 ? time * static_cast<double>(iterations_per_epoch) : time);
}

int64_t RunIterations(const TrainSection& train, int64_t iterations_per_epoch) {
  return train.epochs > 0 ? train.epochs * iterations_per_epoch : train.iterations;
}

}  // namespace lowbit::recipe
