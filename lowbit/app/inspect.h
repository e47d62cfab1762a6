#ifndef LOWBIT_APP_INSPECT_H_
#define LOWBIT_APP_INSPECT_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/core/shape.h"

namespace lowbit::app {

// One parameter of a packed file.
struct InspectedLayer {
  std::string name;  // The parameter.
  std::string node;  // The first node that uses it.
  Shape shape;
  std::string values;    // "ternary", "float32", "int64"
  std::string encoding;  // "trits", "1 bits", "raw"
  double bits = 0;       // Stored bits per element, padding included, scales and tables not.
  int64_t elements = 0;
  int64_t bytes = 0;  // On disk, scales and tables not included.
  int64_t scale_bytes = 0, table_bytes = 0;
  int64_t macs = 0;  // Of the node, for one image; on the weight of Conv and Gemm only.
};

struct Inspection {
  std::string path;
  std::string network;
  std::map<std::string, std::string> metadata;
  std::vector<InspectedLayer> layers;
  int64_t file_bytes = 0;
  int64_t other_bytes = 0;  // Header, structure, metadata, alignment.
  int64_t float_bytes = 0;  // What the same parameters take at 4 bytes per element.
  int64_t lowbit_elements = 0;
  int64_t lowbit_bytes = 0;  // Codes of low-bit tensors, row padding included.
  int64_t macs = 0;
  std::string advice;  // For who has just written the file; "" for others.

  double compression() const;             // float_bytes / file_bytes
  double bits_per_lowbit_weight() const;  // 0 where there is none.
  double bits_per_weight() const;         // The same, or 32 for a float network.
};

// Errors: the file is damaged or not a .lbm.
Result<Inspection> Inspect(const std::string& path);

std::string ToText(const Inspection& inspection);
std::string ToJson(const Inspection& inspection);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_INSPECT_H_
