#include "lowbit/cli/output.h"

#include <cstdio>

namespace lowbit::cli {

int Report(const Error& error) {
  std::fprintf(stderr, "lowbit: %s\n", error.message.c_str());
  return error.kind == ErrorKind::kInvalid ? 2 : 1;
}

int Print(const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  return written ? 0 : Report(Failed("cannot write to standard output"));
}

}  // namespace lowbit::cli
