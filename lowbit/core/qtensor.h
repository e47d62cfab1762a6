#ifndef LOWBIT_CORE_QTENSOR_H_
#define LOWBIT_CORE_QTENSOR_H_

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/core/shape.h"
#include "lowbit/core/tensor.h"

namespace lowbit {

// What a code stands for, before the scale.
struct ValueSet {
  enum class Kind : uint8_t {
    kBinary,    // codes 0, 1       -> -1, +1
    kTernary,   // codes 0, 1, 2    -> -1, 0, +1
    kAffine,    // codes 0..2^b - 1 -> code - zero_point
    kTable,     // codes 0..n - 1   -> table[code], 1 <= n <= 256
    kCodebook,  // codes 0..n - 1   -> the vector table[code * block .. code * block + block - 1], 1 <= n <= 2^15
  };

  // What files keep the numbers of a codebook as. `table` holds the numbers themselves, which are ones that this can say.
  enum class Storage : uint8_t {
    kFloat32,
    kFloat16,  // IEEE 754 binary16.
    kInt8,     // table[code * block + j] = table_scales[j] * an integer in [-127, 127], as one float multiplication.
  };

  Kind kind = Kind::kTernary;
  // kAffine: the width b, 1..8. Otherwise derived: see Bits().
  int bits = 0;
  // kAffine: the code whose value is 0, in [0, 2^b - 1].
  int zero_point = 0;
  // kTable: the values. kCodebook: the vectors, one after the other. Finite. Otherwise empty.
  std::vector<float> table;
  // kCodebook: weights per vector, at least 1; otherwise 1.
  int block = 1;
  // kCodebook; otherwise kFloat32.
  Storage storage = Storage::kFloat32;
  // kInt8: the step of each position in a vector, `block` of them, finite and not negative. Otherwise empty.
  std::vector<float> table_scales;

  static ValueSet Binary();
  static ValueSet Ternary();
  // REQUIRES: 1 <= bits <= 8, 0 <= zero_point < 2^bits
  static ValueSet Affine(int bits, int zero_point);
  static ValueSet Table(std::vector<float> values);
  static ValueSet Codebook(std::vector<float> vectors, int block);
  // The nearest codebooks that can be stored in 16 and 8 bits a number: halves; integers times a step for each position,
  // its largest magnitude / 127. REQUIRES: finite; for halves, magnitudes below 65520.
  static ValueSet HalfCodebook(std::vector<float> vectors, int block);
  static ValueSet ByteCodebook(std::vector<float> vectors, int block);

  // Number of codes: 2, 3, 2^b, or the entries of the table.
  int Count() const;
  // Whole bits that a code needs: ceil(log2(Count())), at least 1. (Ternary: 2. On disk it takes 1.6, see FORMAT.md.)
  int Bits() const;
  // kInt8: the integers of `table`, one byte each.
  std::vector<int8_t> TableIntegers() const;
  // The value of a code of any kind but kCodebook. REQUIRES: 0 <= code < Count()
  float Value(int code) const;
  // One word: "binary", "ternary", "affine4", "table16", "codebook256x8", and with its storage "codebook256x8_float16" or "..._int8"
  std::string Name() const;
  bool operator==(const ValueSet& other) const;
};

// Codebooks have no more vectors than this, other tables no more than 256 values.
inline constexpr int kMaxCodebookCount = 1 << 15;

// Low-bit weights, and how to read them. It never names the method that made them: methods end in a QTensor, file
// formats store one, kernels accept one.
//
//   weight[row, column] = scales[scales.size() == 1 ? 0 : row] * values.Value(codes[row * columns + column])
//
// computed as one float multiplication, where row is the index of the first dimension (the output channel of Conv and
// of Gemm with transB = 1) and column runs over all others in row-major order. For a codebook there is one code for
// each `block` consecutive weights of a row (block divides the columns).
struct QTensor {
  Shape shape;  // At least one dimension; the first counts the rows.
  ValueSet values;
  std::vector<uint8_t> codes;  // Row-major: Elements(shape) / values.block of them; their low bytes, if there are more.
  std::vector<float> scales;   // One for the tensor, or one for each row. Finite.
  // The codes' high bytes, if a codebook has more than 256 vectors. Otherwise empty.
  std::vector<uint8_t> high_codes = {};

  int64_t Rows() const { return shape.empty() ? 0 : shape[0]; }
  // Weights in a row. REQUIRES: Rows() > 0
  int64_t Columns() const { return Elements(shape) / Rows(); }
  // The code at a row-major position.
  int Code(size_t i) const { return high_codes.empty() ? codes[i] : codes[i] | high_codes[i] << 8; }
  // Appends a code. REQUIRES: 0 <= code < values.Count()
  void AddCode(int code);
  float Scale(int64_t row) const { return scales.size() == 1 ? scales[0] : scales[static_cast<size_t>(row)]; }
};

// Error: shape, number of codes or scales, a code outside the value set, a value or scale that is not finite, a block
// that does not divide the columns; names the first rule broken.
Status Validate(const QTensor& tensor);

// The weights as floats. REQUIRES: Validate(tensor).ok()
FloatTensor Dequantize(const QTensor& tensor);

}  // namespace lowbit

#endif  // LOWBIT_CORE_QTENSOR_H_
