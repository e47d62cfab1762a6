// Folders of pictures, one for each class: ImageNet's layout.

#include <algorithm>
#include <memory>
#include <utility>

#include "lowbit/data/dataset.h"
#include "lowbit/data/sets/image_folder/picture_reader.h"

namespace lowbit::data::sets::image_folder {
namespace {

Status CheckView(const std::string& folder, const PictureView& view) {
  const bool wide = view.Width() > kMaxPictureSide;
  if (view.size >= 1 && view.size <= view.resize && view.resize <= kMaxPictureSide && !wide) return Ok();
  return Invalid(folder + ": pictures cannot be resized to " + std::to_string(view.resize) + " and cut to " +
                 std::to_string(wide ? view.Width() : view.size) +
                 " pixels; 1 <= cut <= resize <= " + std::to_string(kMaxPictureSide) + " was expected");
}

// Both lists are sorted, so the first difference is a class that one of them lacks.
Status CheckSameClasses(const PictureList& train, const PictureList& test) {
  if (train.classes == test.classes) return Ok();
  size_t i = 0;
  while (i < train.classes.size() && i < test.classes.size() && train.classes[i] == test.classes[i]) ++i;
  const bool test_lacks = i == test.classes.size() || (i < train.classes.size() && train.classes[i] < test.classes[i]);
  const PictureList& with = test_lacks ? train : test;
  const PictureList& without = test_lacks ? test : train;
  return Invalid(without.folder + ": lacks the class folder '" + with.classes[i] + "' of " + with.folder +
                 "; both must have the same classes");
}

Result<PictureList> ListHalf(const DatasetKind& kind, size_t row, const std::string& folder, const ClassList& classes) {
  LOWBIT_TRY(const std::string path, DatasetFolder(kind, row, folder));
  return ListPictures(path, classes.folders);
}

void WarnOfMissingClasses(const PictureList& list, std::vector<std::string>* warnings) {
  const auto empty =
      std::count_if(list.files.begin(), list.files.end(), [](const auto& files) { return files.empty(); });
  if (empty == 0) return;
  warnings->push_back(list.folder + ": has no picture of " + std::to_string(empty) + " of the " +
                      std::to_string(list.files.size()) + " classes");
}

ImageSet MakeSet(PictureList list, const PictureView& view) {
  ImageSet set;
  set.image = {view.channels, view.size, view.Width()};
  for (const PictureList::Place& place : list.places) set.labels.push_back(place.label);
  set.reader = std::make_shared<PictureReader>(std::move(list), view);
  return set;
}

Result<Dataset> Load(const DatasetKind& kind, const std::string& folder, const PictureOptions& pictures) {
  LOWBIT_RETURN_IF_ERROR(CheckView(folder, pictures.view));
  LOWBIT_TRY(PictureList train, ListHalf(kind, 0, folder, pictures.classes));
  LOWBIT_TRY(PictureList test, ListHalf(kind, 1, folder, pictures.classes));
  LOWBIT_RETURN_IF_ERROR(CheckSameClasses(train, test));
  Dataset set;
  set.name = kind.name;
  set.path = folder;
  set.classes = static_cast<int64_t>(train.classes.size());
  set.class_folders = train.classes;
  set.class_names = pictures.classes.names.empty() ? train.classes : pictures.classes.names;
  WarnOfMissingClasses(train, &set.warnings);
  WarnOfMissingClasses(test, &set.warnings);
  set.train = MakeSet(std::move(train), pictures.view);
  set.test = MakeSet(std::move(test), pictures.view);
  return set;
}

DatasetKind ImageFolderKind() {
  DatasetKind kind;
  kind.name = "image-folder";
  kind.description =
      "any set of JPEG and PNG pictures in one folder for each class, any sizes, read when they are used";
  kind.how_to_get =
      "put pictures into train/CLASS/ and val/CLASS/ (or validation/CLASS/, test/CLASS/) below one folder and name it: "
      "ImageNet's layout";
  kind.folders = {{"train"}, {"val", "validation", "test"}};
  kind.load = Load;
  return kind;
}

Result<Dataset> LoadUnlabelled(const DatasetKind& kind, const std::string& folder, const PictureOptions& pictures) {
  PictureView view = pictures.view;
  view.resize = view.size;  // Pictures of the network's own size stay as they are.
  LOWBIT_RETURN_IF_ERROR(CheckView(folder, view));
  LOWBIT_TRY(PictureList list, ListPlainPictures(folder));
  Dataset set;
  set.name = kind.name;
  set.path = folder;
  set.class_folders = pictures.classes.folders;
  set.class_names = pictures.classes.names;
  set.train = MakeSet(std::move(list), view);
  set.test.image = set.train.image;
  if (pictures.test.empty()) return set;
  LOWBIT_TRY(PictureList test, ListPlainPictures(pictures.test));
  set.test = MakeSet(std::move(test), view);
  return set;
}

DatasetKind PicturesKind() {
  DatasetKind kind;
  kind.name = "pictures";
  kind.description =
      "JPEG and PNG pictures of one folder, without labels: to calibrate and compress with, and to train from a "
      "teacher";
  kind.how_to_get = "put pictures like those that the network will see into one folder and name it";
  kind.load = LoadUnlabelled;
  return kind;
}

}  // namespace

std::vector<DatasetKind> Kinds() { return {ImageFolderKind(), PicturesKind()}; }

}  // namespace lowbit::data::sets::image_folder
