#include "lowbit/report/run.h"

#include <algorithm>

#include "lowbit/base/file.h"
#include "lowbit/base/suggest.h"
#include "lowbit/core/measure.h"
#include "lowbit/report/json_fields.h"

namespace lowbit::report {
namespace {

using nlohmann::json;

constexpr uint64_t kMaxMetricsBytes = uint64_t{1} << 28;
constexpr size_t kMaxBins = 4096;

// Later lines must lie later in the run.
template <typename Line, typename Position>
void CheckRises(const std::vector<Line>& lines, const Line& line, Position Line::*position, const std::string& key,
                JsonFields* fields) {
  if (lines.empty() || line.*position > lines.back().*position) return;
  fields->Reject(key, "larger than in the line of this kind before it");
}

void ReadStep(JsonFields* fields, Run* run) {
  StepLine line;
  line.iteration = fields->Count("iteration");
  line.epoch = fields->Number("epoch", 0);
  line.loss = fields->Number("loss");
  line.learning_rate = fields->Number("learning_rate", 0);
  line.ratio = fields->Number("ratio", 0, 1);
  line.accuracy = fields->OptionalNumber("accuracy", 0, 1);
  line.images_per_second = fields->OptionalNumber("images_per_second", 0);
  CheckRises(run->steps, line, &StepLine::iteration, "iteration", fields);
  run->steps.push_back(line);
}

std::optional<double> OptionalScore(const TestMeasure& measure, const char* prefix, JsonFields* fields) {
  const std::string key = std::string(prefix) + measure.word;
  return measure.is_share ? fields->OptionalNumber(key, 0, 1) : fields->OptionalNumber(key, 0);
}

double Score(const TestMeasure& measure, const char* prefix, JsonFields* fields) {
  const std::string key = std::string(prefix) + measure.word;
  return measure.is_share ? fields->Number(key, 0, 1) : fields->Number(key, 0);
}

void ReadEpoch(JsonFields* fields, Run* run) {
  EpochLine line;
  line.epoch = fields->Number("epoch", 0);
  line.iteration = fields->Count("iteration");
  line.stage = fields->OptionalCount("stage").value_or(0);
  line.train_loss = fields->Number("train_loss");
  line.train_accuracy = fields->OptionalNumber("train_accuracy", 0, 1);
  line.test_loss = fields->OptionalNumber("test_loss");
  for (const TestMeasure& measure : TestMeasures()) {
    const auto score = OptionalScore(measure, "test_", fields);
    if (score.has_value()) line.scores[measure.word] = *score;
  }
  line.ratio = fields->Number("ratio", 0, 1);
  line.seconds = fields->Number("seconds", 0);
  CheckRises(run->epochs, line, &EpochLine::epoch, "epoch", fields);
  run->epochs.push_back(line);
}

// Of layers, or of quantizers of activations.
template <typename Named>
Named* FindOrAdd(const std::string& name, std::vector<Named>* all) {
  for (Named& one : *all) {
    if (one.name == name) return &one;
  }
  all->emplace_back();
  all->back().name = name;
  return &all->back();
}

void ReadLayer(JsonFields* fields, Run* run) {
  LayerLine line;
  Layer* layer = FindOrAdd(fields->Text("layer"), &run->layers);
  line.epoch = fields->Number("epoch", 0);
  line.weights = fields->Count("weights", 1);
  line.error = fields->Number("error", 0);
  line.quantized = fields->Number("quantized", 0, 1);
  line.zero = fields->Number("zero", 0, 1);
  line.details = fields->OtherNumbers({"epoch", "weights", "error", "quantized", "zero"});
  CheckRises(layer->lines, line, &LayerLine::epoch, "epoch", fields);
  layer->lines.push_back(line);
}

void ReadActivation(JsonFields* fields, Run* run) {
  ActivationLine line;
  ActivationQuantizer* quantizer = FindOrAdd(fields->Text("node"), &run->activations);
  line.epoch = fields->Number("epoch", 0);
  line.saturated = fields->Number("saturated", 0, 1);
  line.zero = fields->Number("zero", 0, 1);
  line.scale = fields->Number("scale");
  CheckRises(quantizer->lines, line, &ActivationLine::epoch, "epoch", fields);
  quantizer->lines.push_back(line);
}

void ReadHistogram(JsonFields* fields, Run* run) {
  Histogram histogram;
  Layer* layer = FindOrAdd(fields->Text("layer"), &run->layers);
  histogram.low = fields->Number("low");
  histogram.high = fields->Number("high");
  histogram.counts = fields->Counts("counts", 1, kMaxBins);
  if (histogram.low >= histogram.high) fields->Reject("high", "larger than 'low'");
  const std::string when = fields->Text("when");
  if (when != "start" && when != "end") fields->Reject("when", "start or end");
  (when == "start" ? layer->start : layer->end) = std::move(histogram);
}

void ReadFinal(JsonFields* fields, Run* run) {
  FinalLine line;
  line.epoch = fields->Number("epoch", 0);
  line.iteration = fields->Count("iteration");
  line.test_loss = fields->Number("test_loss");
  const TestMeasure* measured = &TestMeasures().front();  // Which the line must have if it has no other.
  for (const TestMeasure& measure : TestMeasures()) {
    if (OptionalScore(measure, "test_", fields).has_value()) measured = &measure;
  }
  line.measure = measured->word;
  line.test_score = Score(*measured, "test_", fields);
  line.best_test_score = Score(*measured, "best_test_", fields);
  line.best_epoch = fields->Number("best_epoch", 0);
  line.seconds = fields->Number("seconds", 0);
  run->final = line;
}

void ReadSize(JsonFields* fields, Run* run) {
  SizeLine line;
  line.float_bytes = fields->Count("float_bytes", 1);
  if (fields->OptionalCount("packed_bytes")) line.packed_bytes = fields->Count("packed_bytes", 1);
  line.bits_per_weight = fields->OptionalNumber("bits_per_weight", 0, 64);
  run->size = line;
}

struct Kind {
  const char* name;
  void (*read)(JsonFields* fields, Run* run);
};
constexpr Kind kKinds[] = {
    {"step", ReadStep},           {"epoch", ReadEpoch}, {"layer", ReadLayer}, {"activation", ReadActivation},
    {"histogram", ReadHistogram}, {"final", ReadFinal}, {"size", ReadSize}};

Status ReadLine(const json& object, const std::string& where, Run* run) {
  JsonFields fields(object, where);
  const std::string name = fields.Text("kind");
  LOWBIT_RETURN_IF_ERROR(fields.status());
  std::vector<std::string> known;
  for (const Kind& kind : kKinds) {
    known.emplace_back(kind.name);
    if (name != kind.name) continue;
    kind.read(&fields, run);
    return fields.status();
  }
  return Invalid(where + ": " + UnknownName("kind of line", name, known));
}

}  // namespace

bool IsFinished(const Run& run) { return run.final.has_value() && run.size.has_value(); }

Status ParseMetrics(const std::string& text, const std::string& name, Run* run) {
  int64_t line_number = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t line_feed = text.find('\n', begin);
    const bool is_whole = line_feed != std::string::npos;
    const size_t end = is_whole ? line_feed : text.size();
    const std::string where = name + ":" + std::to_string(++line_number);
    const Result<json> object = ParseJsonObject(text.substr(begin, end - begin), where);
    begin = end + 1;
    if (object.ok()) {
      LOWBIT_RETURN_IF_ERROR(ReadLine(object.value(), where, run));
    } else if (is_whole) {
      return object.error();
    } else {
      run->notes.push_back("The last line of metrics.jsonl (line " + std::to_string(line_number) +
                           ") was cut off and is ignored.");
    }
  }
  return Ok();
}

Result<RunInfo> ParseRunInfo(const std::string& text, const std::string& name) {
  LOWBIT_TRY(const json object, ParseJsonObject(text, name));
  JsonFields fields(object, name);
  RunInfo info;
  info.lowbit = fields.OptionalText("lowbit");
  info.commit = fields.OptionalText("commit");
  info.name = fields.Text("name");
  info.description = fields.OptionalText("description");
  info.method = fields.Text("method");
  info.device = fields.OptionalText("device");
  info.libtorch = fields.OptionalText("libtorch");
  info.seed = fields.OptionalCount("seed");
  info.threads = fields.OptionalCount("threads");
  JsonFields dataset(fields.Object("dataset"), name + ": dataset");
  JsonFields model(fields.Object("model"), name + ": model");
  LOWBIT_RETURN_IF_ERROR(fields.status());
  info.dataset.name = dataset.Text("name");
  info.dataset.path = dataset.OptionalText("path");
  info.dataset.warnings = dataset.OptionalTexts("warnings");
  info.dataset.train = dataset.Count("train");
  info.dataset.test = dataset.Count("test");
  info.dataset.classes = dataset.Count("classes");
  info.dataset.image = dataset.Counts("image", 3, 3);
  LOWBIT_RETURN_IF_ERROR(dataset.status());
  info.model.name = model.Text("name");
  info.model.weights = model.Count("weights");
  info.model.parameters = model.OptionalCount("parameters");
  info.model.macs = model.OptionalCount("macs");
  LOWBIT_RETURN_IF_ERROR(model.status());
  return info;
}

Result<Run> ReadRun(const std::string& folder) {
  const std::string info_path = folder + "/run.json", metrics_path = folder + "/metrics.jsonl";
  if (!FileExists(info_path)) {
    return Invalid(folder + ": not the folder of a run that 'lowbit train' wrote: no run.json in it");
  }
  Run run;
  run.folder = folder;
  LOWBIT_TRY(const std::string info, ReadTextFile(info_path));
  LOWBIT_TRY(run.info, ParseRunInfo(info, info_path));
  LOWBIT_TRY(run.recipe, ReadTextFile(folder + "/recipe.toml"));
  LOWBIT_TRY(const std::string metrics, ReadTextFile(metrics_path, kMaxMetricsBytes));
  LOWBIT_RETURN_IF_ERROR(ParseMetrics(metrics, metrics_path, &run));
  return run;
}

}  // namespace lowbit::report
