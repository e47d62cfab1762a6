#ifndef LOWBIT_RUNTIME_QUAD_DOTS_H_
#define LOWBIT_RUNTIME_QUAD_DOTS_H_

// What Highway's targets do not tell: on ARM, dot products of bytes are an extension of NEON.

#include <cstdint>
#include <string>

namespace lowbit::runtime {

// Whether this processor has the instruction sdot.
bool HasQuadDots();

// For tests: HasQuadDots() is false from now on, or what it was before.
void DisableQuadDotsForTest(bool disable);

// Highway's name of the target whose kernel multiplies bytes, and the extension: "NEON+dotprod".
std::string NameWithDots(int64_t target);

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_QUAD_DOTS_H_
