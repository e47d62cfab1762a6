#include "tests/conformance/conformance.h"

namespace lowbit::conformance {

Executor TrainingExecutor() { return nullptr; }

}  // namespace lowbit::conformance
