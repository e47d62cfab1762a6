#include "lowbit/base/suggest.h"

#include <algorithm>
#include <numeric>

namespace lowbit {
namespace {

// Levenshtein distance, one row at a time.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t substitute = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({substitute, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string NearestName(std::string_view name, const std::vector<std::string>& known) {
  const auto nearest = std::min_element(known.begin(), known.end(), [&](const auto& a, const auto& b) {
    return EditDistance(name, a) < EditDistance(name, b);
  });
  return nearest == known.end() ? std::string() : *nearest;
}

std::string UnknownName(std::string_view kind, std::string_view name, const std::vector<std::string>& known) {
  std::string text = "unknown " + std::string(kind) + " '" + std::string(name) + "'";
  if (known.empty()) return text;
  return text + "; did you mean '" + NearestName(name, known) + "'? known: " + Join(known);
}

std::string Join(const std::vector<std::string>& names, std::string_view separator) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += separator;
    text += names[i];
  }
  return text;
}

}  // namespace lowbit
