#ifndef LOWBIT_BASE_SUGGEST_H_
#define LOWBIT_BASE_SUGGEST_H_

#include <string>
#include <string_view>
#include <vector>

namespace lowbit {

// The entry of `known` with the smallest edit distance to `name`; "" if `known` is empty.
std::string NearestName(std::string_view name, const std::vector<std::string>& known);

// "unknown KIND 'NAME'; did you mean 'NEAREST'? known: a, b, c"
std::string UnknownName(std::string_view kind, std::string_view name, const std::vector<std::string>& known);

// "a, b, c"
std::string Join(const std::vector<std::string>& names, std::string_view separator = ", ");

}  // namespace lowbit

#endif  // LOWBIT_BASE_SUGGEST_H_
