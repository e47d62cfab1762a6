#include "lowbit/app/pack_run.h"

#include "lowbit/app/output_file.h"
#include "lowbit/app/packed_file.h"
#include "lowbit/app/training_module.h"
#include "lowbit/format/lbm/lbm.h"

namespace lowbit::app {

Result<Inspection> PackRun(const std::string& run, const std::string& out) {
  LOWBIT_RETURN_IF_ERROR(CheckOutput(out, {run}, ".lbm"));
  LOWBIT_TRY(TrainingModule * module, LoadTrainingModule());
  LOWBIT_TRY(const Graph graph, module->Freeze(run));
  const std::string unfinished = UnfinishedRun(run);
  LOWBIT_RETURN_IF_ERROR(lbm::Write(graph, out));
  LOWBIT_TRY(Inspection inspection, Inspect(out));
  inspection.advice = unfinished;
  return inspection;
}

}  // namespace lowbit::app
