#include "lowbit/core/shape.h"

namespace lowbit {

Result<int64_t> CheckedElements(const Shape& shape) {
  int64_t count = 1;
  for (const int64_t extent : shape) {
    if (extent < 0) return Invalid("shape " + ToString(shape) + " has a negative extent");
    if (extent != 0 && count > kMaxElements / extent) {
      return Invalid("shape " + ToString(shape) + " has more than 2^40 elements");
    }
    count *= extent;
  }
  return count;
}

int64_t Elements(const Shape& shape) { return CheckedElements(shape).value(); }

std::string ToString(const Shape& shape) {
  std::string text = "[";
  for (const int64_t extent : shape) {
    if (text.size() > 1) text += ", ";
    text += std::to_string(extent);
  }
  return text + "]";
}

}  // namespace lowbit
