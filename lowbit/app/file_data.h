#ifndef LOWBIT_APP_FILE_DATA_H_
#define LOWBIT_APP_FILE_DATA_H_

#include <string>

#include "lowbit/app/classifier.h"
#include "lowbit/data/dataset.h"

namespace lowbit::app {

// The data set for a packed file, made into images as in the network's training. `data` is "NAME[:PATH]"; "" takes the set
// that the file names in its metadata. `path`: the file's, for errors.
// Errors: no set named; as LoadNamedDataset; the set has no labels; its image size or class count does not fit the network.
Result<data::Dataset> LoadFileData(const Classifier& classifier, const std::string& path, const std::string& data);

// The same for who looks at training images only: the set may have no labels.
Result<data::Dataset> LoadFileImages(const Classifier& classifier, const std::string& path, const std::string& data);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_FILE_DATA_H_
