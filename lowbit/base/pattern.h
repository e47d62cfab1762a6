#ifndef LOWBIT_BASE_PATTERN_H_
#define LOWBIT_BASE_PATTERN_H_

#include <string>

namespace lowbit {

// Whether the whole name is what the pattern says: * stands for any letters, dots and slashes too, ? for one, [ab] for one
// of these, and \ in front of any of them for itself (fnmatch of POSIX).
bool MatchesPattern(const std::string& pattern, const std::string& name);

}  // namespace lowbit

#endif  // LOWBIT_BASE_PATTERN_H_
