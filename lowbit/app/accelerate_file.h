#ifndef LOWBIT_APP_ACCELERATE_FILE_H_
#define LOWBIT_APP_ACCELERATE_FILE_H_

#include <string>
#include <vector>

#include "lowbit/accelerator/compile.h"
#include "lowbit/base/result.h"

namespace lowbit::app {

struct AcceleratedFile {
  std::string path;
  accelerator::Compiled compiled;
  double megahertz = 0;  // Of the clock that times are told for.
};

// The network of a packed file, or a stretch of it, laid out for the accelerator (hardware/README.md). Errors: as lbm::Read and
// accelerator::Compile.
Result<AcceleratedFile> AccelerateFile(const std::string& path, const accelerator::CompileOptions& options,
                                       double megahertz);

std::string ToText(const AcceleratedFile& file);
std::string ToJson(const AcceleratedFile& file);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_ACCELERATE_FILE_H_
