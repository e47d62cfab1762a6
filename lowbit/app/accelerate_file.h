#ifndef LOWBIT_APP_ACCELERATE_FILE_H_
#define LOWBIT_APP_ACCELERATE_FILE_H_

#include <string>
#include <vector>

#include "lowbit/accelerator/check.h"
#include "lowbit/accelerator/compile.h"
#include "lowbit/base/result.h"

namespace lowbit::app {

struct AccelerateRequest {
  std::string file;  // A packed file.
  accelerator::CompileOptions options;
  double megahertz = 200;  // Of the clock that times are told for.
  int64_t check =
      0;  // Images of random pixels, 0 to 255, that the plain model of the accelerator is compared with the network on.
};

struct AcceleratedFile {
  std::string path;
  accelerator::Compiled compiled;
  double megahertz = 0;
  int64_t checked = 0;  // Images.
  accelerator::Comparison comparison;
};

// The network of a packed file, or a stretch of it, laid out for the accelerator (hardware/README.md). Cost of a check: a plain evaluation
// of the network in float64 and one of the stretch in loops, about a second for each hundred million multiplications. Errors: as
// lbm::Read and accelerator::Compile; checked images that differ.
Result<AcceleratedFile> AccelerateFile(const AccelerateRequest& request);

std::string ToText(const AcceleratedFile& file);
std::string ToJson(const AcceleratedFile& file);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_ACCELERATE_FILE_H_
