// Writes the files that the scripts of this folder work on, all made up here, so that no test needs one from outside:
//
//   FOLDER/stripes/   a data set in the IDX layout: 3 classes of noisy stripes, grey, 16 x 20
//   FOLDER/colours/   a data set in CIFAR-10's layout: 5 classes of noisy tints
//   FOLDER/pictures/  an image folder: 3 classes of tinted PNG files of several sizes, and one damaged training picture
//   FOLDER/discs/     pictures with masks: a bright disc, 200, on dark ground, 50; the last picture is 45 x 50, the others 48 x 64
//   FOLDER/songs/     recordings with texts: A is a low tone, B a high one, at 8 kHz
//   FOLDER/model.lbm  an untrained network for the first, its weights ternary
//   FOLDER/networks/  small networks of several inputs and outputs, fixed batches and mixed images (small_networks.h)
//
// usage: lowbit_make_files FOLDER

#include <cmath>
#include <cstdio>

#include "lowbit/base/file.h"
#include "lowbit/base/random.h"
#include "lowbit/data/test_files.h"
#include "lowbit/data/test_png.h"
#include "lowbit/data/test_wav.h"
#include "lowbit/format/lbm/lbm.h"
#include "lowbit/models/model.h"
#include "lowbit/quant/quantizer.h"
#include "tests/support/small_networks.h"

namespace lowbit {
namespace {

constexpr int64_t kTrainImages = 600, kTestImages = 120;
constexpr int64_t kStripeClasses = 3, kTintClasses = 5;
const Shape kStripeImage = {1, 16, 20};

uint8_t Noisy(int level, const CounterRandom& random, int64_t i) {
  return static_cast<uint8_t>(level + static_cast<int>(random.Below(static_cast<uint64_t>(i), 64)));
}

// Class 0 has horizontal stripes, class 1 vertical ones, class 2 a chequered pattern.
int StripeLevel(int32_t label, int64_t y, int64_t x) {
  const int64_t phase = label == 0 ? y / 2 : label == 1 ? x / 2 : y / 2 + x / 2;
  return phase % 2 == 0 ? 40 : 150;
}

data::ImageSet Stripes(int64_t count, uint64_t seed) {
  data::ImageSet set = data::NoiseSet(kStripeImage, count, kStripeClasses, seed);
  const CounterRandom random(seed, StreamOf("stripes"));
  const int64_t height = kStripeImage[1], width = kStripeImage[2];
  for (int64_t i = 0; i < count * height * width; ++i) {
    const int32_t label = set.labels[static_cast<size_t>(i / (height * width))];
    set.pixels[static_cast<size_t>(i)] = Noisy(StripeLevel(label, i / width % height, i % width), random, i);
  }
  return set;
}

// Class c is bright in colour plane c % 3, or in all of them.
data::Bytes TintedRecords(int64_t count, uint64_t seed) {
  const CounterRandom random(seed, StreamOf("tints"));
  data::Bytes file;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t label = i % kTintClasses;
    file.push_back(static_cast<uint8_t>(label));
    for (int64_t pixel = 0; pixel < 3 * 32 * 32; ++pixel) {
      const bool bright = label >= 3 ? label == 3 : pixel / (32 * 32) == label;
      file.push_back(Noisy(bright ? 170 : 30, random, i * 3 * 32 * 32 + pixel));
    }
  }
  return file;
}

Status WriteStripes(const std::string& folder) {
  const data::ImageSet train = Stripes(kTrainImages, 1), test = Stripes(kTestImages, 2);
  LOWBIT_RETURN_IF_ERROR(MakeFolders(folder));
  LOWBIT_RETURN_IF_ERROR(WriteFileAtomic(folder + "/train-images-idx3-ubyte", data::IdxImages(train)));
  LOWBIT_RETURN_IF_ERROR(WriteFileAtomic(folder + "/train-labels-idx1-ubyte", data::IdxLabels(train)));
  LOWBIT_RETURN_IF_ERROR(WriteFileAtomic(folder + "/t10k-images-idx3-ubyte.gz", data::Gzip(data::IdxImages(test))));
  return WriteFileAtomic(folder + "/t10k-labels-idx1-ubyte", data::IdxLabels(test));
}

Status WriteTints(const std::string& folder) {
  LOWBIT_RETURN_IF_ERROR(MakeFolders(folder));
  LOWBIT_RETURN_IF_ERROR(WriteFileAtomic(folder + "/data_batch_1.bin", TintedRecords(200, 3)));
  return WriteFileAtomic(folder + "/test_batch.bin", TintedRecords(50, 4));
}

// 17..32 pixels high and 20..38 wide; bright in colour plane `label`.
data::Bytes TintedPicture(int label, int number) {
  const uint32_t height = 17 + static_cast<uint32_t>(number * 5 % 16),
                 width = 20 + static_cast<uint32_t>(number * 7 % 19);
  const CounterRandom random(static_cast<uint64_t>(number), StreamOf("picture"));
  data::Bytes pixels;
  for (int64_t i = 0; i < int64_t{3} * height * width; ++i) {
    pixels.push_back(Noisy(i % 3 == label ? 170 : 30, random, i));
  }
  return data::Png(PNG_FORMAT_RGB, height, width, pixels.data());
}

Status WritePictures(const std::string& folder, int count) {
  int label = 0;
  for (const char* name : {"red", "green", "blue"}) {
    LOWBIT_RETURN_IF_ERROR(MakeFolders(folder + "/" + name));
    for (int i = 0; i < count; ++i) {
      const std::string path = folder + "/" + name + "/" + std::to_string(i) + ".png";
      LOWBIT_RETURN_IF_ERROR(WriteFileAtomic(path, TintedPicture(label, i)));
    }
    ++label;
  }
  return Ok();
}

Status WriteImageFolder(const std::string& folder) {
  LOWBIT_RETURN_IF_ERROR(WritePictures(folder + "/train", 40));
  LOWBIT_RETURN_IF_ERROR(WritePictures(folder + "/val", 15));
  return WriteFileAtomic(folder + "/train/green/7.png", "no picture");
}

Status WriteDiscs(const std::string& folder) {
  for (const char* name : {"/train-image", "/train-label"}) LOWBIT_RETURN_IF_ERROR(MakeFolders(folder + name));
  for (int number = 0; number < 6; ++number) {
    const uint32_t height = number == 5 ? 45 : 48, width = number == 5 ? 50 : 64;
    const CounterRandom random(static_cast<uint64_t>(number), StreamOf("disc"));
    data::Bytes pixels, mask;
    for (uint32_t i = 0; i < height * width; ++i) {
      const int y = static_cast<int>(i / width) - 18 - 2 * number, x = static_cast<int>(i % width) - 20 - 3 * number;
      const bool inside = y * y + x * x < 200;
      pixels.push_back(Noisy(inside ? 150 : 40, random, i));
      mask.push_back(inside ? 200 : 50);
    }
    const std::string name = std::to_string(number) + ".png";
    const auto png = [&](const data::Bytes& plane) { return data::Png(PNG_FORMAT_GRAY, height, width, plane.data()); };
    LOWBIT_RETURN_IF_ERROR(WriteFileAtomic(folder + "/train-image/" + name, png(pixels)));
    LOWBIT_RETURN_IF_ERROR(WriteFileAtomic(folder + "/train-label/" + name, png(mask)));
  }
  return Ok();
}

// 100 ms for each letter, 50 ms of silence behind it.
data::Bytes Sing(const std::string& text) {
  std::vector<int16_t> sound(400, 0);
  for (const char letter : text) {
    const double hertz = letter == 'A' ? 500 : letter == 'B' ? 2000 : 0;
    for (int i = 0; i < 800; ++i) {
      sound.push_back(static_cast<int16_t>(8000 * std::sin(2 * 3.141592653589793 * hertz * i / 8000)));
    }
    sound.insert(sound.end(), 400, 0);
  }
  return data::WavFile(sound, 8000);
}

Status WriteSongs(const std::string& folder, const std::string& half, const std::vector<std::string>& texts) {
  std::string ids, lines;
  for (size_t i = 0; i < texts.size(); ++i) {
    const std::string name = half + std::to_string(i);
    ids += name + "\n";
    lines += texts[i] + " (" + name + ")\n";
    LOWBIT_RETURN_IF_ERROR(WriteFileAtomic(folder + "/wav/" + name + ".wav", Sing(texts[i])));
  }
  LOWBIT_RETURN_IF_ERROR(WriteFileAtomic(folder + "/etc/" + half + ".fileids", ids));
  return WriteFileAtomic(folder + "/etc/" + half + ".transcription", lines);
}

Status WriteSongs(const std::string& folder) {
  for (const char* name : {"/wav", "/etc"}) LOWBIT_RETURN_IF_ERROR(MakeFolders(folder + name));
  LOWBIT_RETURN_IF_ERROR(
      WriteSongs(folder, "train", {"A", "B", "AB", "BA", "A B", "B A", "AA", "BB", "ABA", "BAB", "AB A", "B BA"}));
  return WriteSongs(folder, "test", {"AAB", "BA B", "BBA"});
}

// Ternary weights in place of float ones, by the plain quantizer.
Status Quantize(Graph* graph) {
  LOWBIT_TRY(const auto quantizer, quant::CreateQuantizer("twn", Config()));
  for (auto& [name, parameter] : graph->parameters) {
    if (parameter.traits.role != ParameterTraits::Role::kWeight) continue;
    const FloatTensor weights = std::get<FloatTensor>(parameter.value);
    parameter.value = quantizer->Quantize(weights.data, weights.shape);
  }
  return Ok();
}

Status WriteModel(const std::string& path) {
  models::ModelInput input;
  input.image = kStripeImage;
  input.classes = kStripeClasses;
  input.mean = {127};
  input.scale = {1.0f / 64};
  LOWBIT_TRY(Graph graph, models::BuildModel("small", input, Config(), /*seed=*/5));
  LOWBIT_RETURN_IF_ERROR(Quantize(&graph));
  return lbm::Write(graph, path);
}

Status WriteAll(const std::string& folder) {
  LOWBIT_RETURN_IF_ERROR(WriteStripes(folder + "/stripes"));
  LOWBIT_RETURN_IF_ERROR(WriteTints(folder + "/colours"));
  LOWBIT_RETURN_IF_ERROR(WriteImageFolder(folder + "/pictures"));
  LOWBIT_RETURN_IF_ERROR(WriteDiscs(folder + "/discs"));
  LOWBIT_RETURN_IF_ERROR(WriteSongs(folder + "/songs"));
  LOWBIT_RETURN_IF_ERROR(WriteSmallNetworks(folder + "/networks"));
  return WriteModel(folder + "/model.lbm");
}

}  // namespace
}  // namespace lowbit

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: lowbit_make_files FOLDER\n");
    return 2;
  }
  const lowbit::Status written = lowbit::WriteAll(arguments[1]);
  if (!written.ok()) std::fprintf(stderr, "%s\n", written.error().message.c_str());
  return written.ok() ? 0 : 1;
}
