#ifndef LOWBIT_REPORT_PAGE_GROUPS_H_
#define LOWBIT_REPORT_PAGE_GROUPS_H_

#include <nlohmann/json.hpp>
#include <vector>

#include "lowbit/report/page.h"

namespace lowbit::report {

// What the page shows of groups: figures after the last epoch, and the mean curve with its deviation, over the epochs
// that every finished run of the group was tested after. What there is too little for is null.
nlohmann::json GroupsData(const std::vector<PageGroup>& groups, const std::vector<Run>& runs);

}  // namespace lowbit::report

#endif  // LOWBIT_REPORT_PAGE_GROUPS_H_
