#include "lowbit/accelerator/memory_images.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "lowbit/accelerator/descriptor.h"

namespace lowbit::accelerator {
namespace {

// Numbers of `bits` bits, the first in the lowest, as one number's digits.
template <typename Number>
std::string Word(const Number* numbers, int64_t count, int bits) {
  std::vector<uint8_t> digits(static_cast<size_t>((count * bits + 3) / 4), 0);
  for (int64_t i = 0; i < count; ++i) {
    for (int b = 0; b < bits; ++b) {
      const int64_t place = i * bits + b;
      const auto bit = static_cast<uint8_t>(static_cast<uint32_t>(numbers[i]) >> b & 1);
      digits[static_cast<size_t>(place / 4)] =
          static_cast<uint8_t>(digits[static_cast<size_t>(place / 4)] | bit << place % 4);
    }
  }
  std::string text;
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) text += "0123456789abcdef"[*digit];
  return text + "\n";
}

template <typename Number>
std::string Words(const std::vector<Number>& numbers, int64_t in_word, int bits) {
  std::string text;
  for (size_t i = 0; i < numbers.size(); i += static_cast<size_t>(in_word))
    text += Word(numbers.data() + i, in_word, bits);
  return text;
}

int AddressBits(int64_t words) {
  int bits = 1;
  while (int64_t{1} << bits < words) ++bits;
  return bits;
}

std::string Parameters(const Program& program) {
  const Array& array = program.array;
  const struct {
    const char* name;
    int value;
  } parameters[] = {
      {"LANES", array.lanes},
      {"WEIGHT_EXPONENT", array.weight.exponent_bits},
      {"WEIGHT_FRACTION", array.weight.fraction_bits},
      {"WEIGHT_SIGNED", array.weight.is_signed},
      {"ACTIVATION_EXPONENT", array.activation.exponent_bits},
      {"ACTIVATION_FRACTION", array.activation.fraction_bits},
      {"ACTIVATION_SIGNED", array.activation.is_signed},
      {"SUM_BITS", array.sum_bits},
      {"WEIGHT_ADDRESS_BITS", AddressBits(program.WeightWords())},
      {"THRESHOLD_ADDRESS_BITS", std::max(2 * array.activation.bits() + 1, AddressBits(program.ThresholdWords()))},
      {"ACTIVATION_ADDRESS_BITS", AddressBits(program.activation_words)},
      {"LAYER_BITS", AddressBits(static_cast<int64_t>(program.layers.size()))},
  };
  std::string text;
  for (const auto& parameter : parameters) {
    text += (text.empty() ? "." : ",\n.") + std::string(parameter.name) + "(" + std::to_string(parameter.value) + ")";
  }
  return text + "\n";
}

}  // namespace

MemoryImages ImagesOf(const Program& program) {
  const Array& array = program.array;
  MemoryImages images;
  images.parameters = Parameters(program);
  for (const Layer& layer : program.layers) {
    for (const uint32_t field : Descriptor(array, layer)) images.descriptors += Word(&field, 1, 32);
  }
  images.weights = Words(program.weights, int64_t{array.lanes} * array.lanes, array.weight.bits());
  images.thresholds = Words(program.thresholds, array.lanes, array.sum_bits);
  return images;
}

}  // namespace lowbit::accelerator
