#ifndef LOWBIT_TRAIN_TRAINER_GUARD_H_
#define LOWBIT_TRAIN_TRAINER_GUARD_H_

#include <exception>
#include <stdexcept>
#include <string>

#include "lowbit/base/result.h"

namespace lowbit::train {

// Its first line: libtorch's messages go on with a stack trace.
std::string FirstLine(const std::string& message);

// Calls `function`, which returns a Result or Status, and turns what it throws into an Error: the border between
// libtorch, which throws, and everything outside of train.
template <typename Function>
auto Guarded(Function&& function) -> decltype(function()) {
  try {
    return function();
  } catch (const std::invalid_argument& error) {
    return Invalid(FirstLine(error.what()));
  } catch (const std::exception& error) {
    return Failed(FirstLine(error.what()));
  }
}

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_TRAINER_GUARD_H_
