#ifndef LOWBIT_APP_TEXT_H_
#define LOWBIT_APP_TEXT_H_

#include <cstdint>
#include <string>
#include <vector>

namespace lowbit::app {

// "a\nb" -> {"a", "b"}
std::vector<std::string> SplitLines(const std::string& text);

// "1,234,567"
std::string Grouped(int64_t number);

// Rows of cells as aligned columns: the first column to the left, the others to the right; two spaces between.
// The first row is the heading and gets a line under it.
std::string TextTable(const std::vector<std::vector<std::string>>& rows);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_TEXT_H_
