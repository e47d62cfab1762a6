#include <cstring>
#include <string_view>
#include <utility>

#include "lowbit/base/bytes.h"
#include "lowbit/format/lbm/lbm_generated.h"
#include "lowbit/format/lbm/structure.h"

namespace lowbit::lbm {
namespace {

template <typename T>
size_t Count(const flatbuffers::Vector<T>* vector) {
  return vector == nullptr ? 0 : vector->size();
}

// Remembers the first rule that is broken; from then on every list is empty and every text is "".
class StructureReader {
 public:
  explicit StructureReader(const fbs::Model& model) : model_(model) {}

  Result<Structure> Read() {
    CheckStrings();
    Graph& graph = structure_.graph;
    graph.name = Text(model_.name());
    ReadInputs();
    graph.outputs = Texts(model_.outputs());
    ReadNodes();
    ReadParameters();
    ReadMetadata();
    if (failed_) return error_;
    return std::move(structure_);
  }

 private:
  void Fail(const std::string& rule) {
    if (!failed_) error_ = Invalid("structure: " + rule);
    failed_ = true;
  }

  bool Spend(uint64_t memory) {
    spent_ += memory;
    if (spent_ > kMaxStructureMemory) Fail("names, texts and attributes take more than 2^28 bytes");
    return !failed_;
  }

  std::string_view View(uint32_t index) const {
    const flatbuffers::String* text = model_.strings()->Get(index);
    return std::string_view(text->c_str(), text->size());
  }

  void CheckStrings() {
    for (size_t i = 1; i < Count(model_.strings()); ++i) {
      const uint32_t index = static_cast<uint32_t>(i);
      if (View(index - 1) >= View(index)) {
        return Fail("strings are not in strictly ascending order at " + std::to_string(i));
      }
    }
  }

  std::string Text(uint32_t index) {
    if (index >= Count(model_.strings())) {
      Fail("string index " + std::to_string(index) + " is outside the " + std::to_string(Count(model_.strings())) +
           " strings");
      return "";
    }
    return Spend(TextMemory(View(index).size())) ? std::string(View(index)) : "";
  }

  std::vector<std::string> Texts(const flatbuffers::Vector<uint32_t>* indices) {
    std::vector<std::string> texts;
    for (size_t i = 0; i < Count(indices) && !failed_; ++i) {
      texts.push_back(Text(indices->Get(static_cast<uint32_t>(i))));
    }
    return texts;
  }

  // Loaded byte by byte: FlatBuffers' verifier does not promise that 8-byte elements are aligned.
  template <typename T>
  std::vector<T> Numbers(const flatbuffers::Vector<T>* stored) {
    if (failed_ || !Spend(ListMemory(Count(stored)))) return {};
    std::vector<T> numbers(Count(stored));
    for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = LoadLittle<T>(stored->Data() + i * sizeof(T));
    return numbers;
  }

  void ReadInputs() {
    for (uint32_t i = 0; i < Count(model_.inputs()) && !failed_; ++i) {
      const fbs::Input* input = model_.inputs()->Get(i);
      structure_.graph.inputs.push_back({Text(input->name()), Numbers(input->shape())});
    }
  }

  Attribute ReadAttribute(const fbs::Attribute& stored) {
    const size_t ints = Count(stored.ints()), floats = Count(stored.floats());
    const fbs::AttributeType type = stored.type();
    const bool is_int = type == fbs::AttributeType::Int, is_float = type == fbs::AttributeType::Float;
    if ((is_int && ints != 1) || (is_float && floats != 1)) Fail("an attribute of one number must hold one");
    if ((ints != 0 && !is_int && type != fbs::AttributeType::Ints) ||
        (floats != 0 && !is_float && type != fbs::AttributeType::Floats)) {
      Fail("an attribute holds numbers of another type than its own");
    }
    if (failed_) return {};
    // As a writer counts it: one list for both kinds of numbers, and the text, which others leave empty.
    std::string text = Text(stored.text());
    if (type != fbs::AttributeType::String && !text.empty()) Fail("an attribute that is no text holds one");
    switch (type) {
      case fbs::AttributeType::Int:
        return FirstOr0(Numbers(stored.ints()));
      case fbs::AttributeType::Float:
        return FirstOr0(Numbers(stored.floats()));
      case fbs::AttributeType::String:
        Spend(ListMemory(0));
        return text;
      case fbs::AttributeType::Ints:
        return Numbers(stored.ints());
      case fbs::AttributeType::Floats:
        return Numbers(stored.floats());
    }
    Fail("attribute type " + std::to_string(static_cast<int>(type)) + " is unknown");
    return {};
  }

  template <typename T>
  static T FirstOr0(const std::vector<T>& numbers) {
    return numbers.empty() ? T{0} : numbers[0];
  }

  void ReadAttributes(const flatbuffers::Vector<uint32_t>* indices, Attributes* attributes) {
    for (uint32_t i = 0; i < Count(indices) && !failed_; ++i) {
      const uint32_t index = indices->Get(i);
      if (index >= Count(model_.attributes())) {
        return Fail("attribute index " + std::to_string(index) + " is out of range");
      }
      const fbs::Attribute* stored = model_.attributes()->Get(index);
      std::string name = Text(stored->name());
      if (!attributes->empty() && attributes->rbegin()->first >= name) {
        return Fail("a node's attributes are not in strictly ascending order at '" + name + "'");
      }
      attributes->emplace(std::move(name), ReadAttribute(*stored));
    }
  }

  void ReadNodes() {
    for (uint32_t i = 0; i < Count(model_.nodes()) && !failed_; ++i) {
      const fbs::Node* stored = model_.nodes()->Get(i);
      Node node;
      node.name = Text(stored->name());
      node.op = Text(stored->op());
      node.inputs = Texts(stored->inputs());
      node.outputs = Texts(stored->outputs());
      ReadAttributes(stored->attributes(), &node.attributes);
      structure_.graph.nodes.push_back(std::move(node));
    }
  }

  void ReadParameters() {
    auto& parameters = structure_.parameters;
    for (uint32_t i = 0; i < Count(model_.parameters()) && !failed_; ++i) {
      const fbs::Parameter* stored = model_.parameters()->Get(i);
      std::string name = Text(stored->name());
      if (!parameters.empty() && parameters.rbegin()->first >= name) {
        return Fail("parameters are not in strictly ascending order at '" + name + "'");
      }
      PlacedRecord placed;
      placed.offset = stored->offset();
      placed.record.kind = static_cast<Kind>(stored->kind());
      placed.record.shape = Numbers(stored->shape());
      placed.record.row_scales = stored->row_scales();
      placed.record.bits = stored->bits();
      placed.record.zero_point = stored->zero_point();
      placed.record.entries = stored->entries();
      placed.record.block = stored->block();
      placed.record.storage = static_cast<ValueSet::Storage>(stored->storage());
      parameters.emplace(std::move(name), std::move(placed));
    }
  }

  void ReadMetadata() {
    auto& metadata = structure_.graph.metadata;
    const auto* entries = model_.metadata();
    for (uint32_t i = 0; entries != nullptr && i < entries->size() && !failed_; ++i) {
      std::string key = Text(entries->Get(i)->key());
      if (!metadata.empty() && metadata.rbegin()->first >= key) {
        return Fail("metadata keys are not in strictly ascending order at '" + key + "'");
      }
      metadata.emplace(std::move(key), Text(entries->Get(i)->value()));
    }
  }

  const fbs::Model& model_;
  Structure structure_;
  uint64_t spent_ = 0;
  bool failed_ = false;
  Error error_;
};

}  // namespace

Result<Structure> ReadStructure(Span<const uint8_t> section) {
  // FlatBuffers wants its numbers aligned; the caller's bytes may lie anywhere.
  std::vector<uint64_t> aligned(section.size() / sizeof(uint64_t) + 1);
  if (!section.empty()) std::memcpy(aligned.data(), section.data(), section.size());
  const uint8_t* bytes = reinterpret_cast<const uint8_t*>(aligned.data());
  // No table of version 1 holds another, so that more visits than the section has offsets mean none of ours.
  flatbuffers::Verifier::Options options;
  options.max_tables = static_cast<flatbuffers::uoffset_t>(section.size() / 4 + 1);
  flatbuffers::Verifier verifier(bytes, section.size(), options);
  if (!fbs::VerifyModelBuffer(verifier)) return Invalid("structure: is not a valid FlatBuffer of lbm.fbs");
  return StructureReader(*fbs::GetModel(bytes)).Read();
}

}  // namespace lowbit::lbm
