#include "lowbit/format/lbm/lbm.h"

#include <algorithm>
#include <utility>

#include "lowbit/base/error_in.h"
#include "lowbit/core/validate.h"
#include "lowbit/format/lbm/header.h"
#include "lowbit/format/lbm/record.h"
#include "lowbit/format/lbm/structure.h"
#include "lowbit/format/lbm/texts.h"

namespace lowbit::lbm {
namespace {

struct Decoded {
  Graph graph;
  std::vector<StoredParameter> layout;
};

Error About(const std::string& parameter, const Error& error) {
  return Error{error.kind, "parameter '" + parameter + "': " + error.message};
}

// The parameter's bytes: they begin at the first multiple of 8 behind the parameter before, where nothing but zeros
// may lie between; `end` moves behind them.
Result<Span<const uint8_t>> TakeData(const PlacedRecord& placed, uint64_t bytes, Span<const uint8_t> data,
                                     uint64_t* end) {
  const uint64_t begin = RoundUp(*end, kParameterAlignment);
  if (placed.offset != begin) {
    return Invalid("data offset is " + std::to_string(placed.offset) + "; expected " + std::to_string(begin));
  }
  if (begin > data.size() || bytes > data.size() - begin) {
    return Invalid("data of " + std::to_string(bytes) + " bytes at offset " + std::to_string(begin) +
                   " does not fit the data section of " + std::to_string(data.size()));
  }
  if (!std::all_of(data.data() + *end, data.data() + begin, [](uint8_t byte) { return byte == 0; })) {
    return Invalid("padding before its data is not zero");
  }
  *end = begin + bytes;
  return data.subspan(begin, bytes);
}

StoredParameter Describe(const std::string& name, const Record& record, const Parts& parts, uint64_t offset) {
  StoredParameter stored;
  stored.name = name;
  stored.shape = record.shape;
  stored.values = ValuesName(record);
  stored.encoding = EncodingName(record, parts);
  stored.offset = offset;
  stored.bytes = parts.Total();
  stored.table_bytes = parts.table;
  stored.scale_bytes = parts.scales;
  return stored;
}

Status ReadParameters(const std::map<std::string, PlacedRecord>& records, const Sections& sections,
                      uint64_t data_offset, Decoded* decoded) {
  uint64_t end = 0;
  for (const auto& [name, placed] : records) {
    const auto parts = PartsOf(placed.record);
    if (!parts.ok()) return About(name, parts.error());
    const auto bytes = TakeData(placed, parts.value().Total(), sections.data, &end);
    if (!bytes.ok()) return About(name, bytes.error());
    auto parameter = ReadParameter(placed.record, parts.value(), bytes.value());
    if (!parameter.ok()) return About(name, parameter.error());
    decoded->graph.parameters.emplace(name, std::move(parameter).value());
    decoded->layout.push_back(Describe(name, placed.record, parts.value(), data_offset + placed.offset));
  }
  if (end == sections.data.size()) return Ok();
  return Invalid("data section has " + std::to_string(sections.data.size()) + " bytes; its parameters take " +
                 std::to_string(end));
}

Result<Decoded> DecodeAll(Span<const uint8_t> file) {
  LOWBIT_TRY(const Sections sections, ReadFrame(file));
  LOWBIT_TRY(Structure structure, ReadStructure(sections.structure));
  Decoded decoded;
  decoded.graph = std::move(structure.graph);
  const uint64_t data_offset = file.size() - sections.data.size();
  LOWBIT_RETURN_IF_ERROR(ReadParameters(structure.parameters, sections, data_offset, &decoded));
  LOWBIT_RETURN_IF_ERROR(Validate(decoded.graph));
  LOWBIT_RETURN_IF_ERROR(CheckTexts(decoded.graph));
  return decoded;
}

}  // namespace

Result<std::vector<uint8_t>> Encode(const Graph& graph) {
  LOWBIT_RETURN_IF_ERROR(Validate(graph));
  LOWBIT_RETURN_IF_ERROR(CheckTexts(graph));
  std::map<std::string, PlacedRecord> records;
  std::vector<uint8_t> data;
  for (const auto& [name, parameter] : graph.parameters) {
    data.resize(RoundUp(data.size(), kParameterAlignment), 0);
    records[name] = {RecordOf(parameter), data.size()};
    AppendParameter(parameter, &data);
  }
  LOWBIT_TRY(const std::vector<uint8_t> structure, WriteStructure(graph, records));
  Sections sections;
  sections.structure = structure;
  sections.data = data;
  return WriteFrame(sections);
}

Status Write(const Graph& graph, const std::string& path) {
  const auto bytes = Encode(graph);
  if (!bytes.ok()) return ErrorIn(path, bytes.error());
  return WriteFileAtomic(path, Span<const uint8_t>(bytes.value()));
}

Result<Graph> Decode(Span<const uint8_t> bytes, const std::string& name) {
  auto decoded = DecodeAll(bytes);
  if (!decoded.ok()) return ErrorIn(name, decoded.error());
  return std::move(decoded.value().graph);
}

Result<Graph> Read(const std::string& path) {
  LOWBIT_TRY(const MappedFile map, MappedFile::Open(path));
  return Decode(Span<const uint8_t>(map.data(), map.size()), path);
}

Result<File> Open(const std::string& path) {
  LOWBIT_TRY(MappedFile map, MappedFile::Open(path));
  auto decoded = DecodeAll(Span<const uint8_t>(map.data(), map.size()));
  if (!decoded.ok()) return ErrorIn(path, decoded.error());
  return File(std::move(map), std::move(decoded.value().graph), std::move(decoded.value().layout));
}

uint64_t File::OverheadBytes() const {
  uint64_t parameters = 0;
  for (const StoredParameter& stored : layout_) parameters += stored.bytes;
  return TotalBytes() - parameters;
}

}  // namespace lowbit::lbm
