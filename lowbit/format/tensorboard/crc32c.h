#ifndef LOWBIT_FORMAT_TENSORBOARD_CRC32C_H_
#define LOWBIT_FORMAT_TENSORBOARD_CRC32C_H_

#include <cstdint>

#include "lowbit/base/span.h"

namespace lowbit::tensorboard {

// CRC-32C (Castagnoli; RFC 3720, appendix B.4): polynomial 0x1EDC6F41, reflected, start and end inverted. One table
// look-up a byte: records are tens of bytes.
uint32_t Crc32c(Span<const uint8_t> bytes);

}  // namespace lowbit::tensorboard

#endif  // LOWBIT_FORMAT_TENSORBOARD_CRC32C_H_
