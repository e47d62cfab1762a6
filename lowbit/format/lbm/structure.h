#ifndef LOWBIT_FORMAT_LBM_STRUCTURE_H_
#define LOWBIT_FORMAT_LBM_STRUCTURE_H_

// The structure section: everything of a graph but its parameters' data, as a FlatBuffer (lbm.fbs).

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/base/span.h"
#include "lowbit/core/graph.h"
#include "lowbit/format/lbm/record.h"

namespace lowbit::lbm {

struct PlacedRecord {
  Record record;
  uint64_t offset = 0;  // In the data section.
};

// Everything but the parameters' data; Graph::parameters stays empty.
struct Structure {
  Graph graph;
  std::map<std::string, PlacedRecord> parameters;
};

// Names, texts, shapes and attributes together may take this much memory. A reader counts a text each time that it is
// used, so that a small file cannot grow into a huge graph.
inline constexpr uint64_t kMaxStructureMemory = uint64_t{1} << 28;
constexpr uint64_t TextMemory(uint64_t bytes) { return 64 + bytes; }
constexpr uint64_t ListMemory(uint64_t numbers) { return 64 + 8 * numbers; }

// The section's bytes; equal structures give equal bytes. `graph.parameters` is not looked at.
// Error: more than kMaxStructureMemory.
Result<std::vector<uint8_t>> WriteStructure(const Graph& graph, const std::map<std::string, PlacedRecord>& parameters);

// Error: what FlatBuffers' verifier or FORMAT.md rejects; the message names the field.
Result<Structure> ReadStructure(Span<const uint8_t> section);

}  // namespace lowbit::lbm

#endif  // LOWBIT_FORMAT_LBM_STRUCTURE_H_
