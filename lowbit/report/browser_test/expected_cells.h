#ifndef LOWBIT_REPORT_BROWSER_TEST_EXPECTED_CELLS_H_
#define LOWBIT_REPORT_BROWSER_TEST_EXPECTED_CELLS_H_

#include <map>
#include <string>
#include <vector>

#include "lowbit/report/browser_test/sample_runs.h"

namespace lowbit::report {

// Figures of a page by TableKey (page_reading.h).
using Cells = std::map<std::string, double>;

// Every figure of the runs' own tables, read from the samples' lines and not through the library.
Cells ExpectedCells(const std::vector<SampleRun>& samples);

}  // namespace lowbit::report

#endif  // LOWBIT_REPORT_BROWSER_TEST_EXPECTED_CELLS_H_
