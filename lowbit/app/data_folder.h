#ifndef LOWBIT_APP_DATA_FOLDER_H_
#define LOWBIT_APP_DATA_FOLDER_H_

#include <string>

#include "lowbit/base/result.h"

namespace lowbit::app {

// "NAME" of "NAME:FOLDER" or of "NAME".
std::string DataName(const std::string& data);

// FOLDER of "NAME:FOLDER"; of "NAME" the first place that `lowbit data` finds the set in. Errors: no such kind of data set; none is found.
Result<std::string> DataFolder(const std::string& data);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_DATA_FOLDER_H_
