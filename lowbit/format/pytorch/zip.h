#ifndef LOWBIT_FORMAT_PYTORCH_ZIP_H_
#define LOWBIT_FORMAT_PYTORCH_ZIP_H_

// The directory of a zip archive whose entries are stored as they are, which is how PyTorch writes its files.

#include <cstdint>
#include <map>
#include <string>

#include "lowbit/base/result.h"
#include "lowbit/base/span.h"

namespace lowbit::pytorch {

// By name; parts of `bytes`. Archives of more than 4 GiB (zip64) too.
// Errors: no archive, or a truncated one; an entry twice, compressed, encrypted, beyond the file, or whose bytes do not
// have their checksum.
Result<std::map<std::string, Span<const uint8_t>>> ReadZip(Span<const uint8_t> bytes);

}  // namespace lowbit::pytorch

#endif  // LOWBIT_FORMAT_PYTORCH_ZIP_H_
