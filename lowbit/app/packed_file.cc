#include "lowbit/app/packed_file.h"

#include "lowbit/base/file.h"

namespace lowbit::app {

Result<std::string> PackedFile(const std::string& file_or_run) {
  if (!FolderExists(file_or_run)) return file_or_run;
  std::string path = file_or_run + "/model.lbm";
  if (FileExists(path)) return path;
  return Invalid(file_or_run +
                 ": holds no model.lbm, which a run writes at its end; 'lowbit pack' writes one at any time");
}

std::string UnfinishedRun(const std::string& run) {
  if (FileExists(run + "/model.lbm")) return "";
  return "the run has not ended: every weight is quantized here, as at its end, and what it was still to learn is "
         "missing";
}

}  // namespace lowbit::app
