#ifndef LOWBIT_APP_EVALUATE_FILE_H_
#define LOWBIT_APP_EVALUATE_FILE_H_

#include <string>

#include "lowbit/app/evaluation.h"

namespace lowbit::app {

// The test accuracy of a packed file, by the runtime. `data` is "NAME[:PATH]"; "" takes the data set that the file
// names in its metadata. `threads` 0: all cores. Errors: the data set's image size or class count does not fit.
Result<Evaluation> EvaluateFile(const std::string& path, const std::string& data, int threads);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_EVALUATE_FILE_H_
