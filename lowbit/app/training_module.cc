#include "lowbit/app/training_module.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "lowbit/base/file.h"
#include "lowbit/base/suggest.h"

namespace lowbit::app {
namespace {

constexpr char kFileName[] = "liblowbit_training.so";

// libtorch's threads (GNU's OpenMP) spin while they wait for each other, for milliseconds if nobody says how long. Where another
// program holds a processor, that is time in which the thread that is waited for could run: training takes several times as long.
// Asleep after some microseconds they lose little on an idle machine. What the user has set holds. Read when the library is loaded.
void LimitSpinning() {
  if (std::getenv("OMP_WAIT_POLICY") == nullptr) setenv("GOMP_SPINCOUNT", "5000", /*overwrite=*/0);
}

std::vector<std::string> SearchFolders() {
  std::vector<std::string> folders;
  if (const char* chosen = std::getenv("LOWBIT_MODULES")) folders.emplace_back(chosen);
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  const std::filesystem::path folder = program.parent_path();
  folders.push_back(folder.string());
  folders.push_back((folder.parent_path() / LOWBIT_MODULE_FOLDER).string());
  return folders;
}

}  // namespace

std::string ToText(const TrainSummary& summary) {
  const TestMeasure& measure = *summary.measure;
  return fmt::format("{}: {} after {} iterations (last epoch), {:.0f} s of training\n", summary.folder,
                     measure.after_run(measure.Text(summary.test_score), summary.test_loss), summary.iterations,
                     summary.seconds);
}

std::string ToJson(const TrainSummary& summary) {
  const std::string word = summary.measure->word;
  const nlohmann::ordered_json json = {{"folder", summary.folder},
                                       {"iterations", summary.iterations},
                                       {"test_" + word, summary.test_score},
                                       {"test_loss", summary.test_loss},
                                       {"best_test_" + word, summary.best_test_score},
                                       {"best_epoch", summary.best_epoch},
                                       {"seconds", summary.seconds}};
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

Result<TrainingModule*> LoadTrainingModule() {
  const std::vector<std::string> folders = SearchFolders();
  for (const std::string& folder : folders) {
    const std::string path = folder + "/" + kFileName;
    if (!FileExists(path)) continue;
    LimitSpinning();
    void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) return Failed("cannot load the training component: " + std::string(dlerror()));
    const auto entry = reinterpret_cast<TrainingModule* (*)()>(dlsym(handle, "lowbit_training_module"));
    if (entry == nullptr) return Failed(path + ": is not a training component of lowbit");
    return entry();
  }
  return Invalid("this command needs the training component, " + std::string(kFileName) + ", which is in none of " +
                 Join(folders) + "; build with -DLOWBIT_TRAIN=ON (needs libtorch)");
}

}  // namespace lowbit::app
