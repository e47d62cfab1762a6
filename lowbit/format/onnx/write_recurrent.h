#ifndef LOWBIT_FORMAT_ONNX_WRITE_RECURRENT_H_
#define LOWBIT_FORMAT_ONNX_WRITE_RECURRENT_H_

#include "lowbit/core/graph.h"
#include "lowbit/format/onnx/file_builder.h"

namespace lowbit::onnx {

// An LSTM, GRU or RNN whose batch comes first (layout = 1) as one whose steps come first, with Transpose nodes around it: other
// runtimes have the first form on paper only. `node`: its inputs under the names that the file has for them.
void WriteRecurrent(Node node, FileBuilder* file);

}  // namespace lowbit::onnx

#endif  // LOWBIT_FORMAT_ONNX_WRITE_RECURRENT_H_
