#include "lowbit/app/data_folder.h"

#include <vector>

#include "lowbit/data/dataset.h"

namespace lowbit::app {

std::string DataName(const std::string& data) { return data.substr(0, data.find(':')); }

Result<std::string> DataFolder(const std::string& data) {
  const std::string name = DataName(data);
  if (name.size() + 1 < data.size()) return data.substr(name.size() + 1);
  LOWBIT_TRY(const std::vector<data::DatasetStatus> statuses, data::FindDatasets(name));
  const data::DatasetPlace* place = statuses.at(0).chosen();
  if (place != nullptr) return place->folder;
  return Invalid("--data " + name + ":FOLDER was expected: " + statuses.at(0).kind.how_to_get);
}

}  // namespace lowbit::app
