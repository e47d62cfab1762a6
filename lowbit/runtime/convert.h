#ifndef LOWBIT_RUNTIME_CONVERT_H_
#define LOWBIT_RUNTIME_CONVERT_H_

#include <memory>
#include <string>

#include "lowbit/runtime/step.h"

namespace lowbit::runtime {

// The step that makes the form `wanted` of a value out of its other form: floats of bytes, or bytes of floats that are
// integers of the format. Null if the value has one form only.
std::unique_ptr<Step> ConvertTo(const std::string& wanted, const Lowering& lowering);

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_CONVERT_H_
