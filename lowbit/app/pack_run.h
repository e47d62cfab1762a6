#ifndef LOWBIT_APP_PACK_RUN_H_
#define LOWBIT_APP_PACK_RUN_H_

#include <string>

#include "lowbit/app/inspect.h"
#include "lowbit/base/result.h"

namespace lowbit::app {

// Writes the network of a run's last checkpoint as the packed file `out`, and says what it holds.
Result<Inspection> PackRun(const std::string& run, const std::string& out);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_PACK_RUN_H_
