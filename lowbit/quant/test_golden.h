#ifndef LOWBIT_QUANT_TEST_GOLDEN_H_
#define LOWBIT_QUANT_TEST_GOLDEN_H_

// For tests of methods: eight weights whose quantized values are known, and options as a recipe would give them.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "lowbit/quant/quantizer.h"

namespace lowbit::quant::golden {

inline const std::vector<float> kWeights = {.9f, -.1f, .4f, -.6f, .2f, .05f, -.3f, .25f};

inline Config Keys(ConfigTable table) { return Config{std::move(table), ""}; }
inline Config Number(int64_t number) { return Config{number, ""}; }
inline Config Text(const std::string& text) { return Config{text, ""}; }

using CreateFunction = Result<std::unique_ptr<Quantizer>> (*)(const Config& options);

// What the quantizer makes of a 2 x 4 matrix.
inline std::vector<float> Values(CreateFunction create, ConfigTable options, const std::vector<float>& weights) {
  return Dequantize(create(Keys(std::move(options))).value()->Quantize(weights, {2, 4})).data;
}

}  // namespace lowbit::quant::golden

#endif  // LOWBIT_QUANT_TEST_GOLDEN_H_
