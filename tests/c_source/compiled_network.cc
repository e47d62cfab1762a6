#include "tests/c_source/compiled_network.h"

#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "lowbit/base/check.h"
#include "lowbit/base/file.h"
#include "lowbit/core/validate.h"

namespace lowbit::testing {
namespace {

// A folder that is gone when the object is.
class Scratch {
 public:
  Scratch() : path_((std::filesystem::temp_directory_path() / "lowbit-c-XXXXXX").string()) {
    LOWBIT_CHECK(mkdtemp(path_.data()) != nullptr);
  }
  ~Scratch() { std::filesystem::remove_all(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

constexpr size_t kGuard = 64;

}  // namespace

Result<CompiledNetwork> CompiledNetwork::Make(const Graph& graph, c_source::InputType input, Dialect dialect) {
  CompiledNetwork made;
  made.input_ = input;
  LOWBIT_TRY(made.program_, c_source::Generate(graph, {"network", input}));
  LOWBIT_TRY(const auto shapes, InferShapes(graph, 1));
  for (const std::string& output : graph.outputs)
    made.outputs_.push_back(static_cast<size_t>(Elements(shapes.at(output))));
  if (made.outputs_.size() > 2) return Invalid("tests call networks of one and two outputs");
  const Scratch folder;
  LOWBIT_RETURN_IF_ERROR(WriteFileAtomic(folder.File("network.h"), made.program_.header));
  LOWBIT_RETURN_IF_ERROR(WriteFileAtomic(folder.File("network.c"), made.program_.source));
  const std::string command = std::string(LOWBIT_C_COMPILER) +
                              (dialect == Dialect::kStandard ? " -std=c99 -O2" : " -std=gnu99 -O3 -march=native") +
                              " -Wall -Wextra -Wpedantic -Wshadow -Werror -fsanitize=undefined "
                              "-fsanitize-undefined-trap-on-error -shared -fPIC -o " +
                              folder.File("network.so") + " " + folder.File("network.c") + " -lm 2> " +
                              folder.File("log");
  if (std::system(command.c_str()) != 0) {  // NOLINT(cert-env33-c): the tests' own words.
    const std::vector<unsigned char> log = ReadFile(folder.File("log")).value();
    return Failed(std::string(log.begin(), log.end()) + made.program_.source);
  }
  void* library = dlopen(folder.File("network.so").c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return Failed(dlerror());
  made.library_ = std::shared_ptr<void>(library, [](void* handle) { dlclose(handle); });
  made.run_ = dlsym(library, "network_run");
  LOWBIT_CHECK(made.run_ != nullptr);
  return made;
}

std::vector<std::vector<float>> CompiledNetwork::Run(const std::vector<float>& image, unsigned char garbage) const {
  const auto bytes = static_cast<size_t>(program_.workspace_bytes);
  std::vector<unsigned char> memory(bytes + 2 * kGuard, garbage);
  std::vector<std::vector<float>> outputs;
  for (const size_t count : outputs_) outputs.emplace_back(count, -12345.f);
  const std::vector<uint8_t> pixels(image.begin(), image.end());
  const void* input = input_ == c_source::InputType::kUint8 ? static_cast<const void*>(pixels.data()) : image.data();
  void* workspace = memory.data() + kGuard;
  if (outputs.size() == 1) {
    reinterpret_cast<void (*)(const void*, float*, void*)>(run_)(input, outputs[0].data(), workspace);
  } else {
    reinterpret_cast<void (*)(const void*, float*, float*, void*)>(run_)(input, outputs[0].data(), outputs[1].data(),
                                                                         workspace);
  }
  for (size_t i = 0; i < kGuard; ++i) {
    LOWBIT_CHECK(memory[i] == garbage && memory[kGuard + bytes + i] == garbage);
  }
  return outputs;
}

}  // namespace lowbit::testing
