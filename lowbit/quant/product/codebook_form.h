#ifndef LOWBIT_QUANT_PRODUCT_CODEBOOK_FORM_H_
#define LOWBIT_QUANT_PRODUCT_CODEBOOK_FORM_H_

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
};

// Reads the key `codebook`: "float32", "float16" (the default), "int8", or "int8_layer" for one step.
CodebookForm ReadCodebookForm(ConfigReader* reader);

// The codebook of that form that is nearest to these vectors, [codes, block]. REQUIRES: finite; for halves, magnitudes below 65520
ValueSet MakeCodebook(std::vector<float> vectors, int block, const CodebookForm& form);

}  // namespace lowbit::quant::product

#endif  // LOWBIT_QUANT_PRODUCT_CODEBOOK_FORM_H_
