#ifndef LOWBIT_TRAIN_TRAINER_METRICS_LOG_H_
#define LOWBIT_TRAIN_TRAINER_METRICS_LOG_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "lowbit/base/result.h"

namespace lowbit::train {

// The metrics.jsonl of a run (docs/run-folder.md): one JSON object a line, appended; and the same scalars as a
// TensorBoard event file beside it.
class MetricsLog {
 public:
  // Opens for appending after `keep_bytes` bytes: what stands behind them was written after the checkpoint that the
  // run resumes from, and is cut off. Errors: folder not writable; the file is shorter than keep_bytes.
  static Result<std::unique_ptr<MetricsLog>> Open(const std::string& folder, int64_t keep_bytes);
  // Takes everything and writes nothing: for the ranks other than 0.
  static std::unique_ptr<MetricsLog> Discard();
  virtual ~MetricsLog() = default;

  // Appends a line; `json` is one JSON object without line breaks.
  virtual Status Write(const std::string& json) = 0;
  // Adds TensorBoard scalars at `step`.
  virtual Status Scalars(int64_t step, const std::map<std::string, double>& values) = 0;
  // Forces all to disk; returns the size of metrics.jsonl, which a checkpoint stores.
  virtual Result<int64_t> Sync() = 0;
};

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_TRAINER_METRICS_LOG_H_
