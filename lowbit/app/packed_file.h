#ifndef LOWBIT_APP_PACKED_FILE_H_
#define LOWBIT_APP_PACKED_FILE_H_

#include <string>

#include "lowbit/base/result.h"

namespace lowbit::app {

// Where a person may name a packed file or the folder of a run: the file, which a run writes at its end as model.lbm.
// Error: a folder that has none yet.
Result<std::string> PackedFile(const std::string& file_or_run);

// For who quantizes a run's network before its end: that this is not what the run ends with; "" where it has ended.
std::string UnfinishedRun(const std::string& run);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_PACKED_FILE_H_
