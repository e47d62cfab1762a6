#include "lowbit/report/statistics.h"

#include <algorithm>
#include <cmath>

namespace lowbit::report {

Statistics Summarize(const std::vector<double>& values) {
  Statistics statistics;
  statistics.count = values.size();
  if (values.empty()) return statistics;
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  statistics.least = *least;
  statistics.most = *most;
  double sum = 0;
  for (const double value : values) sum += value;
  statistics.mean = sum / static_cast<double>(values.size());
  if (values.size() < 2) return statistics;
  double squares = 0;
  for (const double value : values) squares += (value - statistics.mean) * (value - statistics.mean);
  statistics.deviation = std::sqrt(squares / static_cast<double>(values.size() - 1));
  return statistics;
}

}  // namespace lowbit::report
