#include "lowbit/recipe/reading.h"

namespace lowbit::recipe {

double PositiveFloat(ConfigReader* reader, const std::string& key, double otherwise, double max) {
  const double value = reader->Float(key, otherwise, 0, max);
  if (reader->Has(key) && value == 0) reader->Reject(key, "greater than 0");
  return value;
}

void RejectUnused(ConfigReader* reader, std::initializer_list<const char*> keys, const std::string& because) {
  for (const char* key : keys) {
    if (reader->Has(key)) reader->Reject(key, "left out: " + because);
  }
}

Split SplitTable(const Config& config, std::initializer_list<std::string> keys) {
  Split split{Config{ConfigTable(), config.where}, Config{ConfigTable(), config.where}};
  for (const auto& [key, value] : std::get<ConfigTable>(config.value)) {
    const bool is_ours = std::find(keys.begin(), keys.end(), key) != keys.end();
    std::get<ConfigTable>((is_ours ? split.ours : split.others).value).emplace(key, value);
  }
  return split;
}

}  // namespace lowbit::recipe
