// What bindings are compared with: runs a packed network by the C++ runtime, and nothing else.
//
// usage: lowbit_run_floats NET.lbm BATCH INPUT...
// An input is a file of 32-bit floats in this machine's order. Writes the same of all outputs, one after the other, to
// standard output.

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "lowbit/base/file.h"
#include "lowbit/runtime/model.h"

namespace lowbit {
namespace {

Status Run(const std::string& path, int64_t batch, const std::vector<std::string>& files) {
  LOWBIT_TRY(runtime::Model model, runtime::Model::Load(path));
  std::vector<std::vector<float>> inputs, outputs;
  for (const std::string& file : files) {
    LOWBIT_TRY(const std::vector<uint8_t> bytes, ReadFile(file));
    inputs.emplace_back(bytes.size() / sizeof(float));
    std::memcpy(inputs.back().data(), bytes.data(), inputs.back().size() * sizeof(float));
  }
  for (size_t i = 0; i < model.Outputs().size(); ++i) {
    LOWBIT_TRY(const int64_t elements, model.OutputElements(i, batch));
    outputs.emplace_back(static_cast<size_t>(elements));
  }
  LOWBIT_RETURN_IF_ERROR(model.Run({inputs.begin(), inputs.end()}, batch, {outputs.begin(), outputs.end()}));
  for (const std::vector<float>& output : outputs) std::fwrite(output.data(), sizeof(float), output.size(), stdout);
  return Ok();
}

}  // namespace
}  // namespace lowbit

int main(int count, char** arguments) {
  if (count < 3) {
    std::fprintf(stderr, "usage: lowbit_run_floats NET.lbm BATCH INPUT...\n");
    return 2;
  }
  const lowbit::Status done = lowbit::Run(arguments[1], std::atoll(arguments[2]), {arguments + 3, arguments + count});
  if (!done.ok()) std::fprintf(stderr, "%s\n", done.error().message.c_str());
  return done.ok() ? 0 : 1;
}
