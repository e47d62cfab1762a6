#ifndef LOWBIT_BASE_UTF8_H_
#define LOWBIT_BASE_UTF8_H_

#include <string_view>

namespace lowbit {

// Whether `text` is well-formed UTF-8 (RFC 3629): no overlong form, no surrogate, nothing above U+10FFFF.
bool IsUtf8(std::string_view text);

}  // namespace lowbit

#endif  // LOWBIT_BASE_UTF8_H_
