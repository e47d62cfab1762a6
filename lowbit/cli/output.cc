#include "lowbit/cli/output.h"

#include <fmt/format.h>

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

int PrintPacked(const Result<app::Inspection>& file) {
  if (!file.ok()) return Report(file.error());
  const app::Inspection& packed = file.value();
  const std::string advice = packed.advice.empty() ? "" : "(" + packed.advice + ")\n";
  return Print(fmt::format("{}: {} bytes, {:.2f} bits per weight, {:.1f} % of its size as floats\n{}", packed.path,
                           packed.file_bytes, packed.bits_per_weight(), 100 / packed.compression(), advice));
}

}  // namespace lowbit::cli
