#ifndef LOWBIT_FORMAT_C_SOURCE_STEP_WRITER_H_
#define LOWBIT_FORMAT_C_SOURCE_STEP_WRITER_H_

// One function of the generated program: the loops over a value's elements, and what computes each.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "lowbit/format/c_source/expression.h"

namespace lowbit::c_source {

// Where arrays are: those in the workspace by their first byte, the others are parameters of the function.
struct Memory {
  struct Slot {
    std::string type;
    int64_t offset = 0;
  };
  Arrays arrays;                                  // Of values; an output's is not read.
  std::map<std::string, Slot> slots;              // By array.
  std::map<std::string, std::string> parameters;  // By array: "const float *input".
};

// What computes the channels from `first` to before `end`.
struct StepPart {
  int64_t first = 0, end = 0;
  std::string prologue;    // Statements before all elements.
  std::string statements;  // For one element.
  std::vector<Row> rows;
  std::vector<const Node*> nodes;  // The last one first.
};

struct Step {
  std::string value;
  std::vector<StepPart> parts;  // One for each input of a Concat that is not kept; else one.
  std::set<std::string> loads;  // Values.
};

// REQUIRES: value is one of StoredValues, or the network's copy for an output.
Step MakeStep(const Network& network, const Arrays& arrays, const std::string& value, Module* module);

// The rows of weights that the step unpacks, part by part.
std::vector<Row> RowsOf(const Step& step);

// The whole function. `rows`: first bytes of RowsOf in the workspace.
std::string FunctionText(const Network& network, const Memory& memory, const Step& step, const std::string& name,
                         const std::vector<int64_t>& rows);
// The arguments of a call of it, in its order.
std::string ArgumentsOf(const Memory& memory, const Step& step);

}  // namespace lowbit::c_source

#endif  // LOWBIT_FORMAT_C_SOURCE_STEP_WRITER_H_
