#ifndef LOWBIT_QUANT_PRODUCT_CODEBOOK_FORM_H_
#define LOWBIT_QUANT_PRODUCT_CODEBOOK_FORM_H_

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/base/config.h"
#include "lowbit/core/qtensor.h"

namespace lowbit::quant::product {

// How a codebook is stored.
struct CodebookForm {
  ValueSet::Storage storage = ValueSet::Storage::kFloat16;
  // kInt8: one step for all numbers, so that sums of products with quantized activations are sums of integers. Otherwise each position
  // in a block has its own, which is finer.
  bool one_step = false;

  // "float32", "float16", "int8" or "int8_layer".
  std::string Name() const;
  // What such a codebook of `centroids` vectors takes: its numbers and, of bytes, their float steps.
  int64_t Bits(int64_t centroids, int64_t block) const;
};

// Reads the key `codebook`, one of these names; "float16" where it is left out.
CodebookForm ReadCodebookForm(ConfigReader* reader);

// The codebook of that form that is nearest to these vectors, [codes, block]. REQUIRES: finite; for halves, magnitudes below 65520
ValueSet MakeCodebook(std::vector<float> vectors, int block, const CodebookForm& form);

}  // namespace lowbit::quant::product

#endif  // LOWBIT_QUANT_PRODUCT_CODEBOOK_FORM_H_
