#include "lowbit/app/finetune_compressed.h"

#include <cstdlib>
#include <set>
#include <utility>

#include "lowbit/app/training_module.h"
#include "lowbit/base/file.h"
#include "lowbit/core/row_weights.h"
#include "lowbit/recipe/toml.h"

namespace lowbit::app {
namespace {

using quant::product::LayerPlan;
using quant::product::NetworkPlan;

Config Text(const std::string& text) { return {text, ""}; }
Config Table(ConfigTable table) { return {std::move(table), ""}; }

// The data set as the file's network takes it.
ConfigTable UsualData(const Graph& graph, const std::string& data) {
  const size_t colon = data.find(':');
  const std::string name = data.substr(0, colon);
  ConfigTable source = {{"name", Text(name)}};
  if (colon != std::string::npos) source["path"] = Text(data.substr(colon + 1));
  if (name != "image-folder") return source;
  source["crop"] = {graph.inputs.at(0).shape.at(2), ""};
  const auto resize = graph.metadata.find("resize");
  if (resize != graph.metadata.end()) source["resize"] = {int64_t{std::atoll(resize->second.c_str())}, ""};
  return source;
}

// What a person without a recipe gets: docs/compress.md.
ConfigTable UsualRecipe(const Graph& graph, const std::string& data) {
  const ConfigTable schedule = {{"kind", Text("cosine")}};
  const ConfigTable train = {{"optimizer", Text("adam")}, {"learning_rate", {1e-3, ""}}, {"schedule", Table(schedule)}};
  const ConfigTable distill = {{"weight", {0.7, ""}}, {"temperature", {2.0, ""}}};
  return {{"name", Text("compress")},
          {"data", Table(UsualData(graph, data))},
          {"train", Table(train)},
          {"distill", Table(distill)}};
}

ConfigTable* TableOf(ConfigTable* root, const std::string& key) {
  Config& config = (*root)[key];
  if (!std::holds_alternative<ConfigTable>(config.value)) config.value = ConfigTable();
  return &std::get<ConfigTable>(config.value);
}

// Layers whose weights stayed float.
ConfigArray FloatLayers(const NetworkPlan& plan, const Graph& graph) {
  std::set<std::string> planned;
  for (const LayerPlan& layer : plan.layers) planned.insert(layer.nodes.begin(), layer.nodes.end());
  ConfigArray names;
  for (const Node& node : graph.nodes) {
    for (const RowWeight& weight : RowWeightsOf(node)) {
      const bool is_float = planned.count(node.name) == 0 && graph.parameters.count(node.inputs[weight.input]) != 0;
      if (is_float) names.push_back(Text(weight.layer));
    }
  }
  return names;
}

// The recipe's settings of how codebooks are trained, as far as it has such.
ConfigTable HowToTrain(ConfigTable root) {
  const ConfigTable& given = *TableOf(TableOf(&root, "quantize"), "pq");
  ConfigTable options;
  for (const char* key : {"gradient", "reassign", "reassign_share", "reassign_until", "reassign_rate"}) {
    const auto found = given.find(key);
    if (found != given.end()) options.insert(*found);
  }
  return options;
}

// The same blocks and codewords as those of the plan, trained as `options` say.
ConfigTable Quantize(const NetworkPlan& plan, const Graph& graph, ConfigTable options) {
  ConfigTable layers;
  for (const LayerPlan& layer : plan.layers) {
    layers[layer.layer] = Table({{"block", {int64_t{layer.block}, ""}}, {"centroids", {int64_t{layer.centroids}, ""}}});
  }
  options["codebook"] = Text(plan.layers[0].codebook.Name());
  options["layers"] = Table(layers);
  return {{"method", Text("pq")}, {"skip", {FloatLayers(plan, graph), ""}}, {"pq", Table(options)}};
}

}  // namespace

std::string TuningFolder(const std::string& out) { return out + ".run"; }

Result<Config> FinetuningRecipe(const Finetuning& finetuning, const NetworkPlan& plan, const Graph& graph,
                                const std::string& compressed, const std::string& teacher, const std::string& data) {
  Config config = Table(UsualRecipe(graph, data));
  if (!finetuning.recipe.empty()) {
    LOWBIT_TRY(config, recipe::ParseRecipe(finetuning.recipe));
  }
  auto& root = std::get<ConfigTable>(config.value);
  ConfigTable* source = TableOf(&root, "data");
  for (const char* key : {"mean", "std", "scale"}) source->erase(key);
  (*source)["normalize"] = Text("none");  // The file's network does it itself.
  root["model"] = Table({{"file", Text(compressed)}});
  root["quantize"] = Table(Quantize(plan, graph, HowToTrain(root)));
  ConfigTable* distill = TableOf(&root, "distill");
  distill->erase("model");
  (*distill)["teacher"] = Text(teacher);
  if (finetuning.epochs > 0) {
    ConfigTable* train = TableOf(&root, "train");
    train->erase("iterations");
    (*train)["epochs"] = {finetuning.epochs, ""};
  }
  return config;
}

Status CheckFinetuning(const FinetuningRequest& request) {
  LOWBIT_RETURN_IF_ERROR(LoadTrainingModule());
  if (!request.finetuning.recipe.empty()) LOWBIT_RETURN_IF_ERROR(recipe::ParseRecipe(request.finetuning.recipe));
  const std::string folder = TuningFolder(request.out);
  if (request.resume || !FileExists(folder + "/run.json")) return Ok();
  return Invalid(folder + ": already holds a run; remove it, choose another -o, or --resume to continue it");
}

Status FinetuneCompressed(const FinetuningRequest& request, const NetworkPlan& plan, const Graph& graph) {
  const std::string folder = TuningFolder(request.out), path = folder + "/compress.toml";
  LOWBIT_TRY(TrainingModule * module, LoadTrainingModule());
  LOWBIT_TRY(const Config config,
             FinetuningRecipe(request.finetuning, plan, graph, request.out, request.teacher, request.data));
  LOWBIT_RETURN_IF_ERROR(MakeFolders(folder));
  LOWBIT_RETURN_IF_ERROR(WriteFileAtomic(path, recipe::ToToml(config)));
  TrainRequest train;
  train.recipe_path = path;
  train.out = folder;
  train.threads = request.threads;
  train.resume = request.resume;
  train.quiet = request.quiet;
  LOWBIT_RETURN_IF_ERROR(module->Train(train));
  LOWBIT_TRY(const std::vector<uint8_t> bytes, ReadFile(folder + "/model.lbm"));
  return WriteFileAtomic(request.out, bytes);
}

}  // namespace lowbit::app
