#ifndef LOWBIT_BASE_ERROR_IN_H_
#define LOWBIT_BASE_ERROR_IN_H_

#include <string>

#include "lowbit/base/result.h"

namespace lowbit {

// The same error with the file, node or key where it was met in front: "net.lbm: is damaged".
inline Error ErrorIn(const std::string& where, const Error& error) {
  return Error{error.kind, where + ": " + error.message};
}

}  // namespace lowbit

#endif  // LOWBIT_BASE_ERROR_IN_H_
