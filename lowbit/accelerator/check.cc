#include "lowbit/accelerator/check.h"

#include "lowbit/accelerator/execute.h"
#include "lowbit/core/evaluate.h"
#include "lowbit/core/integer_form.h"

namespace lowbit::accelerator {
namespace {

// [group][pixel][row] -> [channel][pixel]
std::vector<int64_t> ByChannel(const std::vector<int32_t>& sums, const Place& place, int64_t lanes) {
  const int64_t plane = place.height * place.width;
  std::vector<int64_t> result;
  for (int64_t c = 0; c < place.channels; ++c) {
    for (int64_t pixel = 0; pixel < plane; ++pixel) {
      result.push_back(sums[static_cast<size_t>((c / lanes * plane + pixel) * lanes + c % lanes)]);
    }
  }
  return result;
}

std::vector<int64_t> AsIntegers(const DoubleTensor& tensor) { return {tensor.data.begin(), tensor.data.end()}; }

}  // namespace

Result<std::vector<int64_t>> RunStretch(const Compiled& compiled, Span<const int64_t> integers) {
  const Array& array = compiled.program.array;
  std::vector<uint8_t> memory(static_cast<size_t>(compiled.program.activation_words * array.lanes), 0);
  Load(array, compiled.input, integers, &memory);
  LOWBIT_TRY(const std::vector<int32_t> sums, Execute(compiled.program, &memory));
  if (compiled.raw) return ByChannel(sums, compiled.output, array.lanes);
  return Unload(array, compiled.output, memory);
}

Result<Comparison> CompareStretch(const Graph& graph, const Compiled& compiled, const DoubleTensor& image) {
  LOWBIT_TRY(const Graph form, ToIntegerForm(graph));
  LOWBIT_TRY(const auto values, Evaluate(form, {{form.inputs[0].name, image}}, Rounding::kFloat));
  LOWBIT_TRY(const std::vector<int64_t> result, RunStretch(compiled, AsIntegers(values.at(compiled.input.value))));
  const std::vector<int64_t> expected = AsIntegers(values.at(compiled.output.value));
  Comparison comparison;
  comparison.elements = static_cast<int64_t>(expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    if (i >= result.size() || result[i] != expected[i]) ++comparison.different;
  }
  return comparison;
}

}  // namespace lowbit::accelerator
