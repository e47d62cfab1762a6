#include "lowbit/runtime/plan.h"

#include <algorithm>
#include <set>
#include <utility>

#include "lowbit/base/arena.h"
#include "lowbit/core/operator.h"
#include "lowbit/core/validate.h"
#include "lowbit/runtime/convert.h"
#include "lowbit/runtime/fallback.h"

namespace lowbit::runtime {
namespace {

using Shapes = std::map<std::string, Shape>;
using Constants = std::map<std::string, Parameter>;

// Every value that depends on an input of the graph.
std::set<std::string> ComputedValues(const Graph& graph) {
  std::set<std::string> computed;
  for (const GraphInput& input : graph.inputs) computed.insert(input.name);
  for (const Node& node : graph.nodes) {
    const bool depends = std::any_of(node.inputs.begin(), node.inputs.end(),
                                     [&](const std::string& input) { return computed.count(input) != 0; });
    if (depends) computed.insert(node.outputs.begin(), node.outputs.end());
  }
  return computed;
}

bool DependsOnInputs(const std::set<std::string>& computed, const Node& node) {
  return computed.count(node.outputs[0]) != 0;
}

Error TooLarge(const std::string& what) {
  return Failed(what + ": the graph needs more memory than the " + std::to_string(kMaxPlannedFloats * 4 >> 20) +
                " MiB that the runtime plans for");
}

// Before anything is planned: constants are computed and kept together, other values share memory.
Status CheckSizes(const Graph& graph, const Shapes& shapes, const std::set<std::string>& computed) {
  int64_t constants = 0;
  for (const auto& [name, shape] : shapes) {
    if (graph.parameters.count(name) != 0) continue;
    const int64_t floats = std::min(Elements(shape), kMaxPlannedFloats + 1);
    if (computed.count(name) == 0) constants += floats;
    if (std::max(floats, constants) > kMaxPlannedFloats) {
      return TooLarge("value '" + name + "' of shape " + ToString(shape));
    }
  }
  return Ok();
}

void Fold(const Graph& graph, const Node& node, Constants* constants) {
  std::vector<DoubleTensor> values(node.inputs.size());
  std::vector<const DoubleTensor*> pointers(node.inputs.size(), nullptr);
  for (size_t i = 0; i < values.size(); ++i) {
    if (!HasInput(node, i)) continue;
    const auto parameter = graph.parameters.find(node.inputs[i]);
    values[i] = WidenParameter(parameter != graph.parameters.end() ? parameter->second : constants->at(node.inputs[i]));
    pointers[i] = &values[i];
  }
  const std::vector<DoubleTensor> results = FindOperator(node.op)->evaluate(node, pointers);
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    FloatTensor narrow(results[i].shape, std::vector<float>(results[i].data.begin(), results[i].data.end()));
    (*constants)[node.outputs[i]].value = std::move(narrow);
  }
}

// What nodes compute from parameters alone.
Constants FoldConstants(const Graph& graph, const std::set<std::string>& computed) {
  Constants constants;
  for (const Node& node : graph.nodes) {
    if (!DependsOnInputs(computed, node)) Fold(graph, node, &constants);
  }
  return constants;
}

std::unique_ptr<Step> LowerNode(size_t node, Lowering* lowering) {
  for (const kernels::ShelfEntry& kernel : kernels::ShelfEntries()) {
    if (std::unique_ptr<Step> step = kernel.function(node, lowering)) return step;
  }
  return LowerToFallback(node, *lowering);
}

void LowerAll(const Graph& graph, const std::set<std::string>& computed, Lowering* lowering, Plan* plan) {
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    if (lowering->Done(i) || !DependsOnInputs(computed, graph.nodes[i])) continue;
    plan->steps.push_back(LowerNode(i, lowering));
    lowering->MarkDone(plan->steps.back()->nodes);
  }
  // A step runs in the place of its last node: by then the residual that it adds has been computed.
  std::stable_sort(plan->steps.begin(), plan->steps.end(),
                   [](const auto& a, const auto& b) { return a->nodes.back() < b->nodes.back(); });
}

// Steps between those that write one form of a value and those that read the other.
void InsertConversions(const Graph& graph, const Lowering& lowering, Plan* plan) {
  std::set<std::string> there;
  for (const GraphInput& input : graph.inputs) there.insert(input.name);
  std::vector<std::unique_ptr<Step>> steps;
  const auto require = [&](const std::string& value) {
    if (there.count(value) != 0) return;
    std::unique_ptr<Step> conversion = ConvertTo(value, lowering);
    if (conversion == nullptr) return;
    there.insert(value);
    steps.push_back(std::move(conversion));
  };
  for (std::unique_ptr<Step>& step : plan->steps) {
    for (const std::string& value : step->reads) require(value);
    there.insert(step->writes.begin(), step->writes.end());
    steps.push_back(std::move(step));
  }
  for (const std::string& output : graph.outputs) require(output);
  plan->steps = std::move(steps);
}

void NumberValues(const Graph& graph, Lowering* lowering, Plan* plan) {
  for (const std::unique_ptr<Step>& step : plan->steps) {
    for (const std::string& value : step->reads) step->inputs.push_back(lowering->Number(value));
    for (const std::string& value : step->writes) step->outputs.push_back(lowering->Number(value));
    plan->scratch_floats = std::max(plan->scratch_floats, step->scratch_floats);
  }
  for (const GraphInput& input : graph.inputs) {
    plan->inputs.push_back({input.name, lowering->ShapeOf(input.name), lowering->Number(input.name), nullptr});
  }
  for (const std::string& name : graph.outputs) {
    PlannedValue value = {name, lowering->ShapeOf(name), -1, nullptr};
    if (const Parameter* constant = lowering->Constant(name)) {
      const DoubleTensor wide = WidenParameter(*constant);
      plan->output_constants[name] = FloatTensor(wide.shape, std::vector<float>(wide.data.begin(), wide.data.end()));
      value.constant = &plan->output_constants[name];
    } else {
      value.number = lowering->Number(name);
    }
    plan->outputs.push_back(std::move(value));
  }
}

void PlaceValues(const Lowering& lowering, Plan* plan) {
  const int64_t end = static_cast<int64_t>(plan->steps.size());
  std::vector<Lifetime> lifetimes(static_cast<size_t>(lowering.value_count()));
  for (size_t i = 0; i < lifetimes.size(); ++i) lifetimes[i] = {lowering.FloatsOf(static_cast<int>(i)), end, -1};
  const auto use = [&](int number, int64_t step) {
    Lifetime& lifetime = lifetimes[static_cast<size_t>(number)];
    lifetime.first = std::min(lifetime.first, step);
    lifetime.last = std::max(lifetime.last, step);
  };
  for (const PlannedValue& input : plan->inputs) use(input.number, -1);
  for (int64_t i = 0; i < end; ++i) {
    for (const int number : plan->steps[static_cast<size_t>(i)]->inputs) use(number, i);
    for (const int number : plan->steps[static_cast<size_t>(i)]->outputs) use(number, i);
  }
  for (const PlannedValue& output : plan->outputs) {
    if (output.number >= 0) use(output.number, end);
  }
  ArenaPlan arena = PlanArena(lifetimes, kCacheLineFloats);
  plan->offsets = std::move(arena.offsets);
  plan->arena_floats = arena.size;
}

void DescribeNodes(const Graph& graph, Plan* plan) {
  for (const Node& node : graph.nodes) plan->nodes.push_back({node.name, node.op, "constant", "", "", "", false});
  for (const std::unique_ptr<Step>& step : plan->steps) {
    for (const size_t i : step->nodes) {
      plan->nodes[i].kernel = step->kernel;
      plan->nodes[i].target = step->target;
      plan->nodes[i].reason = step->reason;
      plan->nodes[i].fallback = step->fallback;
      if (i != step->nodes[0]) plan->nodes[i].fused_into = graph.nodes[step->nodes[0]].name;
    }
  }
}

// Whether the value is so many rows of the same for each image.
bool GrowsWithBatch(const Shape& one, const Shape& two) {
  return !one.empty() && one.size() == two.size() && two[0] == 2 * one[0] &&
         std::equal(one.begin() + 1, one.end(), two.begin() + 1);
}

// Operators that keep the order of rows, however many belong to an image.
bool KeepsRows(const Node& node) {
  static const std::set<std::string> names = {"Add", "Gemm", "Mul", "Reshape"};
  return names.count(node.op) != 0;
}

// Operators that mix images, or choose among them, where the shapes of one and of two images do not tell.
bool MixesImages(const Graph& graph, const Node& node, const Shapes& shapes) {
  const Operator& op = *FindOperator(node.op);
  return op.mixes_images != nullptr && op.mixes_images(node, ViewInputs(graph, node, shapes));
}

}  // namespace

bool ImagesAreIndependent(const Graph& graph) {
  Result<Shapes> one = InferShapes(graph, 1), two = InferShapes(graph, 2);
  if (!one.ok() || !two.ok()) return false;
  const auto grows = [&](const std::string& value) {
    return GrowsWithBatch(one.value().at(value), two.value().at(value));
  };
  const auto is_row = [&](const std::string& value) { return grows(value) && one.value().at(value)[0] == 1; };
  for (const GraphInput& input : graph.inputs) {
    if (!is_row(input.name)) return false;
  }
  const std::set<std::string> computed = ComputedValues(graph);
  // Several rows of an image: the steps of a sequence in a product, for example.
  const auto has_more = [&](const std::string& value) { return computed.count(value) != 0 && !is_row(value); };
  for (const Node& node : graph.nodes) {
    if (!DependsOnInputs(computed, node)) continue;
    if (!std::all_of(node.outputs.begin(), node.outputs.end(), grows)) return false;
    const bool more = std::any_of(node.outputs.begin(), node.outputs.end(), has_more) ||
                      std::any_of(node.inputs.begin(), node.inputs.end(), has_more);
    if ((more && !KeepsRows(node)) || MixesImages(graph, node, one.value())) return false;
  }
  return std::all_of(graph.outputs.begin(), graph.outputs.end(), is_row);
}

Result<Plan> MakePlan(const Graph& graph, int64_t batch) {
  LOWBIT_TRY(const Shapes shapes, InferShapes(graph, batch));
  const std::set<std::string> computed = ComputedValues(graph);
  LOWBIT_RETURN_IF_ERROR(CheckSizes(graph, shapes, computed));
  const Constants constants = FoldConstants(graph, computed);
  Plan plan;
  plan.independent = ImagesAreIndependent(graph);
  Lowering lowering(graph, shapes, constants, plan.independent);
  LowerAll(graph, computed, &lowering, &plan);
  InsertConversions(graph, lowering, &plan);
  NumberValues(graph, &lowering, &plan);
  PlaceValues(lowering, &plan);
  if (plan.arena_floats > kMaxPlannedFloats) return TooLarge("values that are needed at the same time");
  DescribeNodes(graph, &plan);
  return plan;
}

}  // namespace lowbit::runtime
