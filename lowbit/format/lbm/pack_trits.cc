#include "lowbit/format/lbm/pack_trits.h"

#include <algorithm>

namespace lowbit::lbm {

void PackTrits(const uint8_t* codes, uint64_t count, uint8_t* bytes) {
  for (uint64_t begin = 0; begin < count; begin += kTritsPerByte) {
    int byte = 0;
    for (uint64_t i = std::min(count, begin + kTritsPerByte); i > begin; --i) byte = 3 * byte + codes[i - 1];
    *bytes++ = static_cast<uint8_t>(byte);
  }
}

bool UnpackTrits(const uint8_t* bytes, uint64_t count, uint8_t* codes) {
  bool ok = true;
  for (uint64_t begin = 0; begin < count; begin += kTritsPerByte) {
    uint8_t rest = *bytes++;
    for (uint64_t i = begin; i < std::min(count, begin + kTritsPerByte); ++i) {
      codes[i] = rest % 3;
      rest /= 3;
    }
    ok &= rest == 0;
  }
  return ok;
}

}  // namespace lowbit::lbm
