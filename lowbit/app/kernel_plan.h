#ifndef LOWBIT_APP_KERNEL_PLAN_H_
#define LOWBIT_APP_KERNEL_PLAN_H_

#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/runtime/model.h"

namespace lowbit::app {

// What the runtime makes of a packed file on this machine.
struct KernelPlan {
  std::string path;
  std::vector<runtime::NodePlan> nodes;  // Of the integer form where activations are quantized.
  int64_t planned_bytes = 0;             // Activations and scratch memory with one thread.
};

// Errors: as Model::Load; `strict`: a node that would run by a fallback.
Result<KernelPlan> PlanKernels(const std::string& path, bool strict);

// A sentence for each node that runs by a fallback: above all layers of float products in a network of integers.
std::vector<std::string> FallbackWarnings(const std::vector<runtime::NodePlan>& nodes);

std::string ToText(const KernelPlan& plan);
std::string ToJson(const KernelPlan& plan);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_KERNEL_PLAN_H_
