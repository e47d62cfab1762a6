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
  if (summary.psnr.has_value()) {
    return fmt::format(
        "{}: {:.2f} dB on the test pictures after {} iterations (last epoch; best {:.2f} dB in epoch {}), {:.0f} s of "
        "training\n",
        summary.folder, summary.psnr->last, summary.iterations, summary.psnr->best, summary.psnr->best_epoch,
        summary.seconds);
  }
  if (summary.agreement.has_value()) {
    return fmt::format(
        "{}: the teacher's class for {:.2f} % of the test images, divergence {:.4f}, after {} iterations (last epoch), "
        "{:.0f} s of training\n",
        summary.folder, 100 * summary.agreement->share, summary.agreement->divergence, summary.iterations,
        summary.seconds);
  }
  return fmt::format("{}: {:.2f} % on the test set after {} iterations (last epoch), {:.0f} s of training\n",
                     summary.folder, 100 * summary.test_accuracy, summary.iterations, summary.seconds);
}

std::string ToJson(const TrainSummary& summary) {
  nlohmann::ordered_json json = {{"folder", summary.folder}, {"iterations", summary.iterations}};
  if (summary.psnr.has_value()) {
    json["test_psnr"] = summary.psnr->last;
    json["best_test_psnr"] = summary.psnr->best;
    json["best_epoch"] = summary.psnr->best_epoch;
  } else if (summary.agreement.has_value()) {
    json["test_agreement"] = summary.agreement->share;
    json["test_divergence"] = summary.agreement->divergence;
  } else {
    json["test_accuracy"] = summary.test_accuracy;
  }
  json["seconds"] = summary.seconds;
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
