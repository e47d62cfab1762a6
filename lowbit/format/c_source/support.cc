#include "lowbit/format/c_source/support.h"

#include <algorithm>

namespace lowbit::c_source {
namespace {

void Replace(std::string* text, const std::string& from, const std::string& to) {
  for (size_t at = text->find(from); at != std::string::npos; at = text->find(from, at + to.size())) {
    text->replace(at, from.size(), to);
  }
}

// `text` with what stands for types in it replaced.
std::string With(std::string text, Element input, Element weight) {
  const bool floats = input == Element::kF32 || weight == Element::kF32;
  Replace(&text, "$INPUT", TypeOf(input));
  Replace(&text, "$WEIGHT", TypeOf(weight));
  Replace(&text, "$SUM", floats ? "float" : "int32_t");
  Replace(&text, "$IN", SuffixOf(input));
  Replace(&text, "$WT", SuffixOf(weight));
  return text;
}

constexpr const char* kWindow = R"(
/* A window of weights that slides over an image [height][width][channels]. `group` channels of it are seen at a time. */
struct window {
  int height, width, channels, group;
  int kernel_height, kernel_width, stride_y, stride_x, pad_top, pad_left, dilation_y, dilation_x;
};
)";

constexpr const char* kDot = R"(
static $SUM dot_$IN_$WT(const $INPUT *input, const $WEIGHT *weights, int count) {
  $SUM sum = 0;
$SIMD$UNROLLED  for (; count > 0; --count) sum += ($SUM)*input++ * ($SUM)*weights++;
  return sum;
}
)";

// Sums of integers are the same in any order; those of floats keep theirs.
constexpr const char* kUnrolled = R"(  for (; count >= 4; count -= 4, input += 4, weights += 4) {
    sum += ($SUM)input[0] * ($SUM)weights[0] + ($SUM)input[1] * ($SUM)weights[1] +
           ($SUM)input[2] * ($SUM)weights[2] + ($SUM)input[3] * ($SUM)weights[3];
  }
)";

// Two products at a time where the processor has Arm's instructions for it.
constexpr const char* kSimd = R"(#if defined(__ARM_FEATURE_SIMD32)
  for (; count >= 4; count -= 4, input += 4, weights += 4) {
    uint32_t x, w, odd_x, odd_w;
    memcpy(&x, input, 4);
    memcpy(&w, weights, 4);
    __asm__("$EXTEND %0, %1, ror #8" : "=r"(odd_x) : "r"(x));
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(odd_w) : "r"(w));
    sum = __smlad((int16x2_t)__$EXTEND(x), __sxtb16((int8x4_t)w), sum);
    sum = __smlad((int16x2_t)odd_x, (int16x2_t)odd_w, sum);
  }
#endif
)";

// All channels, taps side by side: a kernel's row is one sum of products.
constexpr const char* kRows = R"(
/* The sum of products at one place of the output, of all channels. What lies outside of the image counts nothing. */
static $SUM rows_$IN_$WT(const $INPUT *image, const $WEIGHT *weights, const struct window *w, int y, int x) {
  $SUM sum = 0;
  const int top = y * w->stride_y - w->pad_top, left = x * w->stride_x - w->pad_left;
  const int first = left < 0 ? -left : 0;
  const int end = w->width - left < w->kernel_width ? w->width - left : w->kernel_width;
  if (first >= end) return 0;
  for (int i = 0; i < w->kernel_height; ++i) {
    const int row = top + i * w->dilation_y;
    if (row < 0 || row >= w->height) continue;
    sum += dot_$IN_$WT(image + (row * w->width + left + first) * w->channels,
                       weights + (i * w->kernel_width + first) * w->channels, (end - first) * w->channels);
  }
  return sum;
}
)";

// One channel.
constexpr const char* kTaps = R"(
/* The sum of products at one place of the output, of one channel. What lies outside of the image counts nothing. */
static $SUM taps_$IN_$WT(const $INPUT *image, const $WEIGHT *weights, const struct window *w, int y, int x) {
  $SUM sum = 0;
  const int top = y * w->stride_y - w->pad_top, left = x * w->stride_x - w->pad_left;
  const int step = w->dilation_x * w->channels;
  for (int i = 0; i < w->kernel_height; ++i) {
    const int row = top + i * w->dilation_y;
    if (row < 0 || row >= w->height) continue;
    const $WEIGHT *const taps = weights + i * w->kernel_width;
    int column = left, at = (row * w->width + left) * w->channels;
    for (int j = 0; j < w->kernel_width; ++j, column += w->dilation_x, at += step) {
      if (column >= 0 && column < w->width) sum += ($SUM)image[at] * ($SUM)taps[j];
    }
  }
  return sum;
}
)";

// Some channels, or taps that lie apart.
constexpr const char* kPixels = R"(
/* The sum of products at one place of the output. What lies outside of the image counts nothing. */
static $SUM pixels_$IN_$WT(const $INPUT *image, const $WEIGHT *weights, const struct window *w, int y, int x) {
  $SUM sum = 0;
  const int top = y * w->stride_y - w->pad_top, left = x * w->stride_x - w->pad_left;
  for (int i = 0; i < w->kernel_height; ++i) {
    const int row = top + i * w->dilation_y;
    if (row < 0 || row >= w->height) continue;
    for (int j = 0; j < w->kernel_width; ++j) {
      const int column = left + j * w->dilation_x;
      if (column < 0 || column >= w->width) continue;
      sum += dot_$IN_$WT(image + (row * w->width + column) * w->channels,
                         weights + (i * w->kernel_width + j) * w->group, w->group);
    }
  }
  return sum;
}
)";

constexpr const char* kUnpackBits = R"(
/* Codes of `bits` bits, the first in the lowest ones. */
static void unpack_bits_$WT(const uint8_t *codes, int bits, const $WEIGHT *table, $WEIGHT *weights, int count) {
  const uint32_t mask = (1u << bits) - 1u;
  uint32_t held = 0;
  int holds = 0;
  for (int i = 0; i < count; ++i) {
    if (holds < bits) {
      held |= (uint32_t)*codes++ << holds;
      holds += 8;
    }
    weights[i] = table[held & mask];
    held >>= bits;
    holds -= bits;
  }
}
)";

constexpr const char* kUnpackTrits = R"(
/* Five codes of three values in a byte. */
static void unpack_trits_$WT(const uint8_t *codes, const $WEIGHT *table, $WEIGHT *weights, int count) {
  for (int i = 0; i < count; i += 5) {
    unsigned rest = *codes++;
    for (int j = i; j < count && j < i + 5; ++j) {
      rest *= 3;
      weights[j] = table[rest >> 8];
      rest &= 255u;
    }
  }
}
)";

constexpr const char* kUnpackVectors = R"(
/* Vectors of `block` weights, which lie in the order [channel][tap] and become [tap][channel]. */
static void $NAME(const $CODE *codes, const $BOOK *book, int block,$STEPS $WEIGHT *weights, int count, int taps) {
  const int channels = count / taps;
  int tap = 0, channel = 0;
  for (int i = 0; i < count; i += block) {
    const $BOOK *const vector = book + (int)*codes++ * block;
    for (int j = 0; j < block; ++j) {
      weights[tap * channels + channel] = $NUMBER;
      if (++tap == taps) {
        tap = 0;
        ++channel;
      }
    }
  }
}
)";

constexpr const char* kQuantize = R"(
/* The nearest integer, halves to even, within [low, high]; low for a NaN. */
static int32_t quantize(float x, int32_t low, int32_t high) {
  if (!(x > (float)low)) return low;
  if (x >= (float)high) return high;
  return (int32_t)((x + 12582912.0f) - 12582912.0f);
}
)";

constexpr const char* kLevel = R"(
/* How many of the ascending thresholds x reaches. */
static int level(float x, const float *thresholds, int count) {
  int reached = 0;
  while (reached < count && x >= thresholds[reached]) ++reached;
  return reached;
}
)";

std::string Dot(Element input, Element weight) {
  std::string text = kDot;
  const bool bytes = weight == Element::kI8 && (input == Element::kU8 || input == Element::kI8);
  Replace(&text, "$SIMD", bytes ? kSimd : "");
  Replace(&text, "$UNROLLED", input == Element::kF32 || weight == Element::kF32 ? "" : kUnrolled);
  Replace(&text, "$EXTEND", input == Element::kU8 ? "uxtb16" : "sxtb16");
  return With(text, input, weight);
}

}  // namespace

std::string Support::Sum(SumKind kind, Element input, Element weight) {
  if (kind != SumKind::kTaps) sums_.insert({SumKind::kDot, input, weight});
  sums_.insert({kind, input, weight});
  static const char* const names[] = {"dot_", "rows_", "taps_", "pixels_"};
  return names[static_cast<int>(kind)] + SuffixOf(input) + "_" + SuffixOf(weight);
}

std::string Support::UnpackBits(Element weight) {
  bits_.insert(weight);
  return "unpack_bits_" + SuffixOf(weight);
}

std::string Support::UnpackTrits(Element weight) {
  trits_.insert(weight);
  return "unpack_trits_" + SuffixOf(weight);
}

namespace {

std::string VectorsName(bool wide, bool in_steps, Element weight) {
  return std::string("unpack_vectors_") + (wide ? "u16_" : "u8_") + (in_steps ? "steps_" : "") + SuffixOf(weight);
}

std::string UnpackVectorsText(bool wide, bool in_steps, Element weight) {
  std::string text = kUnpackVectors;
  Replace(&text, "$NAME", VectorsName(wide, in_steps, weight));
  Replace(&text, "$CODE", wide ? "uint16_t" : "uint8_t");
  Replace(&text, "$BOOK", in_steps ? "int8_t" : TypeOf(weight));
  Replace(&text, "$STEPS", in_steps ? " const float *steps," : "");
  Replace(&text, "$NUMBER", in_steps ? "steps[j] * (float)vector[j]" : "vector[j]");
  return With(text, weight, weight);
}

}  // namespace

std::string Support::UnpackVectors(bool wide, bool in_steps, Element weight) {
  vectors_.insert({wide, in_steps, weight});
  return VectorsName(wide, in_steps, weight);
}

std::string Support::Quantize() {
  quantize_ = true;
  return "quantize";
}

std::string Support::Level() {
  level_ = true;
  return "level";
}

std::string Support::Text() const {
  std::string text;
  const auto windowed = [](const auto& sum) { return std::get<0>(sum) != SumKind::kDot; };
  if (std::any_of(sums_.begin(), sums_.end(), windowed)) text += kWindow;
  for (const auto& [kind, input, weight] : sums_) {
    static const char* const texts[] = {"", kRows, kTaps, kPixels};
    text += kind == SumKind::kDot ? Dot(input, weight) : With(texts[static_cast<int>(kind)], input, weight);
  }
  for (const Element weight : bits_) text += With(kUnpackBits, weight, weight);
  for (const Element weight : trits_) text += With(kUnpackTrits, weight, weight);
  for (const auto& [wide, in_steps, weight] : vectors_) text += UnpackVectorsText(wide, in_steps, weight);
  if (quantize_) text += kQuantize;
  if (level_) text += kLevel;
  return text;
}

}  // namespace lowbit::c_source
