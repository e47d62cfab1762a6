#ifndef LOWBIT_TESTS_C_SOURCE_COMPILED_NETWORK_H_
#define LOWBIT_TESTS_C_SOURCE_COMPILED_NETWORK_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"
#include "lowbit/format/c_source/c_source.h"

namespace lowbit::testing {

enum class Dialect {
  kStandard,  // C99, -O2.
  kGnu,       // As GNU C, -O3, for this very processor: where compilers contract products and sums by themselves.
};

// A network written as C, compiled by the C compiler that the tests were built with (every warning an error, undefined behaviour a
// trap) and loaded.
class CompiledNetwork {
 public:
  // Errors: Generate's; the compiler's, with what it says.
  static Result<CompiledNetwork> Make(const Graph& graph, c_source::InputType input = c_source::InputType::kFloat,
                                      Dialect dialect = Dialect::kStandard);

  // The outputs of one image, in the order of the graph. The workspace is filled with `garbage` before, and bytes around it are watched:
  // a step that writes there makes this end the program.
  std::vector<std::vector<float>> Run(const std::vector<float>& image, unsigned char garbage) const;

  const c_source::Program& program() const { return program_; }

 private:
  c_source::Program program_;
  c_source::InputType input_ = c_source::InputType::kFloat;
  std::vector<size_t> outputs_;  // Elements of each.
  std::shared_ptr<void> library_;
  void* run_ = nullptr;
};

}  // namespace lowbit::testing

#endif  // LOWBIT_TESTS_C_SOURCE_COMPILED_NETWORK_H_
