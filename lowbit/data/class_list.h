#ifndef LOWBIT_DATA_CLASS_LIST_H_
#define LOWBIT_DATA_CLASS_LIST_H_

#include <string>
#include <vector>

#include "lowbit/base/result.h"

namespace lowbit::data {

// The classes of a set of pictures, in the order of their labels.
struct ClassList {
  std::vector<std::string> folders;  // Names of the folders that hold their pictures; no two alike.
  std::vector<std::string> names;    // For people; as many.
};

// Reads a text file with a line for each class: the folder's name, and after blanks, where given, a name for people.
// That is how ImageNet's synset_words.txt and LOC_synset_mapping.txt are written. Empty lines at the end are left out.
// Errors: no file, fewer than two lines, an empty one between others, a folder that is there twice.
Result<ClassList> ReadClassList(const std::string& path);

}  // namespace lowbit::data

#endif  // LOWBIT_DATA_CLASS_LIST_H_
