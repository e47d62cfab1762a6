#ifndef LOWBIT_DATA_SETS_IMAGE_FOLDER_PICTURE_LIST_H_
#define LOWBIT_DATA_SETS_IMAGE_FOLDER_PICTURE_LIST_H_

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/base/result.h"

namespace lowbit::data {

// The pictures of a folder that holds one folder for each class. They are numbered in turns, the first of each class,
// then the second of each, so that any first part of them has all classes.
struct PictureList {
  std::string folder;
  std::vector<std::string> classes;             // Names of the folders, sorted by their bytes.
  std::vector<std::vector<std::string>> files;  // [class]: names, sorted by their bytes.

  // The place of one picture in `files`.
  struct Place {
    int32_t label = 0;
    int64_t rank = 0;  // Within its class.
  };
  std::vector<Place> places;  // [number of the picture]

  std::string Path(int32_t label, int64_t rank) const;
};

// Lists *.jpg, *.jpeg and *.png (upper case, too) of each folder in `folder`; names that begin with a dot and other
// files are passed over, and folders are not searched any deeper. No picture is opened. Errors: fewer than two folders,
// one without a picture, more than 2^28 pictures, a folder that cannot be listed.
Result<PictureList> ListPictures(const std::string& folder);

}  // namespace lowbit::data

#endif  // LOWBIT_DATA_SETS_IMAGE_FOLDER_PICTURE_LIST_H_
