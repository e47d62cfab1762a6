#include "lowbit/app/training/sweep_folder.h"

#include <algorithm>
#include <filesystem>

#include "lowbit/base/file.h"
#include "lowbit/recipe/toml.h"

namespace lowbit::app {
namespace {

std::string RecipePath(const std::string& folder, const std::string& run) {
  return folder + "/" + run + "/recipe.toml";
}

// Runs of one group differ in the seed alone; a sweep of nothing but seeds is one group.
std::string GroupName(const std::string& sweep, const recipe::SweepRun& run) {
  return run.group.empty() ? sweep.substr(sweep.rfind('/') + 1) : run.group;
}

report::Sweep MakeSweep(const std::string& folder, const std::string& name, const std::vector<recipe::SweepRun>& runs) {
  report::Sweep sweep;
  sweep.folder = folder;
  sweep.name = name;
  for (const recipe::SweepRun& run : runs) {
    report::SweepRun entry;
    entry.name = run.name;
    entry.group = GroupName(name, run);
    entry.seed = run.recipe.seed;
    sweep.runs.push_back(entry);
  }
  return sweep;
}

// Every run that the folder holds must be in the recipe given now, and the same.
Status CheckUnchanged(const report::Sweep& before, const std::vector<recipe::SweepRun>& runs) {
  for (const report::SweepRun& old : before.runs) {
    const auto same = [&](const recipe::SweepRun& run) { return run.name == old.name; };
    const auto now = std::find_if(runs.begin(), runs.end(), same);
    if (now == runs.end()) {
      return Invalid(before.folder + ": holds the run '" + old.name +
                     "', which the recipe given now does not list; a sweep is resumed with all that it began with, and "
                     "perhaps more");
    }
    const std::string path = RecipePath(before.folder, old.name);
    if (!FileExists(path)) continue;  // Killed before it was written.
    LOWBIT_TRY(const std::string text, ReadTextFile(path));
    if (text == recipe::ToToml(now->config)) continue;
    return Invalid(path + ": differs from the recipe given now; a run is resumed with the recipe that it began with");
  }
  return Ok();
}

Status CheckFolder(const std::string& folder, bool resume) {
  if (FileExists(folder + "/run.json")) {
    return Invalid(folder + ": holds a single run; choose another --out for a sweep");
  }
  if (report::IsSweepFolder(folder) && !resume) {
    return Invalid(folder + ": already holds a sweep; choose another --out, or --resume to continue it");
  }
  return Ok();
}

Status WriteRecipes(const std::string& folder, const std::vector<recipe::SweepRun>& runs) {
  for (const recipe::SweepRun& run : runs) {
    const std::string path = RecipePath(folder, run.name);
    if (FileExists(path)) continue;
    LOWBIT_RETURN_IF_ERROR(MakeFolders(folder + "/" + run.name));
    LOWBIT_RETURN_IF_ERROR(WriteFileAtomic(path, recipe::ToToml(run.config)));
  }
  return Ok();
}

}  // namespace

Result<report::Sweep> PrepareSweepFolder(const std::string& folder, const std::string& name,
                                         const std::vector<recipe::SweepRun>& runs, bool resume, int threads,
                                         int default_threads) {
  LOWBIT_RETURN_IF_ERROR(CheckFolder(folder, resume));
  report::Sweep sweep = MakeSweep(folder, name, runs);
  sweep.threads = threads > 0 ? threads : default_threads;
  if (report::IsSweepFolder(folder)) {
    LOWBIT_TRY(const report::Sweep before, report::ReadSweep(folder));
    LOWBIT_RETURN_IF_ERROR(CheckUnchanged(before, runs));
    // Another number of threads would give other rounding in runs that are continued.
    if (threads == 0) sweep.threads = before.threads;
  }
  LOWBIT_RETURN_IF_ERROR(MakeFolders(folder));
  for (report::SweepRun& run : sweep.runs) report::RefreshRun(folder, &run);
  LOWBIT_RETURN_IF_ERROR(report::WriteSweep(sweep));
  LOWBIT_RETURN_IF_ERROR(WriteRecipes(folder, runs));
  return sweep;
}

}  // namespace lowbit::app
