#ifndef LOWBIT_APP_OUTPUT_FILE_H_
#define LOWBIT_APP_OUTPUT_FILE_H_

#include <string>
#include <vector>

#include "lowbit/base/result.h"

namespace lowbit::app {

// Whether a command can write the file `path`, found out before hours of work and not after them, and whether it may: `inputs` are the
// files and the runs' folders that it reads, which must survive; of a run all but its packed network, model.lbm, which can be made again.
// Names that are empty or of nothing are no inputs. `ending`: how names of what it writes end, as ".lbm"; the endings of lowbit's other
// kinds of files are refused, so that no file belies its name. Errors: the first rule that is broken.
Status CheckOutput(const std::string& path, const std::vector<std::string>& inputs, const std::string& ending);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_OUTPUT_FILE_H_
