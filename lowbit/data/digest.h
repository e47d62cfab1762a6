#ifndef LOWBIT_DATA_DIGEST_H_
#define LOWBIT_DATA_DIGEST_H_

#include <cstdint>
#include <string>

#include "lowbit/base/span.h"

namespace lowbit::data {

// SHA-1 of the bytes (RFC 3174) as 40 lower-case hexadecimal digits: what `sha1sum` prints. It tells a published data
// set from a changed one and protects against accidents only, not against an adversary.
// Here because the only checksums known for CIFAR's files are SHA-1, and no library that is needed anyway has it.
std::string Sha1Hex(Span<const uint8_t> bytes);

}  // namespace lowbit::data

#endif  // LOWBIT_DATA_DIGEST_H_
