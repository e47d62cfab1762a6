#include "lowbit/app/pack_run.h"

#include "lowbit/app/output_file.h"
#include "lowbit/app/training_module.h"
#include "lowbit/format/lbm/lbm.h"

namespace lowbit::app {

Result<Inspection> PackRun(const std::string& run, const std::string& out) {
  LOWBIT_RETURN_IF_ERROR(CheckOutput(out, {run}, ".lbm"));
  LOWBIT_TRY(TrainingModule * module, LoadTrainingModule());
  LOWBIT_TRY(const Graph graph, module->Freeze(run));
  LOWBIT_RETURN_IF_ERROR(lbm::Write(graph, out));
  return Inspect(out);
}

}  // namespace lowbit::app
