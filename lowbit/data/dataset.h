#ifndef LOWBIT_DATA_DATASET_H_
#define LOWBIT_DATA_DATASET_H_

// The frame of the shelf lowbit/data/sets: what a data set is once it is loaded, and how each kind is found and read.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/base/span.h"
#include "lowbit/core/shape.h"
#include "lowbit/data/class_list.h"
#include "lowbit/data/crop.h"
#include "lowbit/data/segmentation.h"
#include "lowbit/data/super_resolution.h"

namespace lowbit::data {

// Decodes images when they are asked for. All methods may be called from any thread.
class ImageReader {
 public:
  virtual ~ImageReader() = default;
  // Writes image `index`, cut out as `crop` says, to `pixels` [channels, height, width]. A damaged image is replaced,
  // by the same one every time. Errors: it is damaged and so is everything that could stand in for it.
  virtual Status Read(int64_t index, const Crop& crop, Span<uint8_t> pixels) const = 0;
  // One sentence that counts and names the damaged images met so far; "" if there were none.
  virtual std::string Damage() const = 0;
};

// Random changes of a training pair, both sides alike.
struct PairChanges {
  bool flip = false;    // Mirror left-right with probability 1/2.
  bool rotate = false;  // Turn by 0, 90, 180 or 270 degrees, each with probability 1/4.
};

// Examples whose answer is more than one number: another image, a map of classes, a sequence. All methods may be called from any thread.
class PairSource {
 public:
  virtual ~PairSource() = default;
  // Writes example `index` as it is in `epoch`: what the network gets, ImageSet::image in 0..255, and what it should make of it,
  // ImageSet::answer. Depends on the arguments alone. index < 2^31
  virtual void Make(int64_t index, uint64_t seed, uint64_t epoch, const PairChanges& changes, Span<float> image,
                    Span<float> target) const = 0;
};

// Labelled 8-bit images of one size, in memory or read when they are used.
struct ImageSet {
  Shape image;                  // [channels, height, width]
  std::vector<uint8_t> pixels;  // [count, channels, height, width], row-major; empty if there is a reader.
  std::vector<int32_t> labels;  // [count], each in [0, classes).
  std::shared_ptr<const ImageReader> reader;
  // Where there is one, batches are made of its pairs, as many as there are labels, which mean nothing; `pixels` are images like theirs.
  std::shared_ptr<const PairSource> pairs;
  Shape answer;  // Of a pair's other side; empty without pairs.

  int64_t count() const { return static_cast<int64_t>(labels.size()); }
  // The image `index`: where it lies in memory (which is never cropped), or read into `buffer`.
  Result<Span<const uint8_t>> Read(int64_t index, const Crop& crop, std::vector<uint8_t>* buffer) const;
  std::string Damage() const { return reader == nullptr ? "" : reader->Damage(); }
};

struct Dataset {
  std::string name;                      // "fashion-mnist"
  std::string task = "classification";   // What its examples ask: a folder of lowbit/train/tasks.
  std::string path;                      // The folder it was read from.
  int64_t classes = 0;                   // 0: images without labels; those of the sets mean nothing.
  std::vector<std::string> class_names;  // Empty, or `classes` of them; of a set without labels those that were listed.
  std::vector<std::string> class_folders;  // The same of sets of pictures in folders; else empty.
  ImageSet train, test;
  std::vector<BlurredPicture>
      test_pictures;       // Of sets of pairs, in place of `test`: of any size, each by every factor.
  int64_t sound_rate = 0;  // Where images are spectrograms of sounds: samples in a second. Else 0.
  // What a person must know about every result made with it: "checksum of X differs from the published one".
  // Empty if every file is the published one. Recorded in each run.
  std::vector<std::string> warnings;

  int64_t tests() const { return test_pictures.empty() ? test.count() : static_cast<int64_t>(test_pictures.size()); }
};

// How pictures in folders become labelled images.
struct PictureOptions {
  PictureView view;
  ClassList classes;  // Empty: the folders that are there, by name.
  // Of sets of pictures that networks learn to sharpen:
  std::vector<int64_t> factors = {2, 3, 4};  // How many times smaller they are made. Each at least 2.
  // Of the same, and of pictures without labels: the folder of the test pictures. Empty: no tests, and no pairs to train with.
  std::string test = {};
  // Of pictures with masks:
  MaskValues masks = {};  // Without `values`: those that the training masks have, in rising order.
  int64_t test_last =
      0;  // So many, the last by name, are for tests instead of training; 0: the folder's own test pictures are.
};

// One kind of data set.
struct DatasetKind {
  std::string name;         // As in recipes: "fashion-mnist".
  std::string description;  // One line: what, how many, size.
  std::string how_to_get;   // One or two sentences: the package to install or the file to place, and where.
  std::vector<std::string> default_paths;  // Folders searched last when the recipe names none.
  // Names that the folder may have below $LOWBIT_DATA and ./data besides `name`: "cifar-10-batches-bin".
  std::vector<std::string> folder_names;
  // What must be in the folder: one row for each file, holding the names that it may have, the preferred one first.
  std::vector<std::vector<std::string>> files;
  std::vector<std::vector<std::string>> folders;  // The same for folders in it.
  // Reads and verifies the folder. Kinds whose images have one size already ignore `pictures`.
  Result<Dataset> (*load)(const DatasetKind& kind, const std::string& folder, const PictureOptions& pictures);
};

// One row for each folder of lowbit/data/sets, made by CMake: lowbit::data::sets::<folder>::Kinds(). A folder may
// offer several kinds that share a format (MNIST and Fashion-MNIST; CIFAR-10 and CIFAR-100).
namespace sets {
struct ShelfEntry {
  const char* name;
  std::vector<DatasetKind> (*function)();
};
const std::vector<ShelfEntry>& ShelfEntries();
}  // namespace sets

// All kinds, sorted by name.
std::vector<DatasetKind> DatasetKinds();

// Loads the set `name` from the folder `path`, or, if `path` is empty, from the first place of FindDatasets(name) that
// holds all of its files. Errors: unknown name (lists the known ones), nothing found (says what was looked for, where,
// and how to get it), a damaged file (file, offset, rule).
// Cost: reads, unpacks and, for published sets, checksums every file: some 150 MB/s, once.
Result<Dataset> LoadDataset(const std::string& name, const std::string& path, const PictureOptions& pictures = {});

// One folder that was looked at.
struct DatasetPlace {
  std::string folder;
  bool exists = false;
  std::vector<std::string> found;    // Paths of the files and folders of the set that are there.
  std::vector<std::string> missing;  // Names of those that are not: "train.bin", "a or b" where names are free.

  bool complete() const { return exists && missing.empty(); }
};

// Where one kind of data set was looked for. Only names are looked at: LoadDataset reads and verifies.
struct DatasetStatus {
  DatasetKind kind;
  std::vector<DatasetPlace> places;  // In the order of the search: $LOWBIT_DATA, ./data, the kind's default paths.

  // The place that LoadDataset takes; null if none is complete.
  const DatasetPlace* chosen() const;
};

// All kinds if `name` is empty. Errors: unknown name (lists the known ones).
Result<std::vector<DatasetStatus>> FindDatasets(const std::string& name = "");

// The same for people, several lines for each kind: what it is, where it was found or what is missing, how to get it.
std::string DescribeDatasets(const std::vector<DatasetStatus>& statuses);

// The path of the file whose names are files[row] in `folder`: the first name that is there.
// REQUIRES: row < kind.files.size(). Errors: none of the names is there.
Result<std::string> DatasetFile(const DatasetKind& kind, size_t row, const std::string& folder);
// The same for folders[row].
Result<std::string> DatasetFolder(const DatasetKind& kind, size_t row, const std::string& folder);

}  // namespace lowbit::data

#endif  // LOWBIT_DATA_DATASET_H_
