#include "lowbit/accelerator/program.h"

#include <initializer_list>
#include <string>

namespace lowbit::accelerator {
namespace {

struct Range {
  const char* name;
  int64_t value, least, most;
};

Status CheckRanges(std::initializer_list<Range> ranges, const std::string& where) {
  for (const Range& range : ranges) {
    if (range.value >= range.least && range.value <= range.most) continue;
    return Invalid(where + range.name + " is " + std::to_string(range.value) + "; " + std::to_string(range.least) +
                   " to " + std::to_string(range.most) + " was expected");
  }
  return Ok();
}

Status CheckArray(const Array& array) {
  return CheckRanges({{"lanes", array.lanes, 1, 64},
                      {"exponent bits of weights", array.weight.exponent_bits, 1, 4},
                      {"fraction bits of weights", array.weight.fraction_bits, 0, 6},
                      {"bits of weights", array.weight.bits(), 2, 8},
                      {"exponent bits of activations", array.activation.exponent_bits, 1, 4},
                      {"fraction bits of activations", array.activation.fraction_bits, 0, 6},
                      {"bits of activations", array.activation.bits(), 1, 7},
                      {"bits of sums", array.sum_bits, 8, 32}},
                     "accelerator: ");
}

constexpr int64_t kMost = 65535;

int64_t WordsIn(const Layer& layer) { return int64_t{layer.in_height} * layer.in_width * layer.in_groups; }
int64_t WordsOut(const Layer& layer) { return layer.raw ? 0 : layer.Pixels() * layer.out_groups; }

struct Words {
  int64_t begin, count;
};

bool Overlap(const Words& a, const Words& b) {
  return a.count > 0 && b.count > 0 && a.begin < b.begin + b.count && b.begin < a.begin + a.count;
}

Words SkipWords(const Layer& layer) {
  const Layer::Skip& skip = layer.skip;
  if (!skip.used || skip.groups == 0) return {0, 0};
  const int64_t last = int64_t{layer.out_height - 1} * skip.row + int64_t{layer.out_width - 1} * skip.column;
  return {skip.base, last + skip.groups};
}

Status CheckExtents(const Layer& layer, const std::string& where) {
  return CheckRanges({{"input height", layer.in_height, 1, kMost},
                      {"input width", layer.in_width, 1, kMost},
                      {"input groups", layer.in_groups, 1, kMost},
                      {"output height", layer.out_height, 1, kMost},
                      {"output width", layer.out_width, 1, kMost},
                      {"output groups", layer.out_groups, 1, kMost},
                      {"kernel height", layer.kernel_height, 1, kMost},
                      {"kernel width", layer.kernel_width, 1, kMost},
                      {"stride of rows", layer.stride_y, 1, kMost},
                      {"stride of columns", layer.stride_x, 1, kMost},
                      {"padding above", layer.pad_top, 0, layer.kernel_height - 1},
                      {"padding at the left", layer.pad_left, 0, layer.kernel_width - 1},
                      {"skip's row", layer.skip.row, 0, kMost},
                      {"skip's column", layer.skip.column, 0, kMost},
                      {"skip's first group", layer.skip.first_group, 0, kMost},
                      {"skip's groups", layer.skip.groups, 0, kMost}},
                     where);
}

// That no threshold of a row is below the one of the rank before: they are searched by halving.
Status CheckRising(const Program& program, int64_t begin, int64_t count, const std::string& where) {
  const int64_t lanes = program.array.lanes, ranks = int64_t{1} << program.array.activation.bits();
  for (int64_t word = begin; word < begin + count; ++word) {
    const int64_t rank = word % ranks;
    if (rank < 2 || rank >= program.array.activation.count()) continue;
    const int32_t* thresholds = program.thresholds.data() + word * lanes;
    for (int64_t m = 0; m < lanes; ++m) {
      if (thresholds[m] >= thresholds[m - lanes]) continue;
      return Invalid(where + "the threshold of rank " + std::to_string(rank) + " in word " + std::to_string(word) +
                     " is below the one before");
    }
  }
  return Ok();
}

Status CheckLayer(const Program& program, const Layer& layer, const std::string& where) {
  LOWBIT_RETURN_IF_ERROR(CheckExtents(layer, where));
  const bool product = layer.kind == Layer::Kind::kProduct;
  if (!product && (layer.raw || layer.skip.used)) return Invalid(where + "a max pool has neither raw sums nor a skip");
  if (layer.raw && layer.skip.used) return Invalid(where + "raw sums have no skip");
  if (!product && layer.in_groups != layer.out_groups) return Invalid(where + "a max pool keeps its groups");
  const int64_t ranks = int64_t{1} << program.array.activation.bits();
  const Words weights = {layer.weight_base, product ? int64_t{layer.out_groups} * layer.Steps() : 0};
  const Words thresholds = {layer.threshold_base,
                            product && !layer.raw ? layer.out_groups * ranks * (layer.skip.used ? ranks : 1) : 0};
  const Words in = {layer.in_base, WordsIn(layer)}, out = {layer.out_base, WordsOut(layer)}, skip = SkipWords(layer);
  const struct {
    const char* name;
    Words words;
    int64_t size;
  } parts[] = {{"its weights", weights, program.WeightWords()},
               {"its thresholds", thresholds, program.ThresholdWords()},
               {"its input", in, program.activation_words},
               {"its output", out, program.activation_words},
               {"its skip", skip, program.activation_words}};
  for (const auto& part : parts) {
    if (part.words.begin >= 0 && part.words.begin + part.words.count <= part.size) continue;
    return Invalid(where + part.name + " are words " + std::to_string(part.words.begin) + " to " +
                   std::to_string(part.words.begin + part.words.count) + "; the memory has " +
                   std::to_string(part.size));
  }
  if (layer.threshold_base % ranks != 0) {
    return Invalid(where + "its thresholds begin at word " + std::to_string(layer.threshold_base) + "; a multiple of " +
                   std::to_string(ranks) + " was expected");
  }
  LOWBIT_RETURN_IF_ERROR(CheckRising(program, thresholds.begin, thresholds.count, where));
  if (Overlap(in, out) || Overlap(skip, out)) return Invalid(where + "its output lies over what it reads");
  return Ok();
}

}  // namespace

int64_t Layer::Steps() const {
  return int64_t{kernel_height} * kernel_width * (kind == Kind::kProduct ? in_groups : 1);
}

int64_t Program::WeightWords() const {
  return static_cast<int64_t>(weights.size()) / (int64_t{array.lanes} * array.lanes);
}

int64_t Program::ThresholdWords() const { return static_cast<int64_t>(thresholds.size()) / array.lanes; }

Status Check(const Program& program) {
  LOWBIT_RETURN_IF_ERROR(CheckArray(program.array));
  if (program.layers.empty()) return Invalid("accelerator: no layer");
  for (size_t i = 0; i < program.layers.size(); ++i) {
    const std::string where = "accelerator: layer " + std::to_string(i) + ": ";
    LOWBIT_RETURN_IF_ERROR(CheckLayer(program, program.layers[i], where));
  }
  return Ok();
}

}  // namespace lowbit::accelerator
