#ifndef LOWBIT_REPORT_RUN_H_
#define LOWBIT_REPORT_RUN_H_

// A run folder (docs/run-folder.md) as values. The members are named like the keys of its files and mean the same;
// what a file may leave out is an optional.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lowbit/base/result.h"

namespace lowbit::report {

struct RunInfo {
  std::string lowbit, commit, name, description, method, device, libtorch;
  std::optional<int64_t> seed, threads;
  struct {
    std::string name, path;
    std::vector<std::string> warnings;
    int64_t train = 0, test = 0, classes = 0;
    std::vector<int64_t> image;  // [channels, height, width]
  } dataset;
  struct {
    std::string name;
    int64_t weights = 0;
    std::optional<int64_t> parameters, macs;
  } model;
};

struct StepLine {
  int64_t iteration = 0;
  double epoch = 0, loss = 0, learning_rate = 0, ratio = 0;
  std::optional<double> accuracy, images_per_second;
};

struct EpochLine {
  double epoch = 0;
  int64_t iteration = 0, stage = 0;
  double train_loss = 0, ratio = 0, seconds = 0;
  std::optional<double> train_accuracy, test_loss;
  std::map<std::string, double>
      scores;  // Of the tests, by the word of what they measured (core/measure.h); mostly one.
};

struct LayerLine {
  double epoch = 0;
  int64_t weights = 0;
  double error = 0, quantized = 0, zero = 0;
  std::map<std::string, double> details;  // What else the line says in numbers, by its word.
};

// Of a quantizer of activations.
struct ActivationLine {
  double epoch = 0, saturated = 0, zero = 0, scale = 0;
};

struct Histogram {
  double low = 0, high = 0;
  std::vector<int64_t> counts;
};

struct Layer {
  std::string name;
  std::vector<LayerLine> lines;  // Rising in epoch.
  std::optional<Histogram> start, end;
};

struct ActivationQuantizer {
  std::string name;
  std::vector<ActivationLine> lines;  // Rising in epoch.
};

struct FinalLine {
  double epoch = 0, test_loss = 0, best_epoch = 0, seconds = 0;
  int64_t iteration = 0;
  std::string measure;  // What the tests measured: a word of core/measure.h.
  double test_score = 0, best_test_score = 0;
};

struct SizeLine {
  int64_t float_bytes = 0;
  std::optional<int64_t> packed_bytes;
  std::optional<double> bits_per_weight;
};

struct Run {
  std::string folder;
  RunInfo info;
  std::string recipe;  // The text of recipe.toml.
  std::vector<StepLine> steps;
  std::vector<EpochLine> epochs;
  std::vector<Layer> layers;  // In order of first appearance.
  std::vector<ActivationQuantizer> activations;
  std::optional<FinalLine> final;  // None: unfinished.
  std::optional<SizeLine> size;
  std::vector<std::string> notes;  // What a reader of the page should know: "the last line was cut off".
};

// Whether the run came to its end, its packed network included, which is the last thing that is written.
bool IsFinished(const Run& run);

// Reads and checks the three files of a run. Errors: folder or file missing, not JSON, a key missing, of a wrong type
// or out of range, an unknown kind of line, lines out of order: each with file, line and rule.
Result<Run> ReadRun(const std::string& folder);

// One metrics.jsonl into `run`. `name` stands for the file in messages.
Status ParseMetrics(const std::string& text, const std::string& name, Run* run);

// One run.json. `name` stands for the file in messages.
Result<RunInfo> ParseRunInfo(const std::string& text, const std::string& name);

}  // namespace lowbit::report

#endif  // LOWBIT_REPORT_RUN_H_
