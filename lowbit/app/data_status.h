#ifndef LOWBIT_APP_DATA_STATUS_H_
#define LOWBIT_APP_DATA_STATUS_H_

#include <optional>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/data/dataset.h"

namespace lowbit::app {

struct DataStatus {
  std::vector<data::DatasetStatus> sets;
  // The one asked for by name, read and verified, if it is on this machine.
  std::optional<data::Dataset> checked;
};

// Which data sets are on this machine; all of them if `name` is empty. Errors: unknown name; the set asked for is here
// but damaged.
Result<DataStatus> FindData(const std::string& name);

std::string ToText(const DataStatus& status);
std::string ToJson(const DataStatus& status);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_DATA_STATUS_H_
