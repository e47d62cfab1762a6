#include "lowbit/runtime/kernels/strided_copy/runs.h"

#include <algorithm>

namespace lowbit::runtime {
namespace {

// Its source, and the position there.
struct Place {
  int32_t source = 0, at = -1;
};

Place PlaceOf(int64_t position, const std::vector<int64_t>& sizes) {
  if (position < 0) return {0, -1};
  int32_t source = 0;
  while (position >= sizes[static_cast<size_t>(source)]) position -= sizes[static_cast<size_t>(source++)];
  return {source, static_cast<int32_t>(position)};
}

// Whether the place is the run's next; of a run of one any place of the same source is.
bool Continues(const CopyRun& run, const Place& place) {
  if (place.source != run.source || (place.at < 0) != (run.from < 0)) return false;
  return place.at < 0 || run.count == 1 || place.at == run.from + run.count * run.step;
}

}  // namespace

std::vector<CopyRun> FindRuns(const std::vector<int64_t>& positions, const std::vector<int64_t>& source_sizes) {
  std::vector<CopyRun> runs;
  for (size_t i = 0; i < positions.size(); ++i) {
    const Place place = PlaceOf(positions[i], source_sizes);
    if (runs.empty() || !Continues(runs.back(), place)) {
      runs.push_back({place.source, place.at, 1, 0, static_cast<int64_t>(i)});
    } else if (runs.back().count == 1 && place.at >= 0) {
      runs.back().step = place.at - runs.back().from;
    }
    ++runs.back().count;
  }
  return runs;
}

}  // namespace lowbit::runtime
