#include "lowbit/app/training/train_sweep.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "lowbit/app/report_runs.h"
#include "lowbit/app/resolved_recipe.h"
#include "lowbit/app/run_processes.h"
#include "lowbit/app/training/sweep_folder.h"
#include "lowbit/app/training/train_run.h"
#include "lowbit/base/thread_pool.h"
#include "lowbit/recipe/sweep.h"
#include "lowbit/recipe/toml.h"
#include "lowbit/train/distributed/launch.h"
#include "lowbit/train/trainer/interrupt.h"

namespace lowbit::app {
namespace {

Result<std::vector<std::string>> KeysOf(const std::vector<std::string>& overrides) {
  std::vector<std::string> keys;
  for (const std::string& text : overrides) {
    LOWBIT_TRY(const recipe::Setting setting, recipe::ParseSetting(text, "--set " + text));
    if (setting.key != "sweep" && setting.key.rfind("sweep.", 0) != 0) keys.push_back(setting.key);
  }
  return keys;
}

bool StartsWith(const std::string& text, const std::string& start) { return text.rfind(start, 0) == 0; }

// The processes of a sweep, and what becomes of them.
class Conductor {
 public:
  Conductor(const SweepRequest& request, report::Sweep sweep) : request_(request), sweep_(std::move(sweep)) {
    for (size_t i = 0; i < sweep_.runs.size(); ++i) {
      if (sweep_.runs[i].state != report::SweepRun::State::kFinished) todo_.push_back(i);
    }
    reasons_.resize(sweep_.runs.size());
  }

  Result<SweepSummary> Run() {
    std::error_code error;
    program_ = std::filesystem::read_symlink("/proc/self/exe", error).string();
    if (error) return Failed("cannot find the running program: " + error.message());
    std::vector<Command> commands;
    for (const size_t i : todo_) commands.push_back(CommandOf(sweep_.runs[i]));
    const train::InterruptGuard interrupt;
    const ProcessObserver observer = {
        [&](size_t command) { Say(RunOf(command), "begins"); },
        [&](size_t command, const std::string& line) { Hear(RunOf(command), todo_[command], line); },
        [&](size_t command, const std::string& failure) { End(todo_[command], failure); },
        [&] { return interrupt.interrupted() || !written_.ok(); }};
    LOWBIT_RETURN_IF_ERROR(RunProcesses(commands, {request_.jobs, Captured()}, observer));
    LOWBIT_RETURN_IF_ERROR(written_);
    return SweepSummary{std::move(sweep_), interrupt.interrupted()};
  }

 private:
  report::SweepRun& RunOf(size_t command) { return sweep_.runs[todo_[command]]; }

  // One run at a time may draw its progress on the terminal; the lines of several would be mixed.
  bool Captured() const { return request_.jobs > 1 || request_.train.quiet || isatty(STDERR_FILENO) != 1; }

  Command CommandOf(const report::SweepRun& run) const {
    const std::string folder = sweep_.folder + "/" + run.name;
    Command command = {program_,
                       "train",
                       folder + "/recipe.toml",
                       "--out",
                       folder,
                       "--device",
                       request_.train.device,
                       "--threads",
                       std::to_string(sweep_.threads),
                       "--resume"};
    if (request_.train.quiet) command.push_back("--quiet");
    return command;
  }

  void Say(const report::SweepRun& run, const std::string& text) const {
    if (!request_.train.quiet) std::fprintf(stderr, "%s  %s\n", run.name.c_str(), text.c_str());
  }

  // Passes on what a run says, and remembers why it says that it ends.
  void Hear(const report::SweepRun& run, size_t index, const std::string& line) {
    // A run begins its lines with its own, longer name, and ends with one that its sweep's table says better.
    const std::string own = sweep_.name + "/" + run.name + "  ", result = sweep_.folder + "/" + run.name + ": ";
    const std::string complaint = "lowbit: ";
    if (StartsWith(line, complaint)) reasons_[index] = line.substr(complaint.size());
    if (StartsWith(line, result)) return;
    Say(run, StartsWith(line, own) ? line.substr(own.size()) : line);
  }

  void End(size_t index, const std::string& failure) {
    report::SweepRun& run = sweep_.runs[index];
    run.error = reasons_[index].empty() ? failure : reasons_[index];
    report::RefreshRun(sweep_.folder, &run);
    Say(run, run.error.empty() ? "ends" : "fails: " + run.error);
    written_ = report::WriteSweep(sweep_);
  }

  const SweepRequest& request_;
  report::Sweep sweep_;
  std::vector<size_t> todo_;          // Indices of the runs to do, in the order of the commands.
  std::vector<std::string> reasons_;  // What each run complained of last.
  std::string program_;
  Status written_;
};

}  // namespace

Result<SweepSummary> TrainSweep(const SweepRequest& request) {
  LOWBIT_TRY(const train::distributed::Launch launch, train::distributed::ReadLaunch());
  if (launch.ranks > 1) {
    return Invalid(request.train.recipe_path +
                   ": is a sweep, which starts its runs itself; several ranks (WORLD_SIZE) train one run");
  }
  LOWBIT_TRY(const Config config, ResolveConfig(request.train.recipe_path, request.train.overrides));
  LOWBIT_TRY(const std::vector<std::string> fixed, KeysOf(request.train.overrides));
  LOWBIT_TRY(const std::vector<recipe::SweepRun> runs, recipe::ExpandSweep(config, fixed));
  LOWBIT_RETURN_IF_ERROR(CheckRuns(runs, request.train.device));
  const std::string name = recipe::ToText(std::get<ConfigTable>(config.value).at("name"));
  const std::string folder = request.train.out.empty() ? "runs/" + name : request.train.out;
  LOWBIT_TRY(report::Sweep sweep, PrepareSweepFolder(folder, name, runs, request.train.resume, request.train.threads,
                                                     std::max(1, HardwareThreads() / request.jobs)));
  LOWBIT_TRY(SweepSummary summary, Conductor(request, std::move(sweep)).Run());
  const auto begun = [](const report::SweepRun& run) { return run.state != report::SweepRun::State::kWaiting; };
  if (std::any_of(summary.sweep.runs.begin(), summary.sweep.runs.end(), begun)) {
    LOWBIT_RETURN_IF_ERROR(ReportRuns({folder}, folder + "/report.html"));
  }
  return summary;
}

}  // namespace lowbit::app
