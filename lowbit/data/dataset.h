#ifndef LOWBIT_DATA_DATASET_H_
#define LOWBIT_DATA_DATASET_H_

// The frame of the shelf lowbit/data/sets: what a data set is once it is loaded, and how each kind is found and read.

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/core/shape.h"

namespace lowbit::data {

// Labelled 8-bit images of one size.
struct ImageSet {
  Shape image;  // [channels, height, width]
  std::vector<uint8_t> pixels;  // [count, channels, height, width], row-major.
  std::vector<int32_t> labels;  // [count], each in [0, classes).

  int64_t count() const { return static_cast<int64_t>(labels.size()); }
};

struct Dataset {
  std::string name;  // "fashion-mnist"
  std::string path;  // The folder it was read from.
  int64_t classes = 0;
  std::vector<std::string> class_names;  // Empty, or `classes` of them.
  ImageSet train, test;
  // What a person must know about every result made with it: "checksum of X differs from the published one".
  // Empty if every file is the published one. Recorded in each run.
  std::vector<std::string> warnings;
};

// One kind of data set.
struct DatasetKind {
  std::string name;         // As in recipes: "fashion-mnist".
  std::string description;  // One line: what, how many, size.
  std::string how_to_get;   // One or two sentences: the package to install or the file to place, and where.
  std::vector<std::string> default_paths;  // Folders searched in order when the recipe names none.
  std::vector<std::string> files;          // What must be in the folder.
  // Reads and verifies the folder.
  Result<Dataset> (*load)(const DatasetKind& kind, const std::string& folder);
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

std::vector<DatasetKind> DatasetKinds();

// Loads the set `name` from `path`, or, if `path` is empty, from the first of $LOWBIT_DATA/<name>, ./data/<name> and
// its default paths that holds its files. Errors: unknown name (lists the known ones), nothing found (says what was looked for, where, and how to
// get it), files damaged (file, offset, rule).
Result<Dataset> LoadDataset(const std::string& name, const std::string& path);

}  // namespace lowbit::data

#endif  // LOWBIT_DATA_DATASET_H_
