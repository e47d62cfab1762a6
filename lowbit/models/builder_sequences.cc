// The layers of sequences.

#include <algorithm>
#include <cmath>
#include <utility>

#include "lowbit/models/builder.h"

namespace lowbit::models {
namespace {

using Role = ParameterTraits::Role;
using Init = ParameterTraits::Init;

}  // namespace

// The shape without the batch, which is what remains.
Value GraphBuilder::Reshape(const std::string& name, const Value& input, Shape shape) {
  Shape whole = shape;
  whole.insert(whole.begin(), -1);
  const auto rank = static_cast<int64_t>(whole.size());
  graph_.parameters[name + ".shape"].value = Int64Tensor({rank}, std::move(whole));
  return Append(name, "Reshape", {input.name, name + ".shape"}, std::move(shape));
}

Value GraphBuilder::RowsAsSteps(const std::string& name, const Value& image, int64_t stack) {
  const int64_t channels = image.shape[0], height = image.shape[1], width = image.shape[2];
  if (height % stack != 0) {
    Fail("steps of " + std::to_string(stack) + " rows do not divide an image of " + std::to_string(height) + " rows");
  }
  Value rows = image;
  if (channels > 1) {
    rows = Append(name + ".rows", "Transpose", {image.name}, {height, channels, width},
                  {{"perm", std::vector<int64_t>{0, 2, 1, 3}}});
  }
  return Reshape(name, rows, {std::max<int64_t>(1, height / stack), stack * channels * width});
}

Value GraphBuilder::Recurrent(const std::string& name, const Value& input, const RecurrentOptions& options) {
  const int64_t steps = input.shape[0], features = input.shape[1], hidden = options.hidden;
  const int64_t rows = (options.gru ? 3 : 4) * hidden;
  const ParameterOptions weights = {Init::kNormal, 1 / std::sqrt(3.0 * static_cast<double>(hidden)), 1, 1};
  std::vector<std::string> inputs = {input.name, AddTrained(name + ".W", Role::kWeight, {1, rows, features}, weights),
                                     AddTrained(name + ".R", Role::kWeight, {1, rows, hidden}, weights),
                                     AddTrained(name + ".B", Role::kBias, {1, 2 * rows}, {Init::kKeep, 0, 1, 1})};
  std::vector<float>& biases = std::get<FloatTensor>(graph_.parameters.at(name + ".B").value).data;
  if (!options.gru && static_cast<int64_t>(biases.size()) == 2 * rows) {  // Else there are too many parameters.
    std::fill_n(biases.begin() + 2 * hidden, hidden, 1.0f);               // Gates: in, out, forget, new.
  }
  const Attributes attributes = {{"layout", int64_t{1}},
                                 {"hidden_size", hidden},
                                 {"direction", std::string(options.reverse ? "reverse" : "forward")}};
  // A GRU as cuDNN and PyTorch have it.
  Attributes own = attributes;
  if (options.gru) own["linear_before_reset"] = int64_t{1};
  const Value all = Append(name, options.gru ? "GRU" : "LSTM", std::move(inputs), {steps, 1, hidden}, std::move(own));
  return Reshape(name + ".steps", all, {steps, hidden});
}

Value GraphBuilder::JoinFeatures(const std::string& name, const Value& a, const Value& b) {
  LOWBIT_CHECK(a.shape[0] == b.shape[0]);
  return Append(name, "Concat", {a.name, b.name}, {a.shape[0], a.shape[1] + b.shape[1]}, {{"axis", int64_t{2}}});
}

Value GraphBuilder::MeanOverSteps(const std::string& name, const Value& input) {
  graph_.parameters[name + ".axes"].value = Int64Tensor({1}, {1});
  return Append(name, "ReduceMean", {input.name, name + ".axes"}, {input.shape[1]}, {{"keepdims", int64_t{0}}});
}

Value GraphBuilder::LinearOfSteps(const std::string& name, const Value& input, const LinearOptions& options) {
  const int64_t steps = input.shape[0];
  // Each step of each sequence becomes an example of its own.
  const Value rows = Linear(name, Reshape(name + ".rows", input, {input.shape[1]}), options);
  return Reshape(name + ".steps", rows, {steps, rows.shape[0]});
}

}  // namespace lowbit::models
