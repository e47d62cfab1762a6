#ifndef LOWBIT_QUANT_CHOICE_H_
#define LOWBIT_QUANT_CHOICE_H_

#include <algorithm>
#include <string>
#include <vector>

#include "lowbit/base/config.h"

namespace lowbit::quant {

// The key's text as an enumerator: its place among `names`, which are in the order of the enumeration from 0 on.
template <typename Enum>
Enum ReadEnum(ConfigReader* reader, const std::string& key, Enum otherwise, const std::vector<std::string>& names) {
  const std::string name = reader->String(key, names[static_cast<size_t>(otherwise)], names);
  return static_cast<Enum>(std::find(names.begin(), names.end(), name) - names.begin());
}

}  // namespace lowbit::quant

#endif  // LOWBIT_QUANT_CHOICE_H_
