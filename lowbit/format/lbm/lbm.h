#ifndef LOWBIT_FORMAT_LBM_LBM_H_
#define LOWBIT_FORMAT_LBM_LBM_H_

// The .lbm file: a Graph with its packed low-bit weights, as FORMAT.md describes it byte by byte.
//
// The same graph always gives the same bytes, and the bytes do not depend on the processor. ParameterTraits are not
// stored. Every reader here checks the whole file before it returns: header, checksum over every other byte, structure,
// ranges, and the graph by core's Validate.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "lowbit/base/file.h"
#include "lowbit/base/result.h"
#include "lowbit/base/span.h"
#include "lowbit/core/graph.h"

namespace lowbit::lbm {

// How one parameter is stored. The unit of every count is bytes.
struct StoredParameter {
  std::string name;
  Shape shape;
  std::string values;    // "float32", "int64", or ValueSet::Name(): "ternary", "affine4", ...
  std::string encoding;  // "raw"; "trits" (five ternary weights a byte) or "N bits" (a code), rows padded to a byte.
  uint64_t offset = 0;   // Of its first byte, from the beginning of the file; a multiple of 8.
  uint64_t bytes = 0;    // All that it takes: table, scales and codes, the padding of rows too.
  uint64_t table_bytes = 0;  // The listed values of tables and codebooks.
  uint64_t scale_bytes = 0;
};

// The file's bytes. Errors: what Validate says of the graph; a name or text that is not UTF-8; names, texts and
// attributes of more than 2^28 bytes together.
Result<std::vector<uint8_t>> Encode(const Graph& graph);

// Encode, then WriteFileAtomic.
Status Write(const Graph& graph, const std::string& path);

// The graph in `bytes`, all checked. `name` begins every message (the file's path). `bytes` may lie at any alignment
// and are not needed afterwards. Memory: at most about 8 times the file for parameters, and 2^28 bytes for the rest.
Result<Graph> Decode(Span<const uint8_t> bytes, const std::string& name);

// Maps the file and decodes it.
Result<Graph> Read(const std::string& path);

// An open file: the mapping, and what is in it.
class File {
 public:
  const Graph& graph() const { return graph_; }

  // In the order of the file: ascending by name.
  const std::vector<StoredParameter>& Layout() const { return layout_; }
  uint64_t TotalBytes() const { return map_.size(); }
  // What is no parameter's: header, structure (names, nodes, shapes, metadata) and alignment.
  uint64_t OverheadBytes() const;

  // The stored bytes of a row of Layout(): a view of the mapping, valid while this File lives.
  Span<const uint8_t> Bytes(const StoredParameter& parameter) const {
    return Span<const uint8_t>(map_.data() + parameter.offset, parameter.bytes);
  }

 private:
  friend Result<File> Open(const std::string& path);
  File(MappedFile map, Graph graph, std::vector<StoredParameter> layout)
      : map_(std::move(map)), graph_(std::move(graph)), layout_(std::move(layout)) {}

  MappedFile map_;
  Graph graph_;
  std::vector<StoredParameter> layout_;
};

// As Read, with what `lowbit inspect` shows besides the graph.
Result<File> Open(const std::string& path);

}  // namespace lowbit::lbm

#endif  // LOWBIT_FORMAT_LBM_LBM_H_
