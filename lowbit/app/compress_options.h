#ifndef LOWBIT_APP_COMPRESS_OPTIONS_H_
#define LOWBIT_APP_COMPRESS_OPTIONS_H_

#include <string>
#include <vector>

#include "lowbit/compress/product/product.h"
#include "lowbit/quant/product/plan.h"

namespace lowbit::app {

// How each layer's codebook is trained before the next layer is quantized.
struct LayerTuning {
  int64_t steps = 0;  // 0: it is not.
  int64_t batch = 128;
  double rate = 0.05;
};

// How a network is to be compressed.
struct CompressOptions {
  quant::product::Rules rules;
  int64_t budget_bits = 0;  // 0: none.
  compress::ProductOptions product;
  LayerTuning tuning;
};

// Reads what the command line gives: a regime ("small" or "large"), a budget ("" for none, "90000" bytes, "90000B", "720000b"
// bits, "88KiB", "1.5MiB"), and settings "key=value" over them (docs/compress.md lists the keys).
// Errors: an unknown key or value, a number out of range, a budget that is none.
Result<CompressOptions> ReadCompressOptions(const std::string& regime, const std::string& budget,
                                            const std::vector<std::string>& settings);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_COMPRESS_OPTIONS_H_
