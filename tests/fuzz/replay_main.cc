// Runs a fuzz target without libFuzzer: on nothing, on every file of the folder given, and on damaged copies of each
// (cut short, a byte changed). Ends with 0 if no input brought the program down.
// usage: fuzz_<what> FOLDER

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "lowbit/base/file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

using Bytes = std::vector<uint8_t>;

constexpr size_t kDamagedCopies = 64;  // Of each file and kind: the whole corpus takes about a second.

int runs = 0;

void Run(const Bytes& bytes) {
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  ++runs;
}

void RunCutShort(const Bytes& bytes) {
  const size_t step = std::max<size_t>(1, bytes.size() / kDamagedCopies);
  for (size_t size = 0; size < bytes.size(); size += step) Run(Bytes(bytes.begin(), bytes.begin() + size));
}

void RunWithByteChanged(const Bytes& bytes) {
  const size_t step = std::max<size_t>(1, bytes.size() / kDamagedCopies);
  for (size_t i = 0; i < bytes.size(); i += step) {
    Bytes damaged = bytes;
    damaged[i] = static_cast<uint8_t>(damaged[i] ^ (1u << (i % 8)));
    Run(damaged);
    damaged[i] = 0xff;
    Run(damaged);
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2 || !lowbit::FolderExists(arguments[1])) {
    std::fprintf(stderr, "usage: %s FOLDER (of inputs)\n", arguments[0]);
    return 2;
  }
  Run({});
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(arguments[1])) {
    const auto bytes = lowbit::ReadFile(entry.path().string());
    if (!bytes.ok()) {
      std::fprintf(stderr, "%s\n", bytes.error().message.c_str());
      return 1;
    }
    Run(bytes.value());
    RunCutShort(bytes.value());
    RunWithByteChanged(bytes.value());
    ++files;
  }
  std::printf("%zu files, %d inputs, no crash\n", files, runs);
  return files > 0 ? 0 : 1;
}
