#ifndef LOWBIT_APP_FINETUNE_COMPRESSED_H_
#define LOWBIT_APP_FINETUNE_COMPRESSED_H_

#include <cstdint>
#include <string>

#include "lowbit/base/config.h"
#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"
#include "lowbit/quant/product/plan.h"

namespace lowbit::app {

// Training of all codebooks, and of what stayed float, together, after a network is compressed.
struct Finetuning {
  int64_t epochs = 0;  // 0: those of the recipe; without one, none.
  // What it takes [data], [augment], [train], [distill], the seed, and how codebooks are trained (`gradient` and `reassign...` of
  // [quantize.pq]) from; "": Adam along a cosine.
  std::string recipe;

  bool wanted() const { return epochs > 0 || !recipe.empty(); }
};

// Where the training of a compressed file leaves its run.
std::string TuningFolder(const std::string& out);

// The recipe of that training: the network of the packed file `compressed`, whose layers are those of `plan` and `graph`, learns from
// the file `teacher` and from the labels of `data` ("NAME[:PATH]", for who gives no recipe). Errors: the recipe cannot be read.
Result<Config> FinetuningRecipe(const Finetuning& finetuning, const quant::product::NetworkPlan& plan,
                                const Graph& graph, const std::string& compressed, const std::string& teacher,
                                const std::string& data);

struct FinetuningRequest {
  Finetuning finetuning;
  std::string out, teacher, data;
  int threads = 0;
  bool resume = false, quiet = false;
};

// What can be found out before the hours that a compression takes. Errors: no training component; a recipe that cannot be read; the
// folder holds a run already, and it is not to be resumed.
Status CheckFinetuning(const FinetuningRequest& request);

// Trains so and replaces `out` by what comes of it. Errors: as FinetuningRecipe and TrainingModule::Train; `out` cannot be written.
Status FinetuneCompressed(const FinetuningRequest& request, const quant::product::NetworkPlan& plan,
                          const Graph& graph);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_FINETUNE_COMPRESSED_H_
