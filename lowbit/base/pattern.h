#ifndef LOWBIT_BASE_PATTERN_H_
#define LOWBIT_BASE_PATTERN_H_

#include <string>
#include <vector>

namespace lowbit {

// Whether the whole name is what the pattern says: * stands for any letters, dots and slashes too, ? for one, [ab] for one
// of these, and \ in front of any of them for itself (fnmatch of POSIX).
bool MatchesPattern(const std::string& pattern, const std::string& name);

// Whether an entry of the list is the name, letter by letter or as a pattern: names from elsewhere may hold [ and *.
bool IsNamed(const std::vector<std::string>& list, const std::string& name);

// The first entry of the list that names none of these; "" if there is none.
std::string NamesNothing(const std::vector<std::string>& list, const std::vector<std::string>& names);

}  // namespace lowbit

#endif  // LOWBIT_BASE_PATTERN_H_
