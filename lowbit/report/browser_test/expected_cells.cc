#include "lowbit/report/browser_test/expected_cells.h"

#include "lowbit/report/browser_test/page_reading.h"

namespace lowbit::report {
namespace {

using nlohmann::json;

void ExpectEpoch(const json& line, int run, Cells* cells) {
  for (const char* key : {"test_accuracy", "train_accuracy", "test_loss", "train_loss"}) {
    if (line.contains(key)) (*cells)[TableKey(key, "", run, line["epoch"], "")] = line[key];
  }
}

void ExpectStep(const json& line, int run, Cells* cells) {
  (*cells)[TableKey("step_loss", "", run, line["epoch"], "")] = line["loss"];
  (*cells)[TableKey("learning_rate", "", run, line["epoch"], "")] = line["learning_rate"];
  (*cells)[TableKey("ratio", "", run, line["epoch"], "")] = line["ratio"];
}

void ExpectLayer(const json& line, int run, Cells* cells) {
  for (const char* key : {"error", "quantized", "zero", "changed"}) {
    if (line.contains(key)) {
      (*cells)[TableKey(std::string("layer_") + key, line["layer"], run, line["epoch"], "")] = line[key];
    }
  }
}

void ExpectActivation(const json& line, int run, Cells* cells) {
  for (const char* key : {"saturated", "zero", "scale"}) {
    (*cells)[TableKey(std::string("activation_") + key, line["node"], run, line["epoch"], "")] = line[key];
  }
}

void ExpectHistogram(const json& line, int run, Cells* cells) {
  const std::string when = line["when"];
  const double low = line["low"], high = line["high"];
  const size_t bins = line["counts"].size();
  // The same two operations in the same order as in the page, hence the same doubles.
  const double width = (high - low) / static_cast<double>(bins);
  for (size_t k = 0; k < bins; ++k) {
    const auto x = static_cast<double>(k);
    (*cells)[TableKey("histogram", line["layer"], run, x, when + "-low")] = low + x * width;
    (*cells)[TableKey("histogram", line["layer"], run, x, when + "-high")] = low + (x + 1) * width;
    (*cells)[TableKey("histogram", line["layer"], run, x, when + "-count")] = line["counts"][k];
  }
}

void ExpectFinal(const json& line, int run, Cells* cells) {
  for (const char* key :
       {"epoch", "iteration", "test_loss", "test_accuracy", "best_test_accuracy", "best_epoch", "seconds"}) {
    (*cells)[TableKey("summary", "", run, -1, key)] = line[key];
  }
}

void ExpectSize(const json& line, int run, Cells* cells) {
  for (const char* key : {"float_bytes", "packed_bytes", "bits_per_weight"}) {
    if (!line.contains(key)) continue;
    (*cells)[TableKey("summary", "", run, -1, key)] = line[key];
    (*cells)[TableKey("size", "", run, -1, key)] = line[key];
  }
  if (!line.contains("packed_bytes")) return;
  (*cells)[TableKey("summary", "", run, -1, "compression")] =
      line["float_bytes"].get<double>() / line["packed_bytes"].get<double>();
}

// Of a run without a final line, its last epoch.
void ExpectUnfinished(const std::vector<json>& metrics, int run, Cells* cells) {
  json last, best;
  for (const json& line : metrics) {
    if (line["kind"] != "epoch") continue;
    last = line;
    if (best.is_null() || line["test_accuracy"] > best["test_accuracy"]) best = line;
  }
  last["best_test_accuracy"] = best["test_accuracy"];
  last["best_epoch"] = best["epoch"];
  ExpectFinal(last, run, cells);
}

}  // namespace

Cells ExpectedCells(const std::vector<SampleRun>& samples) {
  Cells cells;
  for (size_t i = 0; i < samples.size(); ++i) {
    const int run = static_cast<int>(i);
    cells[TableKey("summary", "", run, -1, "weights")] = samples[i].info["model"]["weights"];
    bool is_finished = false;
    for (const json& line : samples[i].metrics) {
      const std::string kind = line["kind"];
      if (kind == "epoch") ExpectEpoch(line, run, &cells);
      if (kind == "step") ExpectStep(line, run, &cells);
      if (kind == "layer") ExpectLayer(line, run, &cells);
      if (kind == "activation") ExpectActivation(line, run, &cells);
      if (kind == "histogram") ExpectHistogram(line, run, &cells);
      if (kind == "final") ExpectFinal(line, run, &cells);
      if (kind == "size") ExpectSize(line, run, &cells);
      is_finished = is_finished || kind == "final";
    }
    if (!is_finished) ExpectUnfinished(samples[i].metrics, run, &cells);
  }
  return cells;
}

}  // namespace lowbit::report
