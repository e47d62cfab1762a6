#include "lowbit/train/distributed/launch.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <initializer_list>

#include "lowbit/train/distributed/slurm.h"

namespace lowbit::train::distributed {
namespace {

constexpr int kMaxRanks = 1 << 16;
constexpr int kMaxPort = 65535;
constexpr int kTorchPort = 29500;  // What torchrun takes where nothing is said.

// The variables of one launcher, each read with the rule that it has to keep.
class Variables {
 public:
  explicit Variables(const Environment& environment) : environment_(environment) {}

  bool Has(const char* name) const { return environment_(name) != nullptr; }
  std::string Text(const char* name) const { return Has(name) ? environment_(name) : ""; }
  // The first of them that is set and not empty.
  std::string FirstOf(std::initializer_list<const char*> names) const {
    for (const char* name : names) {
      if (!Text(name).empty()) return Text(name);
    }
    return "";
  }

  Result<int> Integer(const char* name, int low, int high) const {
    const std::string text = Text(name);
    int value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error == std::errc() && stop == end && value >= low && value <= high) return value;
    return Invalid(std::string(name) + " is '" + text + "'; a whole number from " + std::to_string(low) + " to " +
                   std::to_string(high) + " was expected");
  }
  Result<int> IntegerOr(int otherwise, const char* name, int low, int high) const {
    if (!Has(name)) return otherwise;
    return Integer(name, low, high);
  }

  // One that the variable `because` makes necessary.
  Status Require(const char* name, const char* because) const {
    if (!Text(name).empty()) return Ok();
    return Invalid(std::string(because) + " is " + Text(because) + ", but " + name +
                   " is not set (docs/distributed.md lists the variables)");
  }

 private:
  const Environment& environment_;
};

bool IsLoopback(const std::string& address) {
  return address == "localhost" || address == "::1" || address.rfind("127.", 0) == 0;
}

// For launchers that do not say how many processes share this machine.
int GuessLocalRanks(const Launch& launch) { return IsLoopback(launch.address) ? launch.ranks : launch.local_rank + 1; }

// The rule that an index is below its count reads better in the variables' own names.
Status CheckBelow(const char* index_name, int index, const char* count_name, int count) {
  if (index < count) return Ok();
  return Invalid(std::string(index_name) + " is " + std::to_string(index) + ", but " + count_name + " is only " +
                 std::to_string(count) + ": ranks count from 0");
}

Result<Launch> ReadTorchrun(const Variables& variables) {
  Launch launch;
  LOWBIT_TRY(launch.ranks, variables.Integer("WORLD_SIZE", 1, kMaxRanks));
  if (launch.ranks == 1) return Launch();
  for (const char* name : {"RANK", "MASTER_ADDR", "MASTER_PORT"}) {
    LOWBIT_RETURN_IF_ERROR(variables.Require(name, "WORLD_SIZE"));
  }
  LOWBIT_TRY(launch.rank, variables.Integer("RANK", 0, kMaxRanks - 1));
  LOWBIT_RETURN_IF_ERROR(CheckBelow("RANK", launch.rank, "WORLD_SIZE", launch.ranks));
  launch.address = variables.Text("MASTER_ADDR");
  LOWBIT_TRY(launch.port, variables.Integer("MASTER_PORT", 1, kMaxPort));
  LOWBIT_TRY(launch.local_rank, variables.IntegerOr(0, "LOCAL_RANK", 0, kMaxRanks - 1));
  LOWBIT_TRY(launch.local_ranks, variables.IntegerOr(GuessLocalRanks(launch), "LOCAL_WORLD_SIZE", 1, launch.ranks));
  LOWBIT_RETURN_IF_ERROR(CheckBelow("LOCAL_RANK", launch.local_rank, "LOCAL_WORLD_SIZE", launch.local_ranks));
  launch.agent_listens = variables.Text("TORCHELASTIC_USE_AGENT_STORE") == "True";
  LOWBIT_TRY(launch.attempt, variables.IntegerOr(0, "TORCHELASTIC_RESTART_COUNT", 0, kMaxRanks));
  return launch;
}

// "2(x3),1" -> 2: the tasks of the first machine. Only used to share cores out.
int FirstTasks(const std::string& tasks, int otherwise) {
  const int count = std::atoi(tasks.c_str());
  return count > 0 ? count : otherwise;
}

// The step's own variables, which srun sets, come before those of the job.
const char* SlurmSizeName(const Variables& variables) {
  return variables.Has("SLURM_STEP_NUM_TASKS") ? "SLURM_STEP_NUM_TASKS" : "SLURM_NTASKS";
}

// Under srun's usual order of ranks, rank 0 runs on the first host of the step.
Result<std::string> SlurmAddress(const Variables& variables, const std::string& size_name) {
  const std::string hosts = variables.FirstOf({"SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST", "SLURM_NODELIST"});
  for (const std::string& address :
       {variables.Text("MASTER_ADDR"), FirstHost(hosts), variables.Text("SLURM_LAUNCH_NODE_IPADDR")}) {
    if (!address.empty()) return address;
  }
  return Invalid(size_name + " is " + variables.Text(size_name.c_str()) +
                 ", but none of SLURM_STEP_NODELIST, SLURM_JOB_NODELIST, SLURM_LAUNCH_NODE_IPADDR and MASTER_ADDR says "
                 "where rank 0 runs");
}

Result<int> SlurmPort(const Variables& variables) {
  const int64_t job = std::atoll(variables.Text("SLURM_JOB_ID").c_str());
  const int64_t step = std::atoll(variables.Text("SLURM_STEP_ID").c_str());
  return variables.IntegerOr(job > 0 ? JobPort(job, std::max<int64_t>(step, 0)) : kTorchPort, "MASTER_PORT", 1,
                             kMaxPort);
}

Result<Launch> ReadSlurm(const Variables& variables) {
  Launch launch;
  const char* size_name = SlurmSizeName(variables);
  LOWBIT_TRY(launch.ranks, variables.Integer(size_name, 1, kMaxRanks));
  if (launch.ranks == 1) return Launch();
  LOWBIT_TRY(launch.rank, variables.Integer("SLURM_PROCID", 0, kMaxRanks - 1));
  LOWBIT_RETURN_IF_ERROR(CheckBelow("SLURM_PROCID", launch.rank, size_name, launch.ranks));
  LOWBIT_TRY(launch.local_rank, variables.IntegerOr(0, "SLURM_LOCALID", 0, kMaxRanks - 1));
  LOWBIT_TRY(launch.address, SlurmAddress(variables, size_name));
  LOWBIT_TRY(launch.port, SlurmPort(variables));
  const int local_ranks =
      FirstTasks(variables.FirstOf({"SLURM_STEP_TASKS_PER_NODE", "SLURM_TASKS_PER_NODE"}), GuessLocalRanks(launch));
  launch.local_ranks = std::max(local_ranks, launch.local_rank + 1);
  return launch;
}

Result<Launch> ReadRanks(const Variables& variables) {
  if (variables.Has("WORLD_SIZE")) return ReadTorchrun(variables);
  if (variables.Has("SLURM_PROCID") && variables.Has(SlurmSizeName(variables))) return ReadSlurm(variables);
  // A forgotten WORLD_SIZE would start as many runs as there are ranks, all in one folder.
  if (variables.Has("RANK")) return Invalid("RANK is set, but WORLD_SIZE is not");
  return Launch();
}

}  // namespace

Result<Launch> ReadLaunch(const Environment& environment) {
  const Variables variables(environment);
  LOWBIT_TRY(Launch launch, ReadRanks(variables));
  LOWBIT_TRY(const int timeout, variables.IntegerOr(60, "LOWBIT_RANK_TIMEOUT", 1, 86400));
  launch.timeout_seconds = static_cast<double>(timeout);
  return launch;
}

Result<Launch> ReadLaunch() {
  return ReadLaunch([](const char* name) -> const char* { return std::getenv(name); });
}

}  // namespace lowbit::train::distributed
