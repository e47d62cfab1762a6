#include "lowbit/app/compress_options.h"

#include <cmath>
#include <cstdlib>
#include <map>
#include <utility>

#include "lowbit/base/config.h"
#include "lowbit/recipe/toml.h"

namespace lowbit::app {
namespace {

Result<int64_t> ReadBudget(const std::string& text) {
  if (text.empty()) return int64_t{0};
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  static const std::map<std::string, double> bits = {
      {"", 8}, {"B", 8}, {"b", 1}, {"bits", 1}, {"KiB", 8 * 1024.0}, {"MiB", 8 * 1048576.0}};
  const auto unit = bits.find(end);
  if (end == text.c_str() || unit == bits.end() || !(number > 0) || !(number * unit->second < 1e18)) {
    return Invalid("--budget: '" + text + "' is no size; expected bytes (90000, 88KiB, 1.5MiB) or bits (720000b)");
  }
  return static_cast<int64_t>(number * unit->second);
}

void ReadProduct(ConfigReader* reader, compress::ProductOptions* options) {
  options->iterations = static_cast<int>(reader->Int("iterations", options->iterations, 1, 1000000));
  options->annealing = reader->Float("annealing", options->annealing, 0, 1000);
  options->replacement = reader->Bool("replacement", options->replacement);
  options->positions = reader->Bool("positions", options->positions);
  options->gains = reader->Bool("gains", options->gains);
  options->permutations = reader->Bool("permutations", options->permutations);
  options->regularization = reader->Float("regularization", options->regularization, 1e-12, 1e6);
  options->samples = reader->Int("samples", options->samples, 1, int64_t{1} << 31);
  options->seed = static_cast<uint64_t>(reader->Int("seed", 1, 0));
}

void ReadTuning(ConfigReader* reader, LayerTuning* tuning) {
  tuning->steps = reader->Int("layer_steps", tuning->steps, 0, 100000000);
  tuning->batch = reader->Int("layer_batch", tuning->batch, 1, 65536);
  tuning->rate = reader->Float("layer_rate", tuning->rate, 1e-9, 1000);
  for (const char* key : {"layer_batch", "layer_rate"}) {
    if (tuning->steps == 0 && reader->Has(key)) reader->Reject(key, "left out: 'layer_steps' trains no codebook");
  }
}

}  // namespace

Result<CompressOptions> ReadCompressOptions(const std::string& regime, const std::string& budget,
                                            const std::vector<std::string>& settings) {
  CompressOptions options;
  options.rules = regime == "large" ? quant::product::LargeRules() : quant::product::SmallRules();
  LOWBIT_TRY(options.budget_bits, ReadBudget(budget));
  Config config;
  for (const std::string& setting : settings) LOWBIT_RETURN_IF_ERROR(recipe::ApplyOverride(&config, setting));
  ConfigReader reader(config, "");
  options.rules.first = reader.Bool("first", options.rules.first);
  options.rules.skip = reader.Strings("skip", options.rules.skip);
  LOWBIT_RETURN_IF_ERROR(quant::product::ReadRules(&reader, &options.rules));
  ReadProduct(&reader, &options.product);
  ReadTuning(&reader, &options.tuning);
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  return options;
}

}  // namespace lowbit::app
