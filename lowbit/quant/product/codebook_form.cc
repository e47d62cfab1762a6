#include "lowbit/quant/product/codebook_form.h"

#include <algorithm>
#include <utility>

namespace lowbit::quant::product {
namespace {

// As ByteCodebook, with the largest of its steps for all.
ValueSet WithOneStep(const std::vector<float>& vectors, int block) {
  ValueSet set = ValueSet::ByteCodebook(vectors, block);
  const float step = *std::max_element(set.table_scales.begin(), set.table_scales.end());
  std::fill(set.table_scales.begin(), set.table_scales.end(), step);
  set.table = vectors;
  const std::vector<int8_t> integers = set.TableIntegers();
  std::transform(integers.begin(), integers.end(), set.table.begin(), [step](int8_t n) { return step * n; });
  return set;
}

}  // namespace

std::string CodebookForm::Name() const {
  switch (storage) {
    case ValueSet::Storage::kFloat32:
      return "float32";
    case ValueSet::Storage::kFloat16:
      return "float16";
    case ValueSet::Storage::kInt8:
      return one_step ? "int8_layer" : "int8";
  }
  return "";
}

int64_t CodebookForm::Bits(int64_t centroids, int64_t block) const {
  const int64_t numbers = centroids * block, steps = one_step ? 1 : block;
  switch (storage) {
    case ValueSet::Storage::kFloat32:
      return 32 * numbers;
    case ValueSet::Storage::kFloat16:
      return 16 * numbers;
    case ValueSet::Storage::kInt8:
      return 8 * numbers + 32 * steps;
  }
  return 0;
}

CodebookForm ReadCodebookForm(ConfigReader* reader) {
  const std::string word = reader->String("codebook", "float16", {"float32", "float16", "int8", "int8_layer"});
  CodebookForm form;
  if (word == "float32") form.storage = ValueSet::Storage::kFloat32;
  if (word == "int8" || word == "int8_layer") form.storage = ValueSet::Storage::kInt8;
  form.one_step = word == "int8_layer";
  return form;
}

ValueSet MakeCodebook(std::vector<float> vectors, int block, const CodebookForm& form) {
  switch (form.storage) {
    case ValueSet::Storage::kFloat32:
      return ValueSet::Codebook(std::move(vectors), block);
    case ValueSet::Storage::kFloat16:
      return ValueSet::HalfCodebook(std::move(vectors), block);
    case ValueSet::Storage::kInt8:
      return form.one_step ? WithOneStep(vectors, block) : ValueSet::ByteCodebook(std::move(vectors), block);
  }
  return {};
}

}  // namespace lowbit::quant::product
