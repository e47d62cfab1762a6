#include "lowbit/format/safetensors/weights.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>
#include <utility>

#include "lowbit/base/error_in.h"
#include "lowbit/base/suggest.h"

namespace lowbit::safetensors {
namespace {

// How names in files become names of parameters; the first rule of each list that fits is applied.
struct Rule {
  std::string_view theirs, ours;
};
constexpr Rule kPrefixes[] = {{"parameter/", ""}, {"buffer/", ""}, {"module.", ""}};
constexpr Rule kSuffixes[] = {{".weight", ".scale"}, {".running_mean", ".mean"}, {".running_var", ".var"}};

bool StartsWith(std::string_view text, std::string_view start) { return text.substr(0, start.size()) == start; }

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// Whether a trainer needs the tensor, and no network.
bool IsBookkeeping(const std::string& name) {
  const bool kept = StartsWith(name, "buffer/") || StartsWith(name, "parameter/");
  const bool of_method = kept && name.find('/') != name.rfind('/');
  return of_method || StartsWith(name, "optimizer/") || StartsWith(name, "codes/") ||
         EndsWith(name, ".num_batches_tracked");
}

std::string WithoutPrefix(const std::string& name) {
  for (const Rule& rule : kPrefixes) {
    if (StartsWith(name, rule.theirs)) return std::string(rule.ours) + name.substr(rule.theirs.size());
  }
  return name;
}

// Without what stands in front, and with a point for each of Caffe's strokes: "fire2/squeeze1x1".
std::string PlainName(const std::string& name) {
  std::string plain = WithoutPrefix(name);
  std::replace(plain.begin(), plain.end(), '/', '.');
  return plain;
}

bool IsCovered(const std::string& name, const std::string& layer) {
  return name == layer || StartsWith(name, layer + ".");
}

bool IsSkipped(const std::string& name, const std::vector<std::string>& skip) {
  return std::any_of(skip.begin(), skip.end(), [&](const std::string& layer) { return IsCovered(name, layer); });
}

bool IsFloat(Dtype dtype) {
  return dtype == Dtype::kF16 || dtype == Dtype::kBF16 || dtype == Dtype::kF32 || dtype == Dtype::kF64;
}

// Everything of a graph that a checkpoint holds, by name.
using Targets = std::map<std::string, FloatTensor*>;

Targets TargetsOf(Graph* graph) {
  Targets targets;
  for (auto& [name, parameter] : graph->parameters) {
    if (parameter.traits.role == ParameterTraits::Role::kConstant) continue;
    targets[name] = &std::get<FloatTensor>(parameter.value);
  }
  return targets;
}

std::vector<std::string> NamesOf(const Targets& targets) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : targets) names.push_back(name);
  return names;
}

// The parameter that a tensor of that name is for. The same name is taken before a rewritten one: ".weight" is a
// convolution's own and batch normalization's scale.
Targets::const_iterator FindTarget(const Targets& targets, const std::string& name) {
  auto found = targets.find(name);
  for (const Rule& rule : kSuffixes) {
    if (found != targets.end()) break;
    if (!EndsWith(name, rule.theirs)) continue;
    found = targets.find(name.substr(0, name.size() - rule.theirs.size()) + std::string(rule.ours));
  }
  return found;
}

Status Fill(const Tensor& tensor, const std::string& target, FloatTensor* values) {
  if (tensor.shape != values->shape) {
    return Invalid("has shape " + ToString(tensor.shape) + "; the network's '" + target + "' has " +
                   ToString(values->shape));
  }
  if (!IsFloat(tensor.dtype)) {
    return Invalid(std::string("has dtype ") + Name(tensor.dtype) + "; expected F16, BF16, F32 or F64");
  }
  values->data = ToFloats(tensor);
  const bool finite = std::all_of(values->data.begin(), values->data.end(), [](float v) { return std::isfinite(v); });
  return finite ? Ok() : Invalid("holds a value that is not finite");
}

Error NoTarget(const std::string& name, const Shape& shape, const Targets& targets) {
  const std::string nearest = NearestName(PlainName(name), NamesOf(targets));
  return Invalid("tensor '" + name + "' " + ToString(shape) +
                 " belongs to no parameter of the network; the nearest is '" + nearest + "'");
}

// Fills the targets; what is filled, and what stays as it is because a layer is skipped, is removed from `targets`.
Status FillTargets(const File& file, const std::vector<std::string>& skip, Targets* targets) {
  const Targets all = *targets;
  for (const auto& [name, tensor] : file.tensors) {
    const std::string plain = PlainName(name);
    if (IsBookkeeping(name) || IsSkipped(plain, skip)) continue;
    const auto target = FindTarget(all, plain);
    if (target == all.end()) return NoTarget(name, tensor.shape, all);
    if (targets->erase(target->first) == 0) return Invalid("has more than one tensor for '" + target->first + "'");
    const Status filled = Fill(tensor, target->first, target->second);
    if (!filled.ok()) return Invalid("tensor '" + name + "' " + filled.error().message);
  }
  return Ok();
}

Status CheckSkip(const File& file, const std::vector<std::string>& skip, const Targets& targets) {
  std::vector<std::string> names = NamesOf(targets);
  for (const auto& [name, tensor] : file.tensors) names.push_back(PlainName(name));
  for (const std::string& layer : skip) {
    const auto covered = [&](const std::string& name) { return IsCovered(name, layer); };
    if (std::any_of(names.begin(), names.end(), covered)) continue;
    std::vector<std::string> layers;
    for (const std::string& name : NamesOf(targets)) layers.push_back(name.substr(0, name.rfind('.')));
    return Invalid("the layer '" + layer +
                   "' to be skipped is neither in the network nor in the file; the nearest is '" +
                   NearestName(layer, layers) + "'");
  }
  return Ok();
}

}  // namespace

Status SetWeights(const File& file, const std::vector<std::string>& skip, Graph* graph) {
  Targets missing = TargetsOf(graph);
  LOWBIT_RETURN_IF_ERROR(CheckSkip(file, skip, missing));
  LOWBIT_RETURN_IF_ERROR(FillTargets(file, skip, &missing));
  for (const auto& [name, values] : missing) {
    if (!IsSkipped(name, skip)) {
      return Invalid("has no tensor for the network's '" + name + "' " + ToString(values->shape));
    }
  }
  return Ok();
}

Status LoadWeights(const std::string& path, const std::vector<std::string>& skip, Graph* graph) {
  LOWBIT_TRY(const File file, Read(path));
  const Status set = SetWeights(file, skip, graph);
  return set.ok() ? Ok() : ErrorIn(path, set.error());
}

}  // namespace lowbit::safetensors
