#ifndef LOWBIT_FORMAT_SAFETENSORS_WEIGHTS_H_
#define LOWBIT_FORMAT_SAFETENSORS_WEIGHTS_H_

// Start values of a network from a checkpoint of lowbit or another program, found by the names of its tensors.

#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"
#include "lowbit/format/safetensors/safetensors.h"

namespace lowbit::safetensors {

// Copies every tensor of the file to the parameter of that name. Names may be the graph's own or PyTorch's, which calls
// the four parameters of batch normalization weight, bias, running_mean and running_var; Caffe's '/' is a '.'; in front may stand what
// lowbit's checkpoints ("parameter/", "buffer/") and DataParallel ("module.") put there. What only a trainer needs
// (num_batches_tracked, optimizer state, a method's buffers) is left alone.
//
// Every weight, bias and statistic of the graph must be in the file, in its shape, as F16, BF16, F32 or F64 and finite,
// and the file may hold no other tensor; except for the layers in `skip`, which keep the values that they have
// ("linear" covers "linear.weight" and "linear.bias" of graph and file).
//
// Errors name the tensor, the shape found and the one expected; also a name in `skip` that covers nothing. After an
// error the graph may be partly overwritten. REQUIRES: the graph is valid, and what it trains holds floats.
Status SetWeights(const File& file, const std::vector<std::string>& skip, Graph* graph);

// Reads the file, then SetWeights; every message begins with the path.
Status LoadWeights(const std::string& path, const std::vector<std::string>& skip, Graph* graph);

}  // namespace lowbit::safetensors

#endif  // LOWBIT_FORMAT_SAFETENSORS_WEIGHTS_H_
