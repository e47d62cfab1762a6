#ifndef LOWBIT_FORMAT_ONNX_GRAPH_READER_H_
#define LOWBIT_FORMAT_ONNX_GRAPH_READER_H_

#include <cstdint>
#include <string>

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"
#include "lowbit/format/onnx/onnx.h"

namespace lowbit_onnx {
class Graph;
}

namespace lowbit::onnx {

// A file's graph as ours: see Read. `folder`: where external data is, empty: nowhere.
Result<Graph> ReadGraph(const lowbit_onnx::Graph& graph, int64_t opset, const std::string& folder,
                        const ReadOptions& options);

}  // namespace lowbit::onnx

#endif  // LOWBIT_FORMAT_ONNX_GRAPH_READER_H_
