#include "lowbit/base/pattern.h"

#include <fnmatch.h>

#include <algorithm>

namespace lowbit {

bool MatchesPattern(const std::string& pattern, const std::string& name) {
  return fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
}

bool IsNamed(const std::vector<std::string>& list, const std::string& name) {
  return std::any_of(list.begin(), list.end(),
                     [&](const std::string& entry) { return entry == name || MatchesPattern(entry, name); });
}

std::string NamesNothing(const std::vector<std::string>& list, const std::vector<std::string>& names) {
  const auto nothing = std::find_if(list.begin(), list.end(), [&](const std::string& entry) {
    return std::none_of(names.begin(), names.end(), [&](const std::string& name) { return IsNamed({entry}, name); });
  });
  return nothing == list.end() ? "" : *nothing;
}

}  // namespace lowbit
