#ifndef LOWBIT_REPORT_STATISTICS_H_
#define LOWBIT_REPORT_STATISTICS_H_

#include <cstddef>
#include <optional>
#include <vector>

namespace lowbit::report {

struct Statistics {
  size_t count = 0;
  double mean = 0, least = 0, most = 0;  // 0 where there is no value.
  // The sample's standard deviation, sqrt(sum (x - mean)^2 / (count - 1)); none for fewer than two values.
  std::optional<double> deviation;
};

Statistics Summarize(const std::vector<double>& values);

}  // namespace lowbit::report

#endif  // LOWBIT_REPORT_STATISTICS_H_
