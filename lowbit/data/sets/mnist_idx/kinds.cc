// Data sets kept as IDX files: MNIST, Fashion-MNIST, and any other in the same layout.

#include <algorithm>

#include "lowbit/data/dataset.h"
#include "lowbit/data/map_file.h"
#include "lowbit/data/published.h"
#include "lowbit/data/sets/mnist_idx/idx.h"

namespace lowbit::data::sets::mnist_idx {
namespace {

// The rows of DatasetKind::files.
enum Row : size_t { kTrainImages, kTrainLabels, kTestImages, kTestLabels, kRows };

// What is known of a published set; the free kind "idx" has none.
struct Published {
  Shape image;
  std::vector<std::string> class_names;
  const char* sha1[kRows];  // Of the unpacked files.
};

// SHA-1 of the unpacked files whose MD5 sums are those of the authors' distribution:
// 6bbc9ace898e44ae57da46a324031adb, a25bea736e30d166cdddb491f175f624, 2646ac647ad5339dbf082846283269ea and
// 27ae3e4e09519cfbb04c329615203637.
Published Mnist() {
  return {{1, 28, 28},
          {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"},
          {"c3557c10f29b266e19b3eeee1553c85e0ef4a8ea", "adbf52269f5d842899f287c269e2883e40b4f6e2",
           "65e11ec1fd220343092a5070b58418b5c2644e26", "a6d52cc628797e845885543326e9f10abb8a6f89"}};
}

// SHA-1 of the unpacked files whose MD5 sums are those of the authors' distribution:
// f4a8712d7a061bf5bd6d2ca38dc4d50a, 9018921c3c673c538a1fc5bad174d6f9, 8181f5470baa50b63fa0f6fddb340f0a and
// 15d484375f8d13e6eb1aabb0c3f46965. Debian's package packs the same contents anew, so its .gz files differ.
Published FashionMnist() {
  return {{1, 28, 28},
          {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"},
          {"b9bd999c0106c9b8b4b0cefce58c9a6060f27095", "4bccf37222e01638381eaa326bf730337a597267",
           "880056926db704f9f713097915f99da346f5b1d1", "958122e8b4b97fd4e71eca2d08ef754ed77c3ad9"}};
}

struct Loaded {
  std::string path;
  IdxArray array;
};

Result<Loaded> Read(const DatasetKind& kind, Row row, const std::string& folder) {
  Loaded loaded;
  LOWBIT_TRY(loaded.path, DatasetFile(kind, row, folder));
  LOWBIT_TRY(const MappedFile file, MapDataFile(loaded.path));
  LOWBIT_TRY(loaded.array, ParseIdx(BytesOf(file), loaded.path));
  return loaded;
}

// One half of a set: train or test.
Result<ImageSet> LoadHalf(const DatasetKind& kind, Row images_row, const std::string& folder,
                          const Published* published, std::vector<std::string>* warnings) {
  const Row labels_row = static_cast<Row>(images_row + 1);
  LOWBIT_TRY(const Loaded images, Read(kind, images_row, folder));
  LOWBIT_TRY(const Loaded labels, Read(kind, labels_row, folder));
  const int64_t classes = published == nullptr ? kMaxIdxClasses : static_cast<int64_t>(published->class_names.size());
  LOWBIT_TRY(ImageSet set, ImagesFromIdx(images.array, images.path, labels.array, labels.path, classes));
  if (published == nullptr) return set;
  if (set.image != published->image) {
    return Invalid(images.path + ": images of " + kind.name + " are " + ToString(published->image) + ", not " +
                   ToString(set.image) + "; other sets in this layout are read as 'idx'");
  }
  WarnUnlessPublished(images.path, images.array.contents, published->sha1[images_row], warnings);
  WarnUnlessPublished(labels.path, labels.array.contents, published->sha1[labels_row], warnings);
  return set;
}

Result<Dataset> Load(const DatasetKind& kind, const std::string& folder, const Published* published) {
  Dataset set;
  set.name = kind.name;
  set.path = folder;
  LOWBIT_TRY(set.train, LoadHalf(kind, kTrainImages, folder, published, &set.warnings));
  LOWBIT_TRY(set.test, LoadHalf(kind, kTestImages, folder, published, &set.warnings));
  if (set.train.image != set.test.image) {
    return Invalid(folder + ": training images are " + ToString(set.train.image) + ", but test images are " +
                   ToString(set.test.image));
  }
  if (published != nullptr) set.class_names = published->class_names;
  const auto top = [](const ImageSet& half) { return *std::max_element(half.labels.begin(), half.labels.end()); };
  set.classes = published != nullptr ? static_cast<int64_t>(published->class_names.size())
                                     : int64_t{std::max(top(set.train), top(set.test))} + 1;
  return set;
}

Result<Dataset> LoadMnist(const DatasetKind& kind, const std::string& folder, const PictureOptions&) {
  const Published published = Mnist();
  return Load(kind, folder, &published);
}

Result<Dataset> LoadFashionMnist(const DatasetKind& kind, const std::string& folder, const PictureOptions&) {
  const Published published = FashionMnist();
  return Load(kind, folder, &published);
}

Result<Dataset> LoadIdx(const DatasetKind& kind, const std::string& folder, const PictureOptions&) {
  return Load(kind, folder, nullptr);
}

// Each stem, plain and packed.
std::vector<std::string> Names(const std::vector<std::string>& stems) {
  std::vector<std::string> names;
  for (const std::string& stem : stems) {
    names.push_back(stem);
    names.push_back(stem + ".gz");
  }
  return names;
}

DatasetKind MnistLike(const std::string& name) {
  DatasetKind kind;
  kind.name = name;
  kind.files = {Names({"train-images-idx3-ubyte"}), Names({"train-labels-idx1-ubyte"}),
                Names({"t10k-images-idx3-ubyte"}), Names({"t10k-labels-idx1-ubyte"})};
  return kind;
}

DatasetKind MnistKind() {
  DatasetKind kind = MnistLike("mnist");
  kind.description = "handwritten digits, 60,000 + 10,000 grey images 28x28, 10 classes";
  kind.how_to_get =
      "download the four files train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz and "
      "t10k-labels-idx1-ubyte.gz of MNIST and put them, packed or not, into data/mnist or $LOWBIT_DATA/mnist";
  kind.load = LoadMnist;
  return kind;
}

DatasetKind FashionMnistKind() {
  DatasetKind kind = MnistLike("fashion-mnist");
  kind.description = "articles of clothing, 60,000 + 10,000 grey images 28x28, 10 classes";
  kind.how_to_get =
      "install Debian's package (apt install dataset-fashion-mnist), or put the four .gz files of "
      "github.com/zalandoresearch/fashion-mnist into data/fashion-mnist or $LOWBIT_DATA/fashion-mnist";
  kind.default_paths = {"/usr/share/datasets/fashion-mnist"};
  kind.load = LoadFashionMnist;
  return kind;
}

DatasetKind IdxKind() {
  DatasetKind kind;
  kind.name = "idx";
  kind.description = "any set of unsigned-byte images as IDX files, any size, 1 or more channels, any classes";
  kind.how_to_get =
      "put IDX files, packed or not, into one folder and name it: train-images-idx3-ubyte (grey) or "
      "train-images-idx4-ubyte ([count, channels, height, width]), train-labels-idx1-ubyte, and the same with "
      "t10k- or test- for train-";
  kind.files = {
      Names({"train-images-idx3-ubyte", "train-images-idx4-ubyte"}),
      Names({"train-labels-idx1-ubyte", "train-labels-idx1-short", "train-labels-idx1-int"}),
      Names({"t10k-images-idx3-ubyte", "t10k-images-idx4-ubyte", "test-images-idx3-ubyte", "test-images-idx4-ubyte"}),
      Names({"t10k-labels-idx1-ubyte", "t10k-labels-idx1-short", "t10k-labels-idx1-int", "test-labels-idx1-ubyte",
             "test-labels-idx1-short", "test-labels-idx1-int"})};
  kind.load = LoadIdx;
  return kind;
}

}  // namespace

std::vector<DatasetKind> Kinds() { return {MnistKind(), FashionMnistKind(), IdxKind()}; }

}  // namespace lowbit::data::sets::mnist_idx
