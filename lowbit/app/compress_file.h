#ifndef LOWBIT_APP_COMPRESS_FILE_H_
#define LOWBIT_APP_COMPRESS_FILE_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "lowbit/app/compress_options.h"
#include "lowbit/app/evaluation.h"
#include "lowbit/app/finetune_compressed.h"
#include "lowbit/app/inspect.h"

namespace lowbit::app {

struct CompressFileRequest {
  std::string file;  // A packed file with float weights.
  std::string out;   // The one to write; "" with dry_run.
  std::string data;  // "NAME[:PATH]"; "": the set that the file names; "none": fit weights, without data.
  std::string regime = "small";
  std::string budget;
  std::vector<std::string> settings;
  bool dry_run = false;  // Plan and count only.
  Finetuning finetuning;
  bool quiet = false;    // The training prints nothing.
  bool resume = false;   // Take the layers of an interrupted call from PartialPath(out), if it is there.
  bool accuracy = true;  // Test both files on the set's test images.
  int threads = 0;
  // Called before each layer and at the end with the share done and what comes next.
  std::function<void(int64_t done, int64_t of, const std::string& layer)> progress;
};

struct CompressedFile {
  std::string file, dataset;
  quant::product::NetworkPlan plan;
  std::vector<compress::ProductLayer> layers;  // Empty after a dry run.
  int64_t samples = 0;
  std::optional<Inspection> written;
  std::optional<Evaluation> before, fitted,
      after;  // `fitted`: between the layers' stage and fine-tuning, if there is such.
  std::vector<std::string> warnings;
};

// Where a call keeps the layers that it has done, so that it can be continued: all of them while it trains and tests the whole network.
// Removed at the end.
std::string PartialPath(const std::string& out);

// Compresses the weights of a packed classifier by product quantization. Errors: as ReadCompressOptions, PlanNetwork,
// PlanForBudget, LoadFileData, QuantizeProduct and FinetuneCompressed; `out` cannot be written.
Result<CompressedFile> CompressFile(const CompressFileRequest& request);

std::string ToText(const CompressedFile& file);
std::string ToJson(const CompressedFile& file);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_COMPRESS_FILE_H_
