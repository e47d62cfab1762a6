#ifndef LOWBIT_RUNTIME_KERNEL_NAME_H_
#define LOWBIT_RUNTIME_KERNEL_NAME_H_

#include <cctype>
#include <string>

namespace lowbit::runtime {

// "hardswish_f32" of "HardSwish" and "f32".
inline std::string KernelName(std::string op, const std::string& numbers) {
  for (char& c : op) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return op + "_" + numbers;
}

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_KERNEL_NAME_H_
