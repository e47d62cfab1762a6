#include "lowbit/app/compress_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "lowbit/app/evaluate_file.h"
#include "lowbit/app/file_data.h"
#include "lowbit/app/output_file.h"
#include "lowbit/app/text.h"
#include "lowbit/app/training_module.h"
#include "lowbit/base/checksum.h"
#include "lowbit/base/error_in.h"
#include "lowbit/base/file.h"
#include "lowbit/format/lbm/lbm.h"

namespace lowbit::app {
namespace {

using quant::product::LayerPlan;
using quant::product::NetworkPlan;

Result<NetworkPlan> MakePlan(const Graph& graph, const CompressOptions& options) {
  if (options.budget_bits == 0) return PlanNetwork(graph, options.rules);
  return PlanForBudget(graph, options.rules, options.budget_bits);
}

Result<data::Dataset> LoadImages(const CompressFileRequest& request) {
  LOWBIT_TRY(const Classifier classifier, Classifier::LoadAny(request.file, request.threads));
  return LoadFileImages(classifier, request.file, request.data);
}

// Of the layer as it is stored: codes in whole bytes a row, the codebook, its scale.
int64_t StoredBytes(const Inspection& file, const std::string& weight) {
  for (const InspectedLayer& layer : file.layers) {
    if (layer.name == weight) return layer.bytes + layer.scale_bytes + layer.table_bytes;
  }
  return 0;
}

// What a partial file must agree with to be continued.
constexpr const char* kBegunKey = "compress";

Result<std::string> Begun(const CompressFileRequest& request) {
  LOWBIT_TRY(const MappedFile file, MappedFile::Open(request.file));
  const Span<const uint8_t> bytes(file.data(), file.size());
  return fmt::format("{} {} {} {} {}", Xxh64({bytes}), request.data, request.regime, request.budget,
                     fmt::join(request.settings, " "));
}

// The layers that an interrupted call left; nothing where there was none.
Result<std::optional<Graph>> ReadPartial(const std::string& path, const std::string& begun) {
  if (!FileExists(path)) return std::optional<Graph>();
  LOWBIT_TRY(Graph graph, lbm::Read(path));
  if (graph.metadata[kBegunKey] != begun) {
    return Invalid(path + ": was begun with another network, data set or settings; remove it or leave out --resume");
  }
  graph.metadata.erase(kBegunKey);
  return std::optional<Graph>(std::move(graph));
}

Status WritePartial(Graph graph, const std::string& path, const std::string& begun) {
  graph.metadata[kBegunKey] = begun;
  return lbm::Write(graph, path);
}

// The options with what trains codebooks, if that is wanted.
Result<compress::ProductOptions> WithTuning(const CompressOptions& options, const Graph& teacher,
                                            const data::Dataset* dataset) {
  compress::ProductOptions product = options.product;
  if (options.tuning.steps == 0) return product;
  if (dataset == nullptr) return Invalid("layer_steps needs images to train on; --data none has none");
  LOWBIT_TRY(TrainingModule * module, LoadTrainingModule());
  TunerRequest request;
  request.teacher = &teacher;
  request.images = &dataset->train;
  request.tuning = options.tuning;
  request.seed = options.product.seed;
  request.threads = options.product.threads;
  LOWBIT_TRY(product.tune, module->MakeTuner(request));
  return product;
}

Status Quantize(const CompressFileRequest& request, const CompressOptions& options, const Graph& graph,
                const data::Dataset* dataset, CompressedFile* result, Graph* quantized) {
  const std::string partial = PartialPath(request.out);
  LOWBIT_TRY(const std::string begun, Begun(request));
  std::optional<Graph> done;
  if (request.resume) {
    LOWBIT_TRY(done, ReadPartial(partial, begun));
  }
  const auto progress = [&](int64_t i, int64_t of, const compress::ProductNetwork& network) -> Status {
    if (i > 0) LOWBIT_RETURN_IF_ERROR(WritePartial(network.graph, partial, begun));
    if (request.progress != nullptr) {
      request.progress(i, of, i < of ? result->plan.layers[static_cast<size_t>(i)].layer : "");
    }
    return Ok();
  };
  LOWBIT_TRY(const compress::ProductOptions product, WithTuning(options, graph, dataset));
  auto network = QuantizeProduct(graph, result->plan, dataset == nullptr ? nullptr : &dataset->train, product, progress,
                                 done.has_value() ? &*done : nullptr);
  if (!network.ok()) return ErrorIn(request.file, network.error());
  result->layers = network.value().layers;
  result->samples = network.value().samples;
  *quantized = std::move(network.value().graph);
  return lbm::Write(*quantized, request.out);
}

// Of all codebooks together, after the layers' own stage.
FinetuningRequest FinetuningOf(const CompressFileRequest& request, const Graph& graph) {
  FinetuningRequest tuning;
  tuning.finetuning = request.finetuning;
  tuning.out = request.out;
  tuning.teacher = request.file;
  tuning.data = request.data;
  const auto named = graph.metadata.find("dataset");
  if (tuning.data.empty() && named != graph.metadata.end()) tuning.data = named->second;
  tuning.threads = request.threads;
  tuning.resume = request.resume;
  tuning.quiet = request.quiet;
  return tuning;
}

// What must hold before hours of work.
Status CheckBefore(const CompressFileRequest& request, const Graph& graph) {
  LOWBIT_RETURN_IF_ERROR(CheckOutput(request.out, {request.file, request.finetuning.recipe}, ".lbm"));
  if (!request.finetuning.wanted()) return Ok();
  if (request.data == "none" && request.finetuning.recipe.empty()) {
    return Invalid("--epochs needs labelled images to train on; --data none has none");
  }
  return CheckFinetuning(FinetuningOf(request, graph));
}

// Of a set that was loaded for the statistics alone: whether it can be trained on too.
Status CheckLabels(const CompressFileRequest& request, const data::Dataset& dataset) {
  if (request.finetuning.epochs == 0 || !request.finetuning.recipe.empty() || dataset.classes > 0) return Ok();
  return Invalid("--epochs needs labelled images to train on; '" + dataset.name +
                 "' has no labels (--finetune RECIPE with distill.weight = 1 needs none)");
}

}  // namespace

std::string PartialPath(const std::string& out) { return out + ".partial"; }

Result<CompressedFile> CompressFile(const CompressFileRequest& request) {
  LOWBIT_TRY(CompressOptions options, ReadCompressOptions(request.regime, request.budget, request.settings));
  options.product.threads = request.threads;
  LOWBIT_TRY(const Graph graph, lbm::Read(request.file));
  CompressedFile result;
  result.file = request.file;
  auto plan = MakePlan(graph, options);
  if (!plan.ok()) return ErrorIn(request.file, plan.error());
  result.plan = std::move(plan).value();
  if (request.dry_run) return result;
  LOWBIT_RETURN_IF_ERROR(CheckBefore(request, graph));

  std::optional<data::Dataset> dataset;
  if (request.data != "none") {
    LOWBIT_TRY(dataset, LoadImages(request));
    result.dataset = dataset->name;
    result.warnings = dataset->warnings;
    LOWBIT_RETURN_IF_ERROR(CheckLabels(request, *dataset));
  }
  Graph quantized;
  LOWBIT_RETURN_IF_ERROR(
      Quantize(request, options, graph, dataset.has_value() ? &*dataset : nullptr, &result, &quantized));
  if (dataset.has_value() && !dataset->train.Damage().empty()) result.warnings.push_back(dataset->train.Damage());
  const bool tests = dataset.has_value() && dataset->classes > 0 && request.accuracy;
  dataset.reset();
  if (tests) {
    LOWBIT_TRY(result.before, EvaluateFile(request.file, request.data, request.threads));
    LOWBIT_TRY(result.after, EvaluateFile(request.out, request.data, request.threads));
  }
  if (request.finetuning.wanted()) {
    LOWBIT_RETURN_IF_ERROR(FinetuneCompressed(FinetuningOf(request, graph), result.plan, quantized));
    result.fitted = std::move(result.after);
    result.after.reset();
    if (tests) {
      LOWBIT_TRY(result.after, EvaluateFile(request.out, request.data, request.threads));
    }
  }
  LOWBIT_TRY(result.written, Inspect(request.out));
  std::remove(PartialPath(request.out).c_str());
  return result;
}

namespace {

std::string Percent(double share) { return share < 0 ? "-" : fmt::format("{:.2f} %", 100 * share); }

std::string LayerTable(const CompressedFile& file) {
  std::vector<std::vector<std::string>> rows = {
      {"layer", "weights", "blocks", "codebook", "bytes before", "planned", "stored", "weight error", "output error"}};
  const bool tuned =
      std::any_of(file.layers.begin(), file.layers.end(), [](const auto& l) { return l.tuned_error >= 0; });
  if (tuned) rows[0].push_back("after fine-tuning");
  for (size_t i = 0; i < file.plan.layers.size(); ++i) {
    const LayerPlan& plan = file.plan.layers[i];
    const compress::ProductLayer* layer = i < file.layers.size() ? &file.layers[i] : nullptr;
    const int codewords = layer != nullptr ? layer->codewords : plan.centroids;
    rows.push_back({plan.layer, Grouped(Elements(plan.shape)), Grouped(plan.Blocks()),
                    fmt::format("{} x {}", codewords, plan.block), Grouped(plan.DenseBits() / 8),
                    Grouped((plan.Bits() + 7) / 8),
                    file.written.has_value() ? Grouped(StoredBytes(*file.written, plan.weight)) : "-",
                    layer == nullptr || layer->kept ? "-" : Percent(layer->weight_error),
                    layer == nullptr ? "-" : Percent(layer->output_error)});
    if (tuned) rows.back().push_back(Percent(layer->tuned_error));
  }
  return TextTable(rows);
}

std::string Accuracies(const CompressedFile& file) {
  std::string text = "accuracy " + Percent(file.before->accuracy()) + " before, ";
  if (file.fitted.has_value()) text += Percent(file.fitted->accuracy()) + " with its layers fitted, ";
  return text + fmt::format("{} after, on {} test images of {}\n", Percent(file.after->accuracy()), file.before->images,
                            file.before->dataset);
}

}  // namespace

std::string ToText(const CompressedFile& file) {
  std::string text;
  for (const std::string& warning : file.warnings) text += "warning: " + warning + "\n";
  text += LayerTable(file);
  const NetworkPlan& plan = file.plan;
  text += fmt::format("\n{} bits: {} of codes, {} of codebooks in {}, {} of floats; {} bytes, 1/{:.1f} of {}\n",
                      Grouped(plan.TotalBits()), Grouped(plan.IndexBits()), Grouped(plan.CodebookBits()),
                      plan.layers[0].codebook.Name(), Grouped(plan.other_bits), Grouped((plan.TotalBits() + 7) / 8),
                      static_cast<double>(plan.dense_bits) / static_cast<double>(plan.TotalBits()),
                      Grouped(plan.dense_bits / 8));
  if (!file.written.has_value()) return text;
  text += fmt::format("{}: {} bytes", file.written->path, Grouped(file.written->file_bytes));
  text += file.samples == 0 ? "; fitted to the weights alone\n"
                            : fmt::format("; fitted on {} training images of {}\n", file.samples, file.dataset);
  if (!file.before.has_value()) return text;
  return text + Accuracies(file);
}

std::string ToJson(const CompressedFile& file) {
  nlohmann::ordered_json layers = nlohmann::ordered_json::array();
  for (size_t i = 0; i < file.plan.layers.size(); ++i) {
    const LayerPlan& plan = file.plan.layers[i];
    nlohmann::ordered_json layer = {{"layer", plan.layer},
                                    {"block", plan.block},
                                    {"centroids", plan.centroids},
                                    {"bits_before", plan.DenseBits()},
                                    {"bits", plan.Bits()},
                                    {"index_bits", plan.IndexBits()},
                                    {"codebook_bits", plan.CodebookBits()}};
    if (i < file.layers.size()) {
      layer["codewords"] = file.layers[i].codewords;
      if (!file.layers[i].kept) layer["weight_error"] = file.layers[i].weight_error;
      if (file.layers[i].output_error >= 0) layer["output_error"] = file.layers[i].output_error;
      if (file.layers[i].tuned_error >= 0) layer["tuned_error"] = file.layers[i].tuned_error;
      layer["stored_bytes"] = StoredBytes(*file.written, plan.weight);
    }
    layers.push_back(layer);
  }
  nlohmann::ordered_json json = {{"path", file.file},
                                 {"bits_before", file.plan.dense_bits},
                                 {"bits", file.plan.TotalBits()},
                                 {"index_bits", file.plan.IndexBits()},
                                 {"codebook_bits", file.plan.CodebookBits()},
                                 {"codebook", file.plan.layers[0].codebook.Name()},
                                 {"float_bits", file.plan.other_bits},
                                 {"warnings", file.warnings},
                                 {"layers", layers}};
  if (file.written.has_value()) {
    json["written"] = file.written->path;
    json["file_bytes"] = file.written->file_bytes;
    json["dataset"] = file.dataset;
    json["samples"] = file.samples;
  }
  if (file.before.has_value()) {
    json["accuracy_before"] = file.before->accuracy();
    if (file.fitted.has_value()) json["accuracy_fitted"] = file.fitted->accuracy();
    json["accuracy_after"] = file.after->accuracy();
  }
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace lowbit::app
