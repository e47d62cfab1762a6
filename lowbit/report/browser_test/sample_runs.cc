#include "lowbit/report/browser_test/sample_runs.h"

#include <gtest/gtest.h>

#include <cmath>

#include "lowbit/base/file.h"
#include "lowbit/base/random.h"

namespace lowbit::report {
namespace {

using nlohmann::json;

constexpr int kEpochs = 6, kStepsOfEpoch = 469, kStepsOfLine = 50;
constexpr const char* kLayers[] = {"conv1", "conv2", "conv3", "fc<i>1</i>"};

struct Character {
  const char* name;
  const char* method;
  double best, error;
  int epochs;
  bool quantized, ramp;
};

double RatioAt(const Character& c, double epoch) {
  if (!c.quantized) return 0;
  const double progress = epoch / kEpochs;
  if (!c.ramp || progress >= 0.6) return 1;
  return progress < 0.2 ? 0.5 : progress < 0.4 ? 0.75 : 0.875;
}

double RateAt(double epoch) { return 0.05 * (1 + std::cos(3.141592653589793 * epoch / kEpochs)); }

json Info(const Character& c) {
  return {{"lowbit", "0.1.0"},
          {"commit", "0123abc"},
          {"name", c.name},
          {"description", "Small convolutional network, an invented run"},
          {"dataset",
           {{"name", "fashion-mnist"},
            {"path", "data"},
            {"warnings", {"checksum of <b>t10k-labels</b> differs from the published one"}},
            {"train", 60000},
            {"test", 10000},
            {"classes", 10},
            {"image", {1, 28, 28}}}},
          {"model", {{"name", "small"}, {"weights", 98304}, {"parameters", 98762}, {"macs", 4213760}}},
          {"method", c.method},
          {"seed", 1},
          {"threads", 2},
          {"device", "cpu"},
          {"libtorch", "1.13.1"}};
}

void AddSteps(const Character& c, const CounterRandom& random, std::vector<json>* metrics) {
  for (int i = kStepsOfLine; i <= c.epochs * kStepsOfEpoch; i += kStepsOfLine) {
    const double epoch = static_cast<double>(i) / kStepsOfEpoch;
    metrics->push_back({{"kind", "step"},
                        {"iteration", i},
                        {"epoch", epoch},
                        {"stage", 0},
                        {"loss", 0.3 + 1.9 * std::exp(-epoch) + 0.05 * random.Normal(i)},
                        {"accuracy", 0.8},
                        {"learning_rate", RateAt(epoch)},
                        {"ratio", RatioAt(c, epoch)},
                        {"images_per_second", 5000 + 100 * random.Uniform(i)}});
  }
}

void AddLayers(const Character& c, const CounterRandom& random, int epoch, std::vector<json>* metrics) {
  for (int layer = 0; c.quantized && layer < 4; ++layer) {
    metrics->push_back(
        {{"kind", "layer"},
         {"epoch", epoch},
         {"layer", kLayers[layer]},
         {"weights", 144 << (2 * layer)},
         {"error", c.error + 0.05 * layer + 0.2 * std::exp(-epoch) + 0.01 * random.Normal(epoch * 8 + layer)},
         {"quantized", RatioAt(c, epoch)},
         {"zero", 0.4 + 0.01 * layer + 0.005 * epoch}});
    // The first epoch has nothing to compare its codes with.
    if (epoch > 1) metrics->back()["changed"] = 0.3 / epoch + 0.01 * layer;
  }
}

void AddActivations(const Character& c, int epoch, std::vector<json>* metrics) {
  for (int node = 0; c.ramp && node < 2; ++node) {
    metrics->push_back({{"kind", "activation"},
                        {"epoch", epoch},
                        {"node", node == 0 ? "relu1/quant" : "relu2/quant"},
                        {"saturated", 0.02 + 0.001 * epoch + 0.01 * node},
                        {"zero", 0.5 - 0.01 * epoch},
                        {"scale", 0.125 + 0.01 * epoch}});
  }
}

double AccuracyAt(const Character& c, const CounterRandom& random, int epoch) {
  return std::floor(1e4 * (c.best - 0.2 * std::exp(-0.8 * epoch) - 0.004 * random.Uniform(epoch))) / 1e4;
}

void AddEpochs(const Character& c, const CounterRandom& random, std::vector<json>* metrics) {
  for (int epoch = 1; epoch <= c.epochs; ++epoch) {
    json line = {{"kind", "epoch"},
                 {"epoch", epoch},
                 {"iteration", epoch * kStepsOfEpoch},
                 {"stage", 0},
                 {"train_loss", 0.28 + 1.1 * std::exp(-epoch) + 0.01 * random.Uniform(epoch)},
                 {"train_accuracy", c.best - 0.3 * std::exp(-epoch)},
                 {"test_loss", 0.26 + 0.8 * std::exp(-epoch) + 0.02 * random.Uniform(epoch + 50)},
                 {"test_accuracy", AccuracyAt(c, random, epoch)},
                 {"ratio", RatioAt(c, epoch)},
                 {"seconds", 17.3 * epoch}};
    // As with train.evaluate_every = 2.
    if (c.ramp && epoch % 2 == 1) {
      line.erase("test_loss");
      line.erase("test_accuracy");
    }
    metrics->push_back(line);
    AddLayers(c, random, epoch, metrics);
    AddActivations(c, epoch, metrics);
  }
}

void AddHistograms(const char* when, double width, std::vector<json>* metrics) {
  for (int layer = 0; layer < 4; ++layer) {
    std::vector<int> counts;
    const double range = width / (1 + layer);
    for (int bin = 0; bin < 40; ++bin) {
      const double z = (bin - 19.5) / 8,
                   hump = when[0] == 'e' ? std::exp(-4 * (std::fabs(z) - 1) * (std::fabs(z) - 1)) : 0;
      counts.push_back(static_cast<int>((144 << (2 * layer)) * (std::exp(-z * z / 2) + hump) / 20));
    }
    metrics->push_back({{"kind", "histogram"},
                        {"when", when},
                        {"layer", kLayers[layer]},
                        {"low", -range},
                        {"high", range},
                        {"counts", counts}});
  }
}

void AddEnd(const Character& c, std::vector<json>* metrics) {
  AddHistograms("end", 0.5, metrics);
  double best = 0, last = 0, last_loss = 0;
  json best_epoch;
  for (const json& line : *metrics) {
    if (line["kind"] != "epoch" || !line.contains("test_accuracy")) continue;
    last = line["test_accuracy"];
    last_loss = line["test_loss"];
    if (last > best) best_epoch = line["epoch"];
    best = std::max(best, last);
  }
  metrics->push_back({{"kind", "final"},
                      {"epoch", kEpochs},
                      {"iteration", kEpochs * kStepsOfEpoch},
                      {"test_loss", last_loss},
                      {"test_accuracy", last},
                      {"best_test_accuracy", best},
                      {"best_epoch", best_epoch},
                      {"seconds", 103.8125}});
  metrics->push_back({{"kind", "size"}, {"float_bytes", 395048}});
  if (c.quantized) {
    metrics->push_back(
        {{"kind", "size"}, {"float_bytes", 395048}, {"packed_bytes", 26311}, {"bits_per_weight", 1.6015625}});
  }
}

SampleRun Sample(const Character& c, uint64_t seed) {
  const CounterRandom random(seed, StreamOf("sample run"));
  SampleRun run;
  run.info = Info(c);
  run.recipe = std::string("name = \"") + c.name + "\"\n\n[train]\nepochs = 6\nlearning_rate = 0.1\n";
  AddHistograms("start", 0.3, &run.metrics);
  AddSteps(c, random, &run.metrics);
  AddEpochs(c, random, &run.metrics);
  if (c.epochs == kEpochs) AddEnd(c, &run.metrics);
  return run;
}

}  // namespace

std::vector<SampleRun> SampleRuns() {
  std::vector<SampleRun> runs = {
      Sample({"fashion-mnist/small-float", "float", 0.915, 0, kEpochs, false, false}, 1),
      Sample({"</script><script>window.broken = true</script><img src=x onerror=\"window.broken = true\">", "sq(twn)",
              0.906, 0.35, kEpochs, true, true},
             2),
      Sample({"fashion-mnist/small-twn", "twn", 0.899, 0.4, 4, true, false}, 3)};
  runs[2].rest = "{\"kind\":\"step\",\"iteration\":19";
  return runs;
}

SampleSweep MakeSampleSweep() {
  SampleSweep sweep;
  sweep.index = {{"name", "invented/<i>study</i>"}, {"threads", 1}, {"runs", json::array()}};
  const Character characters[] = {{"twn", "twn", 0.9, 0.4, kEpochs, true, false},
                                  {"float", "float", 0.92, 0, kEpochs, false, false}};
  for (const Character& c : characters) {
    for (const uint64_t seed : {1, 2, 3}) {
      const std::string name = std::string(c.name) + ",seed=" + std::to_string(seed);
      sweep.index["runs"].push_back({{"name", name}, {"group", c.name}, {"seed", seed}});
      const bool is_float = c.method == std::string("float");
      if (is_float && seed == 3) continue;
      const std::string full = "invented/study/" + name;
      Character run = c;
      run.name = full.c_str();
      if (is_float && seed == 2) run.epochs = 4;
      sweep.runs.push_back(Sample(run, 10 * seed + (is_float ? 1 : 0)));
    }
  }
  return sweep;
}

void WriteSampleSweep(const SampleSweep& sweep, const std::string& folder) {
  for (const SampleRun& run : sweep.runs) {
    const std::string name = run.info["name"];
    WriteSampleRun(run, folder + name.substr(name.rfind('/')));
  }
  ASSERT_TRUE(WriteFileAtomic(folder + "/sweep.json", sweep.index.dump()).ok());
}

void WriteSampleRun(const SampleRun& run, const std::string& folder) {
  std::string metrics;
  for (const json& line : run.metrics) metrics += line.dump() + "\n";
  ASSERT_TRUE(MakeFolders(folder).ok());
  ASSERT_TRUE(WriteFileAtomic(folder + "/run.json", run.info.dump(1)).ok());
  ASSERT_TRUE(WriteFileAtomic(folder + "/recipe.toml", run.recipe).ok());
  ASSERT_TRUE(WriteFileAtomic(folder + "/metrics.jsonl", metrics + run.rest).ok());
}

}  // namespace lowbit::report
