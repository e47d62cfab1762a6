#include "lowbit/app/recipe_network.h"

#include <utility>

#include "lowbit/base/error_in.h"
#include "lowbit/base/suggest.h"
#include "lowbit/data/statistics.h"
#include "lowbit/format/lbm/lbm.h"
#include "lowbit/models/adapt.h"

namespace lowbit::app {
namespace {

void Limit(int64_t limit, data::ImageSet* images) {
  if (limit <= 0 || limit >= images->count()) return;
  images->labels.resize(static_cast<size_t>(limit));
  if (images->reader == nullptr) images->pixels.resize(static_cast<size_t>(limit * Elements(images->image)));
}

// Of images without labels, where the recipe names no others to test on.
void TestOnTraining(data::Dataset* dataset) {
  dataset->test = dataset->train;
  dataset->warnings.emplace_back("tests are made on the training pictures; 'data.test_path' may name other ones");
}

Status CheckChannels(const recipe::DataSection& section, const data::Dataset& dataset) {
  const size_t given = section.mean.size(), channels = static_cast<size_t>(dataset.train.image[0]);
  if (given == 0 || given == channels) return Ok();
  return Invalid("'data.mean' and 'data.std' must have one value for each of the " + std::to_string(channels) +
                 " channels of " + dataset.name + "; they have " + std::to_string(given));
}

// Keys that would change nothing are mistakes.
Status CheckPairKeys(const recipe::Recipe& recipe, const data::Dataset& dataset) {
  const recipe::AugmentSection& augment = recipe.augment;
  const bool pairs = dataset.train.pairs != nullptr;
  std::string key;
  const auto reject = [&key](bool is_there, const char* name) {
    if (is_there) key = name;
  };
  if (!pairs) {
    reject(augment.rotate, "augment.rotate");
    reject(!recipe.data.test_path.empty() && dataset.classes > 0, "data.test_path");
    if (key.empty()) return Ok();
    return Invalid("'" + key + "' is for pictures that a network answers with pictures" +
                   (key == "data.test_path" ? " or that have no labels" : "") + "; the images of " + dataset.name +
                   " must do without it");
  }
  reject(augment.crop, "augment.crop");
  reject(augment.cutout != 0, "augment.cutout");
  reject(augment.resized_crop, "augment.resized_crop");
  reject(augment.brightness > 0, "augment.brightness");
  reject(augment.contrast > 0, "augment.contrast");
  reject(augment.saturation > 0, "augment.saturation");
  reject(recipe.data.resize != 0, "data.resize");
  reject(!recipe.data.classes.empty(), "data.classes");
  if (dataset.sound_rate != 0) {
    reject(augment.flip, "augment.flip");
    reject(augment.rotate, "augment.rotate");
    reject(recipe.data.crop != 0, "data.crop");
    reject(!recipe.data.test_path.empty(), "data.test_path");
  }
  if (key.empty()) return Ok();
  return Invalid("'" + key + "' must be left out where a network answers " +
                 (dataset.sound_rate != 0 ? "recordings with text" : "pictures with pictures"));
}

Status CheckMaskKeys(const recipe::DataSection& section, const data::Dataset& dataset) {
  if (dataset.task == "segmentation") return Ok();
  std::string key;
  if (!section.mask_values.empty()) key = "data.mask_values";
  if (section.mask_ignore >= 0) key = "data.mask_ignore";
  if (section.test_last != 0) key = "data.test_last";
  if (key.empty()) return Ok();
  return Invalid("'" + key + "' is for pictures with masks; " + dataset.name + " has none");
}

Status CheckPictureKeys(const recipe::Recipe& recipe, const data::Dataset& dataset) {
  if (dataset.train.reader != nullptr || dataset.train.pairs != nullptr || dataset.classes == 0) return Ok();
  const recipe::DataSection& section = recipe.data;
  std::string key;
  if (section.crop != 0) key = "data.crop";
  if (section.resize != 0) key = "data.resize";
  if (!section.classes.empty()) key = "data.classes";
  if (recipe.augment.resized_crop) key = "augment.resized_crop";
  if (key.empty()) return Ok();
  return Invalid("'" + key + "' is for pictures in folders; the images of " + dataset.name + " are all " +
                 ToString(dataset.train.image) + " and must do without it");
}

// Of each channel, for pixels in 0..255: what the recipe gives, for pixels in 0..1, or else the training set.
Result<data::ChannelStatistics> ChannelNormalization(const recipe::DataSection& section, const data::ImageSet& images) {
  if (section.mean.empty()) return data::MeasureChannels(images);
  data::ChannelStatistics given = {section.mean, section.std};
  for (double& mean : given.mean) mean *= 255;
  for (double& deviation : given.deviation) deviation *= 255;
  return given;
}

std::vector<float> Floats(const std::vector<double>& values) { return {values.begin(), values.end()}; }

// (pixel - mean) * scale.
Status NormalizeChannels(const recipe::DataSection& section, const data::ImageSet& images, models::ModelInput* input) {
  LOWBIT_TRY(const data::ChannelStatistics statistics, ChannelNormalization(section, images));
  input->mean = Floats(statistics.mean);
  if (section.scale.has_value()) return Ok();
  input->scale.clear();
  for (const double deviation : statistics.deviation) {
    // A channel that never changes carries nothing; any finite scale will do.
    input->scale.push_back(deviation > 0 ? static_cast<float>(1 / deviation) : 1.0f);
  }
  return Ok();
}

Result<models::ModelInput> MakeInput(const recipe::DataSection& section, const data::Dataset& dataset) {
  using Normalize = recipe::DataSection::Normalize;
  models::ModelInput input;
  input.image = dataset.train.image;
  // Of pictures without labels: those that 'data.classes' lists.
  input.classes = dataset.classes > 0 ? dataset.classes : static_cast<int64_t>(dataset.class_names.size());
  input.scale = {static_cast<float>(section.scale.value_or(1))};
  switch (section.normalize) {
    case Normalize::kNone:
      input.mean.assign(static_cast<size_t>(input.image[0]), 0);
      break;
    case Normalize::kMeanImage: {
      LOWBIT_TRY(const std::vector<double> mean, data::MeanImage(dataset.train));
      input.mean = Floats(mean);
      break;
    }
    case Normalize::kChannel:
      LOWBIT_RETURN_IF_ERROR(NormalizeChannels(section, dataset.train, &input));
      break;
  }
  return input;
}

}  // namespace

data::PictureOptions PicturesOf(const RecipeNetwork& network) {
  const recipe::DataSection& section = network.recipe.data;
  data::PictureOptions pictures;
  pictures.view = data::MakeView(section.crop, section.resize);
  if (!network.class_folders.empty()) pictures.classes = {network.class_folders, network.class_names};
  return pictures;
}

Result<data::Dataset> LoadRecipeData(const recipe::DataSection& section) {
  data::PictureOptions pictures;
  pictures.view = data::MakeView(section.crop, section.resize);
  pictures.factors = section.factors;
  pictures.test = section.test_path;
  pictures.masks = {section.mask_values, section.mask_ignore};
  pictures.test_last = section.test_last;
  if (!section.classes.empty()) {
    LOWBIT_TRY(pictures.classes, data::ReadClassList(section.classes));
  }
  LOWBIT_TRY(data::Dataset dataset, data::LoadDataset(section.name, section.path, pictures));
  if (dataset.classes == 0 && dataset.tests() == 0) TestOnTraining(&dataset);
  Limit(section.train_limit, &dataset.train);
  Limit(section.test_limit, &dataset.test);
  const size_t pictures_kept = static_cast<size_t>(section.test_limit) * section.factors.size();
  if (section.test_limit > 0 && pictures_kept < dataset.test_pictures.size()) {
    dataset.test_pictures.resize(pictures_kept);
  }
  return dataset;
}

Result<RecipeNetwork> DescribeNetwork(const recipe::Recipe& recipe, const data::Dataset& dataset) {
  LOWBIT_RETURN_IF_ERROR(CheckChannels(recipe.data, dataset));
  LOWBIT_RETURN_IF_ERROR(CheckPictureKeys(recipe, dataset));
  LOWBIT_RETURN_IF_ERROR(CheckPairKeys(recipe, dataset));
  LOWBIT_RETURN_IF_ERROR(CheckMaskKeys(recipe.data, dataset));
  RecipeNetwork network;
  network.recipe = recipe;
  LOWBIT_TRY(network.input, MakeInput(recipe.data, dataset));
  network.dataset = dataset.name + ":" + dataset.path;
  network.class_names = dataset.class_names;
  network.class_folders = dataset.class_folders;
  network.sound_rate = dataset.sound_rate;
  return network;
}

std::string MethodName(const recipe::QuantizeSection& quantize) {
  if (quantize.method == "none") return "float";
  const bool sq = quantize.policy == recipe::QuantizeSection::Policy::kSq;
  return sq ? "sq(" + quantize.method + ")" : quantize.method;
}

namespace {

Result<Graph> BuildBare(const RecipeNetwork& network) {
  const recipe::ModelSection& model = network.recipe.model;
  if (model.file.empty()) {
    return models::BuildModel(model.name, network.input, model.options, static_cast<uint64_t>(network.recipe.seed));
  }
  LOWBIT_TRY(Graph file, lbm::Read(model.file));
  Result<Graph> graph = models::AdaptModel(std::move(file), network.input);
  if (!graph.ok()) return ErrorIn(model.file, graph.error());
  return graph;
}

}  // namespace

Result<Graph> BuildNetwork(const RecipeNetwork& network) {
  const recipe::Recipe& recipe = network.recipe;
  LOWBIT_TRY(Graph graph, BuildBare(network));
  graph.metadata["dataset"] = network.dataset.substr(0, network.dataset.find(':'));
  if (recipe.data.resize != 0) graph.metadata["resize"] = std::to_string(recipe.data.resize);
  if (recipe.data.test_last != 0) graph.metadata["test_last"] = std::to_string(recipe.data.test_last);
  if (recipe.data.mask_ignore >= 0) graph.metadata["mask_ignore"] = std::to_string(recipe.data.mask_ignore);
  graph.metadata["recipe"] = recipe.name;
  graph.metadata["method"] = MethodName(recipe.quantize);
  if (network.sound_rate != 0) graph.metadata["sound_rate"] = std::to_string(network.sound_rate);
  if (!network.class_folders.empty()) graph.metadata["class_folders"] = Join(network.class_folders, "\n");
  if (!network.class_names.empty()) graph.metadata["labels"] = Join(network.class_names, "\n");
  return graph;
}

}  // namespace lowbit::app
