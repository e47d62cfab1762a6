#ifndef LOWBIT_CLI_OUTPUT_H_
#define LOWBIT_CLI_OUTPUT_H_

#include <string>

#include "lowbit/app/inspect.h"
#include "lowbit/base/result.h"

namespace lowbit::cli {

// Prints "lowbit: <sentence>" on standard error and returns the exit code of that kind of error: 2 or 1.
int Report(const Error& error);

// Prints to standard output. Returns 0, or 1 where standard output cannot be written (a full disk, a closed pipe).
int Print(const std::string& text);

// Prints what a packed file that was just written holds, in one line and the advice in another, or reports the error.
int PrintPacked(const Result<app::Inspection>& file);

// Prints either form of a result, or reports its error.
template <typename T>
int PrintResult(const Result<T>& result, bool json) {
  if (!result.ok()) return Report(result.error());
  return Print(json ? ToJson(result.value()) + "\n" : ToText(result.value()));
}

}  // namespace lowbit::cli

#endif  // LOWBIT_CLI_OUTPUT_H_
