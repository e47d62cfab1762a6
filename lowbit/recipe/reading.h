#ifndef LOWBIT_RECIPE_READING_H_
#define LOWBIT_RECIPE_READING_H_

// What the readers of a recipe's tables share.

#include <algorithm>
#include <initializer_list>
#include <string>
#include <vector>

#include "lowbit/base/config.h"

namespace lowbit::recipe {

// Reads a word into the enumerator at the same place. The first name is the default.
template <typename Enum>
Enum Choice(ConfigReader* reader, const std::string& key, const std::vector<std::string>& names) {
  const std::string word = reader->String(key, names.front(), names);
  return static_cast<Enum>(std::find(names.begin(), names.end(), word) - names.begin());
}

// In (0, max].
double PositiveFloat(ConfigReader* reader, const std::string& key, double otherwise, double max);

// An error that says why for each of these keys that is there.
void RejectUnused(ConfigReader* reader, std::initializer_list<const char*> keys, const std::string& because);

// A table cut in two: the keys that are read here, and the others, which somebody else reads and checks.
struct Split {
  Config ours, others;
};

// REQUIRES: config is a table.
Split SplitTable(const Config& config, std::initializer_list<std::string> keys);

}  // namespace lowbit::recipe

#endif  // LOWBIT_RECIPE_READING_H_
