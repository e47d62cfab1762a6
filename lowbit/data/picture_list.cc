#include "lowbit/data/picture_list.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>
#include <system_error>

namespace lowbit::data {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxPictures = size_t{1} << 28;  // Of one half; ImageNet has 1.3 million.

bool IsPicture(const fs::directory_entry& entry) {
  std::string ending = entry.path().extension().string();
  for (char& c : ending) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  std::error_code ignored;
  return (ending == ".jpg" || ending == ".jpeg" || ending == ".png") && entry.is_regular_file(ignored);
}

bool IsFolder(const fs::directory_entry& entry) {
  std::error_code ignored;
  return entry.is_directory(ignored);
}

// Sorted names of what is in `folder` and wanted.
Result<std::vector<std::string>> Names(const std::string& folder, bool (*wanted)(const fs::directory_entry&)) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::string name = at->path().filename().string();
    if (name.front() != '.' && wanted(*at)) names.push_back(std::move(name));
  }
  if (error) return Invalid(folder + ": cannot be listed: " + error.message());
  std::sort(names.begin(), names.end());
  return names;
}

Status CheckClasses(const std::string& folder, size_t classes) {
  if (classes >= 2) return Ok();
  return Invalid(folder + ": has " + (classes == 0 ? "no class folder" : "only one class folder") +
                 "; a folder of pictures for each of two or more classes was expected");
}

Status CheckWanted(const std::string& folder, const std::vector<std::string>& there,
                   const std::vector<std::string>& wanted) {
  const std::set<std::string> known(wanted.begin(), wanted.end());
  for (const std::string& name : there) {
    if (known.count(name) == 0) {
      return Invalid(folder + "/" + name + ": is none of the " + std::to_string(wanted.size()) +
                     " classes that are listed");
    }
  }
  return Ok();
}

Status CheckCount(const std::string& folder, size_t count) {
  if (count <= kMaxPictures) return Ok();
  return Invalid(folder + ": has " + std::to_string(count) + " pictures; at most 2^28 can be read");
}

void Number(PictureList* list) {
  size_t most = 0;
  for (const auto& names : list->files) most = std::max(most, names.size());
  for (size_t rank = 0; rank < most; ++rank) {
    for (size_t label = 0; label < list->files.size(); ++label) {
      if (rank >= list->files[label].size()) continue;
      list->places.push_back({static_cast<int32_t>(label), static_cast<int64_t>(rank)});
    }
  }
}

}  // namespace

std::string PictureList::ClassFolder(int32_t label) const {
  const std::string& name = classes[static_cast<size_t>(label)];
  return name.empty() ? folder : folder + "/" + name;
}

Result<PictureList> ListPictures(const std::string& folder, const std::vector<std::string>& wanted) {
  PictureList list;
  list.folder = folder;
  LOWBIT_TRY(const std::vector<std::string> there, Names(folder, IsFolder));
  LOWBIT_RETURN_IF_ERROR(wanted.empty() ? CheckClasses(folder, there.size()) : CheckWanted(folder, there, wanted));
  list.classes = wanted.empty() ? there : wanted;
  size_t count = 0;
  for (const std::string& name : list.classes) {
    const std::string path = folder + "/" + name;
    std::vector<std::string> files;
    if (std::binary_search(there.begin(), there.end(), name)) {
      LOWBIT_TRY(files, Names(path, IsPicture));
    }
    if (files.empty() && wanted.empty()) {
      return Invalid(path + ": holds no .jpg, .jpeg or .png file; a class needs at least one");
    }
    count += files.size();
    list.files.push_back(std::move(files));
  }
  if (count == 0) return Invalid(folder + ": holds no picture of any class that is listed");
  LOWBIT_RETURN_IF_ERROR(CheckCount(folder, count));
  Number(&list);
  return list;
}

Result<PictureList> ListPlainPictures(const std::string& folder) {
  PictureList list;
  list.folder = folder;
  list.classes = {""};
  LOWBIT_TRY(std::vector<std::string> files, Names(folder, IsPicture));
  if (files.empty()) return Invalid(folder + ": holds no .jpg, .jpeg or .png file");
  LOWBIT_RETURN_IF_ERROR(CheckCount(folder, files.size()));
  list.files.push_back(std::move(files));
  Number(&list);
  return list;
}

}  // namespace lowbit::data
