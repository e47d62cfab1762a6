#include "lowbit/train/trainer/guard.h"

namespace lowbit::train {

std::string FirstLine(const std::string& message) { return message.substr(0, message.find('\n')); }

}  // namespace lowbit::train
