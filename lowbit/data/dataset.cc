#include "lowbit/data/dataset.h"

#include <algorithm>
#include <cstdlib>

#include "lowbit/base/file.h"
#include "lowbit/base/suggest.h"

namespace lowbit::data {
namespace {

using Exists = bool (*)(const std::string& path);
using Names = std::vector<std::string>;

// The first of the names that is there; "" if none is.
std::string FirstOf(const Names& names, const std::string& folder, Exists exists) {
  for (const std::string& name : names) {
    std::string path = folder + "/" + name;
    if (exists(path)) return path;
  }
  return "";
}

void LookFor(const std::vector<Names>& rows, Exists exists, DatasetPlace* place) {
  for (const Names& names : rows) {
    std::string path = FirstOf(names, place->folder, exists);
    if (path.empty()) {
      place->missing.push_back(Join(names, " or "));
    } else {
      place->found.push_back(std::move(path));
    }
  }
}

DatasetPlace LookAt(const DatasetKind& kind, const std::string& folder) {
  DatasetPlace place;
  place.folder = folder;
  place.exists = FolderExists(folder);
  LookFor(kind.files, FileExists, &place);
  LookFor(kind.folders, FolderExists, &place);
  return place;
}

Result<std::string> PathOf(const DatasetKind& kind, const Names& names, const std::string& folder, Exists exists) {
  std::string path = FirstOf(names, folder, exists);
  if (path.empty()) return Invalid(folder + ": lacks " + Join(names, " or ") + "; " + kind.how_to_get);
  return path;
}

std::vector<std::string> FoldersToSearch(const DatasetKind& kind) {
  std::vector<std::string> roots;
  const char* variable = std::getenv("LOWBIT_DATA");
  if (variable != nullptr && *variable != '\0') roots.emplace_back(variable);
  roots.emplace_back("data");
  std::vector<std::string> folders;
  for (const std::string& root : roots) {
    folders.push_back(root + "/" + kind.name);
    for (const std::string& name : kind.folder_names) folders.push_back(root + "/" + name);
  }
  folders.insert(folders.end(), kind.default_paths.begin(), kind.default_paths.end());
  return folders;
}

Result<DatasetKind> FindKind(const std::string& name) {
  std::vector<std::string> known;
  for (DatasetKind& kind : DatasetKinds()) {
    if (kind.name == name) return std::move(kind);
    known.push_back(kind.name);
  }
  return Invalid(UnknownName("data set", name, known));
}

DatasetStatus StatusOf(DatasetKind kind) {
  DatasetStatus status;
  status.kind = std::move(kind);
  for (const std::string& folder : FoldersToSearch(status.kind)) status.places.push_back(LookAt(status.kind, folder));
  return status;
}

Error NothingFound(const DatasetStatus& status) {
  std::vector<std::string> looked;
  for (const DatasetPlace& place : status.places) {
    looked.push_back(place.folder + (place.found.empty() ? "" : " (lacks " + Join(place.missing) + ")"));
  }
  return Invalid("data set '" + status.kind.name + "': not found in " + Join(looked) + "; " + status.kind.how_to_get);
}

std::string DescribePlace(const DatasetPlace& place) {
  if (!place.exists) return "  not there  " + place.folder + "\n";
  if (place.complete()) return "  found      " + place.folder + "\n";
  return "  incomplete " + place.folder + ": lacks " + Join(place.missing) + "\n";
}

}  // namespace

std::vector<DatasetKind> DatasetKinds() {
  std::vector<DatasetKind> kinds;
  for (const sets::ShelfEntry& entry : sets::ShelfEntries()) {
    for (DatasetKind& kind : entry.function()) kinds.push_back(std::move(kind));
  }
  std::sort(kinds.begin(), kinds.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return kinds;
}

const DatasetPlace* DatasetStatus::chosen() const {
  for (const DatasetPlace& place : places) {
    if (place.complete()) return &place;
  }
  return nullptr;
}

Result<std::vector<DatasetStatus>> FindDatasets(const std::string& name) {
  std::vector<DatasetStatus> statuses;
  if (!name.empty()) {
    LOWBIT_TRY(DatasetKind kind, FindKind(name));
    statuses.push_back(StatusOf(std::move(kind)));
    return statuses;
  }
  for (DatasetKind& kind : DatasetKinds()) statuses.push_back(StatusOf(std::move(kind)));
  return statuses;
}

std::string DescribeDatasets(const std::vector<DatasetStatus>& statuses) {
  std::string text;
  for (const DatasetStatus& status : statuses) {
    text += status.kind.name + ": " + status.kind.description + "\n";
    for (const DatasetPlace& place : status.places) text += DescribePlace(place);
    if (status.chosen() == nullptr) text += "  to get it: " + status.kind.how_to_get + "\n";
  }
  return text;
}

Result<std::string> DatasetFile(const DatasetKind& kind, size_t row, const std::string& folder) {
  LOWBIT_CHECK(row < kind.files.size());
  return PathOf(kind, kind.files[row], folder, FileExists);
}

Result<std::string> DatasetFolder(const DatasetKind& kind, size_t row, const std::string& folder) {
  LOWBIT_CHECK(row < kind.folders.size());
  return PathOf(kind, kind.folders[row], folder, FolderExists);
}

Result<Span<const uint8_t>> ImageSet::Read(int64_t index, const Crop& crop, std::vector<uint8_t>* buffer) const {
  const size_t elements = static_cast<size_t>(Elements(image));
  if (reader == nullptr) return Span<const uint8_t>(pixels.data() + static_cast<size_t>(index) * elements, elements);
  buffer->resize(elements);
  LOWBIT_RETURN_IF_ERROR(reader->Read(index, crop, Span<uint8_t>(buffer->data(), elements)));
  return Span<const uint8_t>(buffer->data(), elements);
}

Result<Dataset> LoadDataset(const std::string& name, const std::string& path, const PictureOptions& pictures) {
  LOWBIT_TRY(const DatasetKind kind, FindKind(name));
  if (!path.empty()) {
    if (!FolderExists(path)) return Invalid(path + ": is not a folder; " + kind.how_to_get);
    return kind.load(kind, path, pictures);
  }
  const DatasetStatus status = StatusOf(kind);
  if (status.chosen() == nullptr) return NothingFound(status);
  return kind.load(kind, status.chosen()->folder, pictures);
}

}  // namespace lowbit::data
