#include "lowbit/compress/output_errors.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "lowbit/compress/inputs/layer_inputs.h"

namespace lowbit::compress {
namespace {

Result<std::vector<float>> Outputs(const Graph& graph, const data::ImageSet& images, int64_t samples, int threads) {
  std::vector<float> outputs;
  const auto keep = [&outputs](Span<const float> values, const Shape&) {
    outputs.insert(outputs.end(), values.begin(), values.end());
    return Ok();
  };
  LOWBIT_RETURN_IF_ERROR(
      WatchOnImages(graph, graph.outputs[0], images, std::min(samples, images.count()), threads, keep));
  return outputs;
}

double RelativeError(const std::vector<float>& wanted, const std::vector<float>& found) {
  double error = 0, power = 0;
  for (size_t i = 0; i < wanted.size(); ++i) {
    const double value = static_cast<double>(wanted[i]), difference = static_cast<double>(found[i]) - value;
    error += difference * difference;
    power += value * value;
  }
  return power > 0 ? std::sqrt(error / power) : 0;
}

}  // namespace

Result<std::map<std::string, double>> OutputErrors(const Graph& graph,
                                                   const std::map<std::string, ActivationGrid>& grids,
                                                   const data::ImageSet& images, int64_t samples, int threads) {
  LOWBIT_TRY(const std::vector<float> wanted, Outputs(graph, images, samples, threads));
  std::map<std::string, double> errors;
  for (const auto& [value, grid] : grids) {
    const Graph quantized = InsertQuantizers(graph, {{value, grid}});
    LOWBIT_TRY(const std::vector<float> found, Outputs(quantized, images, samples, threads));
    errors[value] = RelativeError(wanted, found);
  }
  return errors;
}

}  // namespace lowbit::compress
