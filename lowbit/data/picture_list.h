#ifndef LOWBIT_DATA_PICTURE_LIST_H_
#define LOWBIT_DATA_PICTURE_LIST_H_

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/base/result.h"

namespace lowbit::data {

// The pictures of a folder that holds one folder for each class. They are numbered in turns, the first of each class,
// then the second of each, so that any first part of them has all classes.
struct PictureList {
  std::string folder;
  std::vector<std::string> classes;             // Names of the folders.
  std::vector<std::vector<std::string>> files;  // [class]: names, sorted by their bytes.

  // The place of one picture in `files`.
  struct Place {
    int32_t label = 0;
    int64_t rank = 0;  // Within its class.
  };
  std::vector<Place> places;  // [number of the picture]

  std::string Path(int32_t label, int64_t rank) const { return ClassFolder(label) + "/" + Name(label, rank); }
  // The folder itself where the class has no name.
  std::string ClassFolder(int32_t label) const;
  const std::string& Name(int32_t label, int64_t rank) const {
    return files[static_cast<size_t>(label)][static_cast<size_t>(rank)];
  }
};

// Lists *.jpg, *.jpeg and *.png (upper case, too) of each folder in `folder`; names that begin with a dot and other
// files are passed over, and folders are not searched any deeper. No picture is opened. The classes are the folders,
// sorted by the bytes of their names, or, if `wanted` is not empty, those: then some may have no folder or no picture.
// Errors: fewer than two folders, one without a picture or one that is not wanted, no picture at all, more than 2^28
// pictures, a folder that cannot be listed.
Result<PictureList> ListPictures(const std::string& folder, const std::vector<std::string>& wanted);

// Lists the pictures of the folder itself, as one class without a name. Errors: no picture, more than 2^28, a folder that cannot
// be listed.
Result<PictureList> ListPlainPictures(const std::string& folder);

}  // namespace lowbit::data

#endif  // LOWBIT_DATA_PICTURE_LIST_H_
