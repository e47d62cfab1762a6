#ifndef LOWBIT_FORMAT_C_SOURCE_C_SOURCE_H_
#define LOWBIT_FORMAT_C_SOURCE_C_SOURCE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"

namespace lowbit::c_source {

enum class InputType : uint8_t {
  kFloat,  // As everywhere in lowbit: raw pixels as floats.
  kUint8,  // Whole numbers from 0 to 255, a quarter of the memory.
};

struct Options {
  std::string name = "network";  // What the functions' names begin with: a C identifier of at most 40 characters.
  InputType input = InputType::kFloat;
};

// One function of the program.
struct StepReport {
  std::string value;               // What it computes.
  std::vector<std::string> nodes;  // Of the network's integer form.
  std::string shape;               // "[16, 32, 32]"
  std::string type;                // "uint8_t"
  int64_t macs = 0;
  int64_t weight_bytes = 0;  // Packed.
};

struct Program {
  std::string header, source;  // Of <name>.h and <name>.c.
  std::vector<StepReport> steps;
  int64_t macs = 0;
  int64_t constant_bytes = 0;   // Weights, tables and geometry: read-only memory beside the code.
  int64_t workspace_bytes = 0;  // Values and unpacked rows of weights; input and outputs are the caller's.
};

// Error: no C identifier of 1 to 40 characters.
Status CheckName(const std::string& name);

// The network as C99 that needs nothing but a C compiler for a processor with integers of 32 bits: no heap, no state, no library but
// <string.h> and, for functions like Sigmoid, <math.h>. One image at a time.
//
//   void NAME_run(const float input[NAME_INPUT_SIZE], float output[NAME_OUTPUT_SIZE], void *workspace);
//
// It computes the network's integer form (docs/integers.md), each operation rounded to float: a network whose activations are quantized
// gives the runtime's and the trainer's numbers to the bit. Layers of floats agree with them within the rounding of their sums.
// Weights are kept in as few bits as tell their values apart (five ternary ones in a byte) and unpacked a row at a time.
//
// Weights of a codebook are its codes. Differs from the runtime: no recurrent layers.
// Errors: as Validate; what Network::Make cannot take; CheckName's; more than 2^31 - 1 elements in a value.
Result<Program> Generate(const Graph& graph, const Options& options);

}  // namespace lowbit::c_source

#endif  // LOWBIT_FORMAT_C_SOURCE_C_SOURCE_H_
