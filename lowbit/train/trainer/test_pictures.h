#ifndef LOWBIT_TRAIN_TRAINER_TEST_PICTURES_H_
#define LOWBIT_TRAIN_TRAINER_TEST_PICTURES_H_

// Runs that learn to sharpen made pictures, for tests.

#include <string>
#include <vector>

#include "lowbit/data/test_files.h"
#include "lowbit/data/test_png.h"
#include "lowbit/models/model.h"
#include "lowbit/recipe/toml.h"
#include "lowbit/train/trainer/train_job.h"

namespace lowbit::train {

// Bright bars on dark ground, as wide as the picture's number says.
inline data::Bytes BarPicture(uint32_t height, uint32_t width, uint32_t number) {
  data::Bytes pixels(height * width);
  for (uint32_t i = 0; i < pixels.size(); ++i) {
    const uint32_t y = i / width, x = i % width;
    pixels[i] = static_cast<uint8_t>((x + y / 3) / (5 + number) % 2 == 0 ? 40 : 200);
  }
  return data::Png(PNG_FORMAT_GRAY, height, width, pixels.data());
}

inline constexpr char kSharpening[] = R"(
name = "test"
[data]
name = "super-resolution"
normalize = "none"
scale = 0.004
crop = 12
factors = [2, 3]
[augment]
flip = true
rotate = true
[model]
name = "vdsr"
depth = 3
width = 12
[train]
iterations = 60
batch = 8
test_batch = 8
log_every = 1
checkpoint_every = 7
optimizer = "adam"
learning_rate = 0.002
[train.schedule]
kind = "cosine"
)";

// The job of that recipe in that folder, on pictures that are written below it.
inline TrainJob SharpeningJob(const std::string& name, const data::TemporaryFolder& folder,
                              const std::vector<std::string>& overrides) {
  for (uint32_t i = 0; i < 4; ++i) folder.Write("pictures/" + std::to_string(i) + ".png", BarPicture(30, 40, i));
  folder.Write("test/a.png", BarPicture(20, 26, 1));
  folder.Write("test/b.png", BarPicture(31, 19, 2));
  Config config = recipe::ParseRecipeText(kSharpening, name).value();
  for (const std::string& text : overrides) EXPECT_TRUE(recipe::ApplyOverride(&config, text).ok());
  TrainJob job;
  job.recipe = recipe::ReadRecipe(config).value();
  data::PictureOptions pictures;
  pictures.view.size = job.recipe.data.crop;
  pictures.factors = job.recipe.data.factors;
  pictures.test = folder.File("test");
  job.dataset = data::LoadDataset("super-resolution", folder.File("pictures"), pictures).value();
  models::ModelInput input;
  input.image = job.dataset.train.image;
  input.mean = {0};
  input.scale = {0.004f};
  job.graph = models::BuildModel("vdsr", input, job.recipe.model.options, 1).value();
  job.folder = folder.File("run");
  std::filesystem::create_directories(job.folder);
  job.quiet = true;
  return job;
}

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_TRAINER_TEST_PICTURES_H_
