#ifndef LOWBIT_FORMAT_LBM_RECORD_H_
#define LOWBIT_FORMAT_LBM_RECORD_H_

// What the structure section says of one parameter, and where its bytes follow from that (FORMAT.md, sections 3.3 and
// 4): first the table's values (behind their steps, if they are bytes), then the scales, then the codes, row by row.

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/base/span.h"
#include "lowbit/core/graph.h"

namespace lowbit::lbm {

enum class Kind : uint8_t { kFloat32, kInt64, kBinary, kTernary, kAffine, kTable, kCodebook };

// Fields that a kind has no use for are 0.
struct Record {
  Kind kind = Kind::kFloat32;
  Shape shape;
  bool row_scales = false;  // One scale for each row; otherwise one for the tensor. Low-bit kinds only.
  int bits = 0;             // kAffine
  int zero_point = 0;       // kAffine
  int entries = 0;          // kTable, kCodebook
  int64_t block = 0;        // kCodebook
  ValueSet::Storage storage = ValueSet::Storage::kFloat32;  // kCodebook
};

// Sizes in bytes but for rows and row_codes.
struct Parts {
  uint64_t table = 0;  // With its steps and padding.
  uint64_t scales = 0;
  uint64_t rows = 0;       // For raw kinds: 1.
  uint64_t row_codes = 0;  // For raw kinds: elements.
  uint64_t row = 0;
  int code_bits = 0;  // Of the bit-packed kinds; otherwise 0.

  uint64_t Total() const { return table + scales + rows * row; }
};

Record RecordOf(const Parameter& parameter);

// Error: the first field that breaks a rule of FORMAT.md. If ok, Total() is below 2^60.
Result<Parts> PartsOf(const Record& record);

// Appends Parts::Total() bytes. REQUIRES: the parameter is valid
void AppendParameter(const Parameter& parameter, std::vector<uint8_t>* data);

// REQUIRES: PartsOf(record) is `parts`, bytes.size() == parts.Total()
// Error: a code that is none, padding that is not zero.
Result<Parameter> ReadParameter(const Record& record, const Parts& parts, Span<const uint8_t> bytes);

// "float32", "int64", or the name of the value set.
std::string ValuesName(const Record& record);
// "raw", "trits", "4 bits"
std::string EncodingName(const Record& record, const Parts& parts);

}  // namespace lowbit::lbm

#endif  // LOWBIT_FORMAT_LBM_RECORD_H_
