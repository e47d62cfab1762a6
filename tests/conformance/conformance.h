#ifndef TESTS_CONFORMANCE_CONFORMANCE_H_
#define TESTS_CONFORMANCE_CONFORMANCE_H_

// The ONNX project's own tests (Debian's package libonnx-testdata), each a model with inputs and the outputs that it has
// to give, through the float64 definitions of core, through the runtime, and through the executor that trains.

#include <map>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"

namespace lowbit::conformance {

enum class Verdict {
  kPass,         // core and the runtime give the outputs.
  kUnsupported,  // The file is refused.
  kWrong,        // It is read, and an output differs.
};

struct Outcome {
  std::string test;       // "node/test_add"
  std::string operators;  // "Add"; "several" for more than one.
  Verdict verdict = Verdict::kUnsupported;
  std::string why;            // One sentence; empty for a pass.
  bool inputs_fixed = false;  // Some inputs had to be known when the file was read.
  std::string training;       // Of a pass: why libtorch does not give the outputs too; empty if it does.
};

// The graph's outputs for these inputs.
using Executor = Result<std::vector<DoubleTensor>> (*)(const Graph& graph,
                                                       const std::map<std::string, DoubleTensor>& inputs);

// Through libtorch, or null in a build without it.
Executor TrainingExecutor();

// Where the tests are; every outcome, by name. Empty if the package is not installed.
inline constexpr const char* kTests = "/usr/share/libonnx-testdata/data";
std::vector<Outcome> RunAll(const std::string& folder = kTests);

// The page of the docs that lists them; what is trained, which not every build knows, is its end.
std::string ToPage(const std::vector<Outcome>& outcomes);

}  // namespace lowbit::conformance

#endif  // TESTS_CONFORMANCE_CONFORMANCE_H_
