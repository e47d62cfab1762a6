#ifndef LOWBIT_RECIPE_RECIPE_H_
#define LOWBIT_RECIPE_RECIPE_H_

// What a recipe says, as types: one struct for each table of the file, each member named like its key. The defaults
// below are the defaults of the file; docs/recipes.md is the same for people who write recipes.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lowbit/base/config.h"
#include "lowbit/base/result.h"
#include "lowbit/recipe/quantize_section.h"

namespace lowbit::recipe {

// [data]
struct DataSection {
  enum class Normalize {
    kChannel,    // "channel": minus the mean of each channel, times `scale`.
    kMeanImage,  // "mean_image": minus the mean of each pixel over the training set (Caffe), times `scale`.
    kNone,       // "none": raw 0..255, times `scale`.
  };
  std::string name = "fashion-mnist";
  std::string path;  // The folder; empty: the places that `lowbit data` lists.
  Normalize normalize = Normalize::kChannel;
  // Applied to pixels in 0..255. Left out: 1 / standard deviation of each channel for "channel", else 1. (0, 1e6]
  std::optional<double> scale;
  // Of each channel, for pixels in 0..1, as published with trained weights; in place of what the training set gives.
  // Both are empty or both have as many values; only with kChannel, and without `scale`.
  std::vector<double> mean;  // [0, 1]
  std::vector<double> std;   // (0, 1]
  int64_t train_limit = 0;   // Only the first n training images; 0: all.
  int64_t test_limit = 0;    // Only the first n test images; 0: all.
  // Of sets of pictures of any size:
  int64_t crop = 0;     // Height and width of the images that are cut out of them; 0: 224. 0..4096
  int64_t resize = 0;   // What a picture's shorter side gets before; >= crop; 0: 8 / 7 of crop. 0..8192
  std::string classes;  // A file that lists the classes' folders, one a line; empty: all folders, by name.
  // Of pictures that a network learns to sharpen:
  std::string test_path;                     // The folder of the test pictures; required to train.
  std::vector<int64_t> factors = {2, 3, 4};  // How many times smaller pictures are made. Each 2..16, at least one.
  // Of pictures with masks:
  std::vector<int64_t> mask_values;  // [class]: grey values, all different; empty: those of the training masks. 0..255
  int64_t mask_ignore = -1;          // The grey value of pixels that do not count; -1: none. -1..255
  int64_t test_last = 0;             // So many, the last by name, are for tests; 0: those in folders of their own.
  int64_t threads = 0;      // That read training images; 0: one for sets in memory, else all that compute. Speed alone.
  bool sequential = false;  // Read in file order in every epoch instead of a new shuffle (Caffe's data bases).
};

// [augment], of training images only.
struct AugmentSection {
  bool flip = false;  // Mirror left-right with probability 1/2.
  int64_t pad = 0;    // Zero-pad (after the mean is subtracted) by so many pixels on each side; only with `crop`. 0..64
  bool crop = false;  // Cut a window of the image's size at a uniformly random place; needs `pad`.
  bool rotate = false;  // Turn by 0, 90, 180 or 270 degrees; only pictures to sharpen.
  int64_t cutout = 0;   // Side in pixels of one square set to the mean, at a random place; 0: none. 0..1024
  // Of pictures of any size: a window of a random share of the area, with a random width / height, at a random place.
  bool resized_crop = false;
  double min_area = 0.08, max_area = 1;             // 0 < min <= max <= 1
  double min_ratio = 3.0 / 4, max_ratio = 4.0 / 3;  // 0.01 <= min <= max <= 100
  // Factors uniform in [max(0, 1 - x), 1 + x]; 0: no change. 0..10
  double brightness = 0, contrast = 0, saturation = 0;
};

// [model]
struct ModelSection {
  std::string name = "small";  // A folder of lowbit/models/networks; "" with `file`.
  std::string file;            // A packed file (imported from ONNX, for example): its network and its values.
  // What the network starts from in place of random values: a file of weights, or the folder of a run. Empty: nothing.
  std::string weights;
  std::vector<std::string> weights_skip;  // Layers that start at random all the same; needs `weights`.
  Config options;                         // The other keys of the table; the network checks them.
};

// [train.schedule]. Times (`warmup`, `every`, `milestones`) are counted in the unit that gives the length of the run:
// in epochs (fractions are allowed) if [train] has `epochs`, in iterations if it has `iterations`. For a step t of T,
// both counted from the end of the warm-up:
struct ScheduleSection {
  enum class Kind {
    kConstant,   // learning_rate
    kStep,       // learning_rate * gamma^floor(t / every)
    kMultistep,  // learning_rate * gamma^(number of milestones <= t)
    kCosine,     // from learning_rate down to learning_rate * final along half a cosine that ends at T
    kOneCycle,   // up from learning_rate * start to learning_rate over `warmup`, then down as kCosine
  };
  Kind kind = Kind::kConstant;
  double warmup = 0;               // Linear rise from 0 (kOneCycle: from `start`); shorter than the run. [0, 1e9]
  double gamma = 0.1;              // kStep, kMultistep. (0, 1]
  double every = 0;                // kStep, required there. (0, 1e9]
  std::vector<double> milestones;  // kMultistep, required there; rising.
  double final = 0;                // kCosine, kOneCycle: share of learning_rate left at the end. [0, 1]
  double start = 0.04;             // kOneCycle: share of learning_rate at the beginning. [0, 1]
};

// [train]
struct TrainSection {
  enum class Optimizer { kSgd, kAdam, kAdamW };
  enum class Switch { kAuto, kOn, kOff };
  enum class BatchNorm {
    kEma,            // "ema": running = (1 - m) * running + m * batch, starting at mean 0, variance 1.
    kBiasCorrected,  // "bias_corrected": Caffe's: sums divided by the accumulated weight, so the start is unbiased.
  };
  // The length: exactly one of the two is given (the other is 0). If [quantize.sq] has `stages`, it is the length of
  // each stage.
  int64_t epochs = 0;
  int64_t iterations = 0;
  // So many complete runs of that length, one after another: schedule and momentum start again, weights and batch norm
  // statistics are carried on. Not together with [quantize.sq] `stages`, which are such runs too. 1..1000
  int64_t stages = 1;
  int64_t batch = 128;       // Images in a training step. 1..65536
  int64_t test_batch = 500;  // Images in an evaluation step; changes speed, not results. 1..65536
  Optimizer optimizer = Optimizer::kSgd;
  double learning_rate = 0.1;  // At its highest. Left out for adam and adamw: 0.001. (0, 1000]
  double momentum = 0.9;       // sgd. [0, 1)
  bool nesterov = false;       // sgd; needs momentum > 0.
  // sgd: v = momentum * v + learning_rate * g; w -= v (Caffe) instead of v = momentum * v + g; w -= learning_rate * v
  // (libtorch). They differ where the learning rate changes.
  bool caffe_momentum = false;
  double weight_decay = 0;    // L2 factor on weights; decoupled for adamw. [0, 1]
  double clip_gradients = 0;  // The largest norm of all gradients of a step together; 0: any. [0, 1e9]
  bool decay_all = false;     // Decay batch norm's scale and shift and biases too, where the graph does not forbid it.
  double beta1 = 0.9, beta2 = 0.999;  // adam, adamw. [0, 1)
  double eps = 1e-8;                  // adam, adamw. (0, 1]
  // What a step minimizes: between logits and labels, or of pictures in 0..1 the mean squared or absolute difference.
  enum class Loss { kAuto, kCrossEntropy, kL2, kL1 };
  Loss loss = Loss::kAuto;          // Cross-entropy with labels, squares with pictures.
  double label_smoothing = 0;       // [0, 1)
  int64_t evaluate_every = 1;       // Epochs between evaluations on the test set; 0: only at the end.
  int64_t checkpoint_every = 1000;  // Iterations between checkpoints; one more at every end of a stage. 0: only those.
  int64_t log_every = 50;           // Iterations between "step" lines in metrics.jsonl. >= 1
  Switch channels_last = Switch::kAuto;  // Memory order of activations; auto: the trainer chooses by the device.
  BatchNorm batch_norm = BatchNorm::kEma;
  // Statistics of the fully quantized weights beside those of the weights in training: measured anew before every test
  // over `reestimate_batch_norm` batches, or averaged over the steps at the cost of a second forward pass.
  enum class StateBatchNorm { kNone, kRecalibrate, kTwoBanks };
  StateBatchNorm state_batch_norm = StateBatchNorm::kNone;
  double batch_norm_momentum = 0.1;  // Weight m of the newest batch; 1 - Caffe's moving_average_fraction. (0, 1]
  // Several processes: mean and variance of the whole batch, not of each process's part; needs a trained batch norm.
  bool sync_batch_norm = false;
  bool freeze_batch_norm = false;  // Running mean and variance stay as they are; scale and shift are trained.
  // After the last update, the running statistics become the plain mean over so many training batches; 0: they stay the
  // moving averages. Needs a trained batch norm. 0..1000000
  int64_t reestimate_batch_norm = 0;
  bool amp = false;  // Mixed precision: training steps in bfloat16.
  ScheduleSection schedule;
};

// [distill]: learn from another network's answers too; `teacher` is required where the table is there.
struct DistillSection {
  // A file of weights, which are those of the network below; or the folder of a run, which says itself what its
  // network is. Empty: the table is left out.
  std::string teacher;
  // [distill.model]: name and options of the network that a file of weights is for. Empty: the table is left out, and it
  // is the network of [model].
  std::string model_name;
  Config model_options;
  double weight = 0.5;     // Of the divergence from the teacher; 1 - weight is that of the labels. (0, 1]
  double temperature = 4;  // Divides both networks' logits. [0.01, 1000]
};

struct Recipe {
  std::string name;  // Empty if the file has none: callers show the file's name.
  std::string description;
  int64_t seed = 1;  // >= 0
  DataSection data;
  AugmentSection augment;
  ModelSection model;
  TrainSection train;
  QuantizeSection quantize;
  DistillSection distill;
};

// Checks everything that can be checked without data and network. Errors name the line, the key and the rule; an
// unknown key is told with the nearest known one.
Result<Recipe> ReadRecipe(const Config& config);

// Length of one run (or of one stage) in iterations. REQUIRES: iterations_per_epoch > 0.
int64_t RunIterations(const TrainSection& train, int64_t iterations_per_epoch);

// A time of [train.schedule] in iterations, rounded to the nearest. REQUIRES: iterations_per_epoch > 0.
int64_t TimeInIterations(const TrainSection& train, double time, int64_t iterations_per_epoch);

}  // namespace lowbit::recipe

#endif  // LOWBIT_RECIPE_RECIPE_H_
