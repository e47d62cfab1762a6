#include <cstring>
#include <functional>
#include <map>
#include <type_traits>
#include <utility>

#include "lowbit/base/bytes.h"
#include "lowbit/format/lbm/header.h"
#include "lowbit/format/lbm/lbm_generated.h"
#include "lowbit/format/lbm/string_pool.h"
#include "lowbit/format/lbm/structure.h"

namespace lowbit::lbm {
namespace {

template <typename T>
using Offset = flatbuffers::Offset<T>;
template <typename T>
using VectorOffset = Offset<flatbuffers::Vector<T>>;

static_assert(static_cast<int>(fbs::Kind::Codebook) == static_cast<int>(Kind::kCodebook));

// The stored form of an attribute's value.
struct AttributeParts {
  std::vector<int64_t> ints;
  std::vector<double> floats;
  std::string text;
};

AttributeParts PartsOf(const Attribute& attribute) {
  AttributeParts parts;
  if (const auto* value = std::get_if<int64_t>(&attribute)) parts.ints = {*value};
  if (const auto* value = std::get_if<double>(&attribute)) parts.floats = {*value};
  if (const auto* value = std::get_if<std::string>(&attribute)) parts.text = *value;
  if (const auto* value = std::get_if<std::vector<int64_t>>(&attribute)) parts.ints = *value;
  if (const auto* value = std::get_if<std::vector<double>>(&attribute)) parts.floats = *value;
  return parts;
}

static_assert(
    std::is_same_v<std::variant_alternative_t<static_cast<size_t>(fbs::AttributeType::Int), Attribute>, int64_t>);
static_assert(
    std::is_same_v<std::variant_alternative_t<static_cast<size_t>(fbs::AttributeType::Float), Attribute>, double>);
static_assert(std::is_same_v<std::variant_alternative_t<static_cast<size_t>(fbs::AttributeType::String), Attribute>,
                             std::string>);
static_assert(std::is_same_v<std::variant_alternative_t<static_cast<size_t>(fbs::AttributeType::Ints), Attribute>,
                             std::vector<int64_t>>);
static_assert(std::is_same_v<std::variant_alternative_t<static_cast<size_t>(fbs::AttributeType::Floats), Attribute>,
                             std::vector<double>>);

// Calls `visit` with every text of the structure, as often as it is used.
void ForEachText(const Graph& graph, const std::map<std::string, PlacedRecord>& parameters,
                 const std::function<void(const std::string&)>& visit) {
  visit(graph.name);
  for (const GraphInput& input : graph.inputs) visit(input.name);
  for (const std::string& output : graph.outputs) visit(output);
  for (const Node& node : graph.nodes) {
    visit(node.name);
    visit(node.op);
    for (const std::string& input : node.inputs) visit(input);
    for (const std::string& output : node.outputs) visit(output);
    for (const auto& [name, value] : node.attributes) {
      visit(name);
      visit(PartsOf(value).text);
    }
  }
  for (const auto& [name, record] : parameters) visit(name);
  for (const auto& [key, text] : graph.metadata) {
    visit(key);
    visit(text);
  }
}

class StructureWriter {
 public:
  StructureWriter(const Graph& graph, const std::map<std::string, PlacedRecord>& parameters)
      : graph_(graph), parameters_(parameters) {
    ForEachText(graph, parameters, [this](const std::string& text) { pool_.Add(text); });
    pool_.Number();
  }

  std::vector<uint8_t> Write() {
    std::vector<Offset<flatbuffers::String>> texts;
    for (const auto& [text, index] : pool_.texts()) texts.push_back(builder_.CreateString(text));
    const auto strings = builder_.CreateVector(texts);
    const auto inputs = Inputs();
    const auto outputs = Indices(graph_.outputs);
    const auto nodes = Nodes();
    const auto attributes = builder_.CreateVector(attributes_);
    const auto parameters = Parameters();
    const auto metadata = Metadata();
    builder_.Finish(fbs::CreateModel(builder_, pool_.Index(graph_.name), strings, inputs, outputs, attributes, nodes,
                                     parameters, metadata),
                    fbs::ModelIdentifier());
    return std::vector<uint8_t>(builder_.GetBufferPointer(), builder_.GetBufferPointer() + builder_.GetSize());
  }

 private:
  // Equal vectors are stored once: networks repeat shapes and attributes.
  template <typename T>
  VectorOffset<T> Shared(const std::vector<T>& values, std::map<std::vector<T>, VectorOffset<T>>* known) {
    const auto found = known->find(values);
    if (found != known->end()) return found->second;
    return known->emplace(values, builder_.CreateVector(values)).first->second;
  }

  VectorOffset<uint32_t> Indices(const std::vector<std::string>& names) {
    std::vector<uint32_t> indices;
    indices.reserve(names.size());
    for (const std::string& name : names) indices.push_back(pool_.Index(name));
    return Shared(indices, &known_indices_);
  }

  VectorOffset<Offset<fbs::Input>> Inputs() {
    std::vector<Offset<fbs::Input>> inputs;
    for (const GraphInput& input : graph_.inputs) {
      inputs.push_back(fbs::CreateInput(builder_, pool_.Index(input.name), Shared(input.shape, &known_shapes_)));
    }
    return builder_.CreateVector(inputs);
  }

  // The place in Model.attributes of an attribute with this name, type and value.
  uint32_t AttributeIndex(const std::string& name, const Attribute& attribute) {
    const AttributeParts parts = PartsOf(attribute);
    // Floats are compared by their bits: 0 and -0 are two values.
    std::vector<uint64_t> bits(parts.floats.size());
    if (!bits.empty()) std::memcpy(bits.data(), parts.floats.data(), bits.size() * sizeof(double));
    const AttributeKey key(name, attribute.index(), parts.ints, bits, parts.text);
    const auto [found, is_new] = known_attributes_.emplace(key, static_cast<uint32_t>(attributes_.size()));
    if (is_new) {
      const VectorOffset<int64_t> ints = parts.ints.empty() ? 0 : Shared(parts.ints, &known_shapes_);
      const VectorOffset<double> floats = parts.floats.empty() ? 0 : builder_.CreateVector(parts.floats);
      attributes_.push_back(fbs::CreateAttribute(builder_, pool_.Index(name),
                                                 static_cast<fbs::AttributeType>(attribute.index()), ints, floats,
                                                 pool_.Index(parts.text)));
    }
    return found->second;
  }

  VectorOffset<Offset<fbs::Node>> Nodes() {
    std::vector<Offset<fbs::Node>> nodes;
    for (const Node& node : graph_.nodes) {
      std::vector<uint32_t> attributes;
      for (const auto& [name, value] : node.attributes) attributes.push_back(AttributeIndex(name, value));
      const auto inputs = Indices(node.inputs), outputs = Indices(node.outputs);
      const auto shared_attributes = Shared(attributes, &known_indices_);
      nodes.push_back(
          fbs::CreateNode(builder_, pool_.Index(node.name), pool_.Index(node.op), inputs, outputs, shared_attributes));
    }
    return builder_.CreateVector(nodes);
  }

  VectorOffset<Offset<fbs::Parameter>> Parameters() {
    std::vector<Offset<fbs::Parameter>> parameters;
    for (const auto& [name, placed] : parameters_) {
      const Record& record = placed.record;
      parameters.push_back(fbs::CreateParameter(
          builder_, pool_.Index(name), static_cast<fbs::Kind>(record.kind), Shared(record.shape, &known_shapes_),
          placed.offset, record.row_scales, static_cast<uint8_t>(record.bits), static_cast<uint8_t>(record.zero_point),
          static_cast<uint16_t>(record.entries), static_cast<uint32_t>(record.block),
          static_cast<uint8_t>(record.storage)));
    }
    return builder_.CreateVector(parameters);
  }

  Offset<flatbuffers::Vector<const fbs::Entry*>> Metadata() {
    std::vector<fbs::Entry> entries;
    for (const auto& [key, text] : graph_.metadata) entries.emplace_back(pool_.Index(key), pool_.Index(text));
    return builder_.CreateVectorOfStructs(entries);
  }

  using AttributeKey = std::tuple<std::string, size_t, std::vector<int64_t>, std::vector<uint64_t>, std::string>;

  const Graph& graph_;
  const std::map<std::string, PlacedRecord>& parameters_;
  StringPool pool_;
  flatbuffers::FlatBufferBuilder builder_;
  std::map<std::vector<int64_t>, VectorOffset<int64_t>> known_shapes_;
  std::map<std::vector<uint32_t>, VectorOffset<uint32_t>> known_indices_;
  std::map<AttributeKey, uint32_t> known_attributes_;
  std::vector<Offset<fbs::Attribute>> attributes_;
};

// What a reader will count for this structure: see StructureReader.
uint64_t MemoryOf(const Graph& graph, const std::map<std::string, PlacedRecord>& parameters) {
  uint64_t memory = 0;
  ForEachText(graph, parameters, [&](const std::string& text) { memory += TextMemory(text.size()); });
  const auto add_list = [&](size_t count) { memory += ListMemory(count); };
  for (const GraphInput& input : graph.inputs) add_list(input.shape.size());
  for (const auto& [name, placed] : parameters) add_list(placed.record.shape.size());
  for (const Node& node : graph.nodes) {
    for (const auto& [name, value] : node.attributes) {
      const AttributeParts parts = PartsOf(value);
      add_list(parts.ints.size() + parts.floats.size());
    }
  }
  return memory;
}

}  // namespace

Result<std::vector<uint8_t>> WriteStructure(const Graph& graph, const std::map<std::string, PlacedRecord>& parameters) {
  if (MemoryOf(graph, parameters) > kMaxStructureMemory) {
    return Invalid("graph: names, texts and attributes take more than 2^28 bytes");
  }
  return StructureWriter(graph, parameters).Write();
}

}  // namespace lowbit::lbm
