#ifndef LOWBIT_RUNTIME_KERNEL_CHECK_H_
#define LOWBIT_RUNTIME_KERNEL_CHECK_H_

// Whether the kernels that a plan has chosen compute on this machine what the operators' definitions say: a part of one
// layer for each kernel. It finds builds and processors on which an instruction set does not do what it should, before a
// network's answers are silently wrong.

#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/base/span.h"
#include "lowbit/core/graph.h"
#include "lowbit/runtime/model.h"

namespace lowbit::runtime {

// One layer, cut down to a few channels and pixels, or units and steps: one input, one output, batch 1.
struct KernelSample {
  std::string kernel, node;  // Of the whole network.
  Graph graph;
  std::vector<float> input;
};

// For each kernel of the plan that multiplies with weights, one sample: the first of its layers. A recurrent layer's products
// with W and with R are two, of a GRU the two ways in which it resets its state are, too.
// `graph` is what is executed: a graph without quantized activations, or an integer form. Cost: below a millisecond each.
std::vector<KernelSample> SampleKernels(const Graph& graph, const std::vector<NodePlan>& nodes);

// Compares the sample's output with the definition (Evaluate): bit for bit where its activations are integers, else within
// the rounding errors of a sum in any order, or of the steps of a recurrence. Errors: it differs.
Status CheckSample(const KernelSample& sample, Span<const float> output);

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_KERNEL_CHECK_H_
