// CIFAR-10, CIFAR-100, and any other set in CIFAR-10's layout.

#include <algorithm>

#include "lowbit/base/file.h"
#include "lowbit/data/dataset.h"
#include "lowbit/data/map_file.h"
#include "lowbit/data/published.h"
#include "lowbit/data/sets/cifar/cifar.h"

namespace lowbit::data::sets::cifar {
namespace {

constexpr int64_t kMaxClasses = 256;  // A label is a byte.

// How a kind's files, all but the last of which are for training, are read.
struct Layout {
  CifarLabels labels;
  std::vector<std::string> sha1;  // Published, for each file; empty: nothing is published.
  std::string names_file;         // A text file with a class name in each line, if it is there.
};

// SHA-1 of the files in the publisher's archive cifar-10-binary.tar.gz, as MXNet's loader (gluon.data.vision.CIFAR10)
// gives them; the publisher himself gives only the archive's MD5.
Layout Cifar10Layout() {
  return {{10},
          {"aadd24acce27caa71bf4b10992e9e7b2d74c2540", "c0ba65cce70568cd57b4e03e9ac8d2a5367c1795",
           "1dd00a74ab1d17a6e7d73e185b69dbf31242f295", "aab85764eb3584312d3c7f65fd2fd016e36a258e",
           "26e2849e66a845b7f1e4614ae70f4889ae604628", "67eb016db431130d61cd03c7ad570b013799c88c"},
          "batches.meta.txt"};
}

// The same for cifar-100-binary.tar.gz (gluon.data.vision.CIFAR100).
Layout Cifar100Layout() {
  return {{20, 100},
          {"e207cd2e05b73b1393c74c7f5e7bea451d63e08e", "8fb6623e830365ff53cf14adec797474f5478006"},
          "fine_label_names.txt"};
}

std::vector<std::string> NonEmptyLines(const std::string& text) {
  std::vector<std::string> lines;
  std::string line;
  for (const char c : text + "\n") {
    if (c != '\n' && c != '\r') line += c;
    if (c == '\n' && !line.empty()) lines.push_back(std::exchange(line, ""));
  }
  return lines;
}

// Empty if the file is not there or not readable: names are a convenience.
std::vector<std::string> ReadNames(const std::string& path) {
  const Result<std::string> text = ReadTextFile(path, 1 << 16);
  return text.ok() ? NonEmptyLines(text.value()) : std::vector<std::string>();
}

Status ReadOne(const DatasetKind& kind, const Layout& layout, size_t row, const std::string& folder, Dataset* set) {
  LOWBIT_TRY(const std::string path, DatasetFile(kind, row, folder));
  LOWBIT_TRY(const MappedFile file, MapDataFile(path));
  const Span<const uint8_t> bytes = BytesOf(file);
  ImageSet* half = row + 1 == kind.files.size() ? &set->test : &set->train;
  LOWBIT_RETURN_IF_ERROR(ParseCifar(bytes, path, layout.labels, half));
  if (!layout.sha1.empty()) WarnUnlessPublished(path, bytes, layout.sha1[row], &set->warnings);
  return Ok();
}

Result<Dataset> Load(const DatasetKind& kind, const std::string& folder, const Layout& layout) {
  Dataset set;
  set.name = kind.name;
  set.path = folder;
  for (size_t row = 0; row < kind.files.size(); ++row) {
    LOWBIT_RETURN_IF_ERROR(ReadOne(kind, layout, row, folder, &set));
  }
  set.classes = layout.labels.back();
  set.class_names = ReadNames(folder + "/" + layout.names_file);
  if (static_cast<int64_t>(set.class_names.size()) != set.classes) set.class_names.clear();
  return set;
}

Result<Dataset> LoadCifar10(const DatasetKind& kind, const std::string& folder, const PictureOptions&) {
  return Load(kind, folder, Cifar10Layout());
}

Result<Dataset> LoadCifar100(const DatasetKind& kind, const std::string& folder, const PictureOptions&) {
  return Load(kind, folder, Cifar100Layout());
}

// The kind "cifar": only the first training file must be there, more may follow, and the labels say how many classes.
Result<Dataset> LoadAnyCifar(const DatasetKind& kind, const std::string& folder, const PictureOptions&) {
  DatasetKind present = kind;
  for (int batch = 2; batch <= 1000; ++batch) {
    const std::string name = "data_batch_" + std::to_string(batch) + ".bin";
    if (!FileExists(folder + "/" + name)) break;
    present.files.insert(present.files.end() - 1, {name});
  }
  LOWBIT_TRY(Dataset set, Load(present, folder, {{kMaxClasses}, {}, ""}));
  const auto top = [](const ImageSet& half) { return *std::max_element(half.labels.begin(), half.labels.end()); };
  set.classes = int64_t{std::max(top(set.train), top(set.test))} + 1;
  set.class_names = ReadNames(folder + "/batches.meta.txt");
  if (static_cast<int64_t>(set.class_names.size()) < set.classes) {
    set.class_names.clear();
  } else {
    set.classes = static_cast<int64_t>(set.class_names.size());
  }
  return set;
}

DatasetKind Cifar10Kind() {
  DatasetKind kind;
  kind.name = "cifar10";
  kind.description = "small photographs, 50,000 + 10,000 colour images 32x32, 10 classes";
  kind.how_to_get =
      "download cifar-10-binary.tar.gz from www.cs.toronto.edu/~kriz/cifar.html and unpack it into data or "
      "$LOWBIT_DATA (its folder is cifar-10-batches-bin)";
  kind.folder_names = {"cifar-10-batches-bin"};
  kind.files = {{"data_batch_1.bin"}, {"data_batch_2.bin"}, {"data_batch_3.bin"},
                {"data_batch_4.bin"}, {"data_batch_5.bin"}, {"test_batch.bin"}};
  kind.load = LoadCifar10;
  return kind;
}

DatasetKind Cifar100Kind() {
  DatasetKind kind;
  kind.name = "cifar100";
  kind.description = "small photographs, 50,000 + 10,000 colour images 32x32, 100 classes (the fine labels)";
  kind.how_to_get =
      "download cifar-100-binary.tar.gz from www.cs.toronto.edu/~kriz/cifar.html and unpack it into data or "
      "$LOWBIT_DATA (its folder is cifar-100-binary)";
  kind.folder_names = {"cifar-100-binary"};
  kind.files = {{"train.bin"}, {"test.bin"}};
  kind.load = LoadCifar100;
  return kind;
}

DatasetKind AnyCifarKind() {
  DatasetKind kind;
  kind.name = "cifar";
  kind.description = "any set of 32x32 colour images in CIFAR-10's layout, up to 256 classes";
  kind.how_to_get =
      "put data_batch_1.bin (and data_batch_2.bin ... if there are more), test_batch.bin and, if the classes have "
      "names, "
      "batches.meta.txt into one folder and name it";
  kind.files = {{"data_batch_1.bin"}, {"test_batch.bin"}};
  kind.load = LoadAnyCifar;
  return kind;
}

}  // namespace

std::vector<DatasetKind> Kinds() { return {Cifar10Kind(), Cifar100Kind(), AnyCifarKind()}; }

}  // namespace lowbit::data::sets::cifar
