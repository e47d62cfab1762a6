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
  // Images of random pixels, 0 to 255, on which the plain model of the accelerator must give the network's integers.
  int64_t check = 0;
  // A folder for accelerator::MemoryImages, made if it is not there: parameters.vh, descriptors.hex, weights.hex, thresholds.hex. "": none
  // are written.
  std::string out;
};

struct AcceleratedFile {
  std::string path;
  accelerator::Compiled compiled;
  double megahertz = 0;
  int64_t checked = 0;  // Images.
  accelerator::Comparison comparison;
  std::vector<std::string> written;  // Files.
};

// The network of a packed file, or a stretch of it, laid out for the accelerator (hardware/README.md). Cost of a check: a plain evaluation
// of the network in float64 and one of the stretch in loops, about a second for each hundred million multiplications. Errors: as
// lbm::Read and accelerator::Compile; checked images that differ, of which nothing is written.
Result<AcceleratedFile> AccelerateFile(const AccelerateRequest& request);

std::string ToText(const AcceleratedFile& file);
std::string ToJson(const AcceleratedFile& file);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_ACCELERATE_FILE_H_
