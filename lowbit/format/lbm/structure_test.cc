// Files whose frame is right (sizes and checksum) and whose content breaks one rule of FORMAT.md.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <memory>
#include <stdexcept>

#include "lowbit/format/lbm/header.h"
#include "lowbit/format/lbm/lbm.h"
#include "lowbit/format/lbm/lbm_generated.h"
#include "lowbit/format/lbm/test_graphs.h"

namespace lowbit::lbm {
namespace {

using testing::HasSubstr;

struct Content {
  fbs::ModelT model;
  std::vector<uint8_t> data;

  fbs::ParameterT& Parameter(const std::string& name) {
    for (auto& parameter : model.parameters) {
      if (model.strings[parameter->name] == name) return *parameter;
    }
    throw std::runtime_error(name);
  }
  // The attribute of that name that any node has.
  fbs::AttributeT& Attribute(const std::string& name) {
    for (auto& attribute : model.attributes) {
      if (model.strings[attribute->name] == name) return *attribute;
    }
    throw std::runtime_error(name);
  }
  uint32_t Index(const std::string& text) const {
    return static_cast<uint32_t>(std::find(model.strings.begin(), model.strings.end(), text) - model.strings.begin());
  }
};

std::vector<uint8_t> FileOf(const Content& content) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(fbs::Model::Pack(builder, &content.model), fbs::ModelIdentifier());
  Sections sections;
  sections.structure = Span<const uint8_t>(builder.GetBufferPointer(), builder.GetSize());
  sections.data = content.data;
  return WriteFrame(sections);
}

// What Decode says of the graph's file after `change`; "" if it accepts it.
std::string ErrorAfter(const Graph& graph, const std::function<void(Content*)>& change) {
  const std::vector<uint8_t> file = Encode(graph).value();
  const Sections sections = ReadFrame(file).value();
  Content content;
  fbs::GetModel(sections.structure.data())->UnPackTo(&content.model);
  content.data.assign(sections.data.begin(), sections.data.end());
  change(&content);
  const auto decoded = Decode(FileOf(content), "f");
  return decoded.ok() ? "" : decoded.error().message;
}

std::string ErrorAfter(const std::function<void(Content*)>& change) { return ErrorAfter(MixedGraph(), change); }

TEST(Structure, UnchangedContentIsAccepted) {
  EXPECT_EQ(ErrorAfter([](Content*) {}), "");
}

TEST(Structure, Strings) {
  EXPECT_THAT(ErrorAfter([](Content* c) { std::swap(c->model.strings[3], c->model.strings[4]); }),
              HasSubstr("structure: strings are not in strictly ascending order at 4"));
  EXPECT_THAT(ErrorAfter([](Content* c) { c->model.strings[4] = c->model.strings[3]; }),
              HasSubstr("strings are not in strictly ascending order at 4"));
  EXPECT_THAT(ErrorAfter([](Content* c) { c->model.strings.clear(); }), HasSubstr("is outside the 0 strings"));
  EXPECT_THAT(ErrorAfter([](Content* c) { c->model.strings[c->Index("mixed")] = "mixed\xFF"; }),
              HasSubstr("a name is not UTF-8"));
}

TEST(Structure, EveryStringIndexIsChecked) {
  const uint32_t wrong = 1000;
  const std::vector<std::function<void(Content*)>> changes = {
      [&](Content* c) { c->model.name = wrong; },
      [&](Content* c) { c->model.inputs[0]->name = wrong; },
      [&](Content* c) { c->model.outputs[1] = wrong; },
      [&](Content* c) { c->model.nodes[0]->name = wrong; },
      [&](Content* c) { c->model.nodes[1]->op = wrong; },
      [&](Content* c) { c->model.nodes[2]->inputs[0] = wrong; },
      [&](Content* c) { c->model.nodes[3]->outputs[0] = wrong; },
      [&](Content* c) { c->model.attributes[0]->name = wrong; },
      [&](Content* c) { c->Attribute("auto_pad").text = wrong; },
      [&](Content* c) { c->model.parameters.back()->name = wrong; },
      [&](Content* c) { c->model.metadata[1] = fbs::Entry(c->model.metadata[1].key(), wrong); },
      [&](Content* c) { c->model.metadata[1] = fbs::Entry(wrong, 0); },
  };
  for (size_t i = 0; i < changes.size(); ++i) {
    EXPECT_THAT(ErrorAfter(changes[i]), HasSubstr("structure: string index 1000 is outside the")) << "change " << i;
  }
}

TEST(Structure, Attributes) {
  EXPECT_THAT(ErrorAfter([](Content* c) { c->model.nodes[0]->attributes[0] = 77; }),
              HasSubstr("attribute index 77 is out of range"));
  EXPECT_THAT(
      ErrorAfter([](Content* c) { std::swap(c->model.nodes[0]->attributes[0], c->model.nodes[0]->attributes[1]); }),
      HasSubstr("a node's attributes are not in strictly ascending order at 'pads'"));
  EXPECT_THAT(ErrorAfter([](Content* c) { c->Attribute("transB").ints.clear(); }), HasSubstr("must hold one"));
  EXPECT_THAT(ErrorAfter([](Content* c) { c->Attribute("transB").ints.push_back(1); }), HasSubstr("must hold one"));
  EXPECT_THAT(ErrorAfter([](Content* c) { c->Attribute("alpha").floats.clear(); }), HasSubstr("must hold one"));
  EXPECT_THAT(ErrorAfter([](Content* c) { c->Attribute("transB").floats = {1}; }), HasSubstr("of another type"));
  EXPECT_THAT(ErrorAfter([](Content* c) { c->Attribute("auto_pad").ints = {1}; }), HasSubstr("of another type"));
  EXPECT_THAT(ErrorAfter([](Content* c) { c->Attribute("pads").text = c->Index("mixed"); }),
              HasSubstr("an attribute that is no text holds one"));
  EXPECT_THAT(ErrorAfter([](Content* c) {
                fbs::AttributeT& attribute = c->Attribute("pads");
                attribute.type = static_cast<fbs::AttributeType>(5);
                attribute.ints.clear();
              }),
              HasSubstr("attribute type 5 is unknown"));
}

TEST(Structure, OrderOfParametersAndMetadata) {
  EXPECT_THAT(ErrorAfter([](Content* c) { std::swap(c->model.parameters[0], c->model.parameters[1]); }),
              HasSubstr("parameters are not in strictly ascending order at 'conv.b'"));
  EXPECT_THAT(ErrorAfter([](Content* c) { c->model.parameters[1]->name = c->model.parameters[0]->name; }),
              HasSubstr("parameters are not in strictly ascending order at 'conv.b'"));
  EXPECT_THAT(ErrorAfter([](Content* c) { std::swap(c->model.metadata[0], c->model.metadata[1]); }),
              HasSubstr("metadata keys are not in strictly ascending order at 'empty'"));
}

TEST(Structure, FieldsOfParameters) {
  const auto with = [](const std::string& name, void (*change)(fbs::ParameterT*)) {
    return ErrorAfter([&](Content* c) { change(&c->Parameter(name)); });
  };
  using P = fbs::ParameterT;
  EXPECT_THAT(with("fc.w", [](P* p) { p->kind = static_cast<fbs::Kind>(7); }), HasSubstr("'fc.w': kind is unknown"));
  EXPECT_THAT(with("conv.w", [](P* p) { p->bits = 2; }), HasSubstr("'conv.w': bits and zero point must be 0"));
  EXPECT_THAT(with("conv.w", [](P* p) { p->zero_point = 1; }), HasSubstr("bits and zero point must be 0"));
  EXPECT_THAT(with("fc.w", [](P* p) { p->bits = 0; }), HasSubstr("affine bits must be in 1..8"));
  EXPECT_THAT(with("fc.w", [](P* p) { p->bits = 9; }), HasSubstr("affine bits must be in 1..8"));
  EXPECT_THAT(with("fc.w", [](P* p) { p->zero_point = 8; }), HasSubstr("zero point below 2^bits"));
  EXPECT_THAT(with("conv.w", [](P* p) { p->entries = 3; }),
              HasSubstr("1..256 entries, a codebook 1..32768, and other kinds none"));
  EXPECT_THAT(with("conv.w", [](P* p) { p->block = 1; }), HasSubstr("that of other kinds 0"));
  EXPECT_THAT(with("conv.w", [](P* p) { p->storage = 1; }), HasSubstr("storage must be 0"));
  EXPECT_THAT(with("conv.w", [](P* p) { p->storage = 3; }), HasSubstr("storage is unknown"));
  EXPECT_THAT(with("conv.b", [](P* p) { p->row_scales = true; }), HasSubstr("a raw parameter has no scales"));
  EXPECT_THAT(with("conv.b", [](P* p) { p->shape = {-4}; }), HasSubstr("has a negative extent"));
  EXPECT_THAT(with("conv.b", [](P* p) { p->shape = {1 << 30, 1 << 30}; }), HasSubstr("more than 2^40 elements"));
  EXPECT_THAT(with("conv.b", [](P* p) { p->shape = {int64_t{1} << 40}; }), HasSubstr("does not fit the data section"));
  EXPECT_THAT(with("unused", [](P* p) { p->shape = {int64_t{1} << 40}; }), HasSubstr("does not fit the data section"));
  EXPECT_THAT(with("fc.w", [](P* p) { p->shape = {int64_t{1} << 40}; }), HasSubstr("does not fit the data section"));
  EXPECT_THAT(with("fc.w", [](P* p) { p->shape.clear(); }), HasSubstr("need a dimension and an element"));
  EXPECT_THAT(with("fc.w", [](P* p) { p->shape = {0, 4}; }), HasSubstr("need a dimension and an element"));
  EXPECT_THAT(with("fc.w", [](P* p) { p->shape = {3, 0}; }), HasSubstr("need a dimension and an element"));
}

TEST(Structure, FieldsOfTables) {
  const CounterRandom random(1, 2);
  const Graph table = GemmGraph(RandomQTensor({2, 6}, ValueSet::Table({1, 2, 3}), false, random));
  const auto entries = [&](uint16_t n) {
    return ErrorAfter(table, [&](Content* c) { c->Parameter("w").entries = n; });
  };
  EXPECT_THAT(entries(0), HasSubstr("1..256 entries"));
  EXPECT_THAT(entries(257), HasSubstr("1..256 entries"));
  EXPECT_THAT(entries(256), HasSubstr("does not fit the data section"));

  const Graph codebook = GemmGraph(RandomQTensor({2, 6}, ValueSet::Codebook({1, 2, 3, 4}, 2), false, random));
  const auto block = [&](uint32_t n) { return ErrorAfter(codebook, [&](Content* c) { c->Parameter("w").block = n; }); };
  EXPECT_THAT(block(0), HasSubstr("block must be in 1..2^31 - 1"));
  EXPECT_THAT(block(~uint32_t{0}), HasSubstr("block must be in 1..2^31 - 1"));
  EXPECT_THAT(block(4), HasSubstr("block 4 does not divide a row of 6"));
  EXPECT_THAT(block(0x7FFFFFFF), HasSubstr("does not divide a row of 6"));
}

TEST(Structure, CodebooksInHalvesAndBytes) {
  const CounterRandom random(1, 2);
  const auto storage = [](const Graph& graph, uint8_t n) {
    return ErrorAfter(graph, [&](Content* c) { c->Parameter("w").storage = n; });
  };
  const auto byte = [](const Graph& graph, size_t at, uint8_t value) {
    return ErrorAfter(graph, [&](Content* c) { c->data.at(at) = value; });
  };
  // Three halves from 0 on, 2 zeros, a scale at 8; three bytes behind a step of 4, 1 zero, a scale at 8.
  const Graph halves = GemmGraph(RandomQTensor({2, 6}, ValueSet::HalfCodebook({1, 2, 3}, 1), false, random));
  const Graph bytes = GemmGraph(RandomQTensor({2, 6}, ValueSet::ByteCodebook({1, 2, 3}, 1), false, random));
  EXPECT_EQ(storage(halves, 1), "");
  EXPECT_THAT(storage(halves, 3), HasSubstr("storage is unknown"));
  EXPECT_THAT(storage(halves, 0), HasSubstr("does not fit the data section"));
  EXPECT_THAT(byte(halves, 5, 0x7C), HasSubstr("table values must be finite"));
  EXPECT_THAT(byte(halves, 6, 1), HasSubstr("padding behind its codebook is not zero"));
  EXPECT_THAT(byte(bytes, 7, 1), HasSubstr("padding behind its codebook is not zero"));
  EXPECT_THAT(byte(bytes, 4, 0x80), HasSubstr("an integer that no writer gives"));
  EXPECT_THAT(byte(bytes, 3, 0xBC), HasSubstr("finite and not negative"));
  EXPECT_THAT(ErrorAfter(bytes, [](Content* c) { std::fill_n(c->data.begin(), 4, uint8_t{0}); }),
              HasSubstr("an integer that no writer gives"));
}

TEST(Structure, OffsetsIntoTheData) {
  const auto with = [](uint64_t offset) {
    return ErrorAfter([&](Content* c) { c->Parameter("conv.w").offset = offset; });
  };
  EXPECT_EQ(with(16), "");
  for (const uint64_t wrong :
       {uint64_t{0}, uint64_t{8}, uint64_t{24}, ~uint64_t{0}, ~uint64_t{0} - 7, uint64_t{1} << 63}) {
    EXPECT_THAT(with(wrong), HasSubstr("'conv.w': data offset is " + std::to_string(wrong) + "; expected 16"));
  }
}

TEST(Structure, SizeOfTheData) {
  EXPECT_THAT(ErrorAfter([](Content* c) { c->data.resize(c->data.size() - 1); }),
              HasSubstr("does not fit the data section"));
  EXPECT_THAT(ErrorAfter([](Content* c) { c->data.clear(); }), HasSubstr("does not fit the data section"));
  EXPECT_THAT(ErrorAfter([](Content* c) { c->data.push_back(0); }), HasSubstr("data section has"));
  EXPECT_THAT(ErrorAfter([](Content* c) { c->data.resize(64); }), HasSubstr("parameter"));
}

// conv.b: 16 bytes at 0. conv.w: scales at 16, four rows of 6 bytes at 32, the last byte of a row holds two trits.
// fc.w: scale at 56, three rows of 2 bytes at 60, padding to 72 from 66 on.
TEST(Structure, DataThatPackingNeverGives) {
  const auto with = [](size_t at, uint8_t byte) { return ErrorAfter([&](Content* c) { c->data.at(at) = byte; }); };
  EXPECT_EQ(with(32, 242), "");
  EXPECT_THAT(with(32, 243),
              HasSubstr("'conv.w': row 0 holds a byte that is not five (at the end fewer) ternary digits"));
  EXPECT_THAT(with(38, 255), HasSubstr("'conv.w': row 1 holds a byte"));
  EXPECT_EQ(with(37, 8), "");
  EXPECT_THAT(with(37, 9), HasSubstr("row 0 holds a byte"));
  EXPECT_THAT(with(61, 0x10), HasSubstr("'fc.w': row 0 holds padding bits that are not zero"));
  EXPECT_THAT(with(66, 1), HasSubstr("'none': padding before its data is not zero"));
}

TEST(Structure, FloatsMustBeFinite) {
  const auto with_float = [](size_t at, float value) {
    return ErrorAfter([&](Content* c) { std::memcpy(&c->data.at(at), &value, sizeof value); });
  };
  EXPECT_THAT(with_float(4, std::nanf("")), HasSubstr("parameter 'conv.b'"));
  EXPECT_THAT(with_float(20, HUGE_VALF), HasSubstr("parameter 'conv.w': low-bit tensor: scales must be finite"));
}

TEST(Structure, CodesOutsideATable) {
  const CounterRandom random(1, 2);
  const Graph graph = GemmGraph(RandomQTensor({1, 4}, ValueSet::Table({1, 2, 3}), false, random));
  EXPECT_THAT(ErrorAfter(graph, [](Content* c) { c->data.back() = 0xFF; }),
              HasSubstr("code 3 at index 0 is outside table3"));
}

TEST(Structure, TheGraphIsValidated) {
  EXPECT_THAT(ErrorAfter([](Content* c) { c->model.nodes[1]->op = c->Index("conv"); }),
              HasSubstr("unknown operator 'conv'"));
  EXPECT_THAT(ErrorAfter([](Content* c) { c->model.nodes[0]->inputs.clear(); }), HasSubstr("node 'conv' (Conv)"));
  EXPECT_THAT(ErrorAfter([](Content* c) { c->model.outputs.clear(); }), HasSubstr("f: the graph has no outputs"));
}

// 300 nodes share one attribute of a megabyte: a file of a megabyte must not become a graph of 300.
TEST(Structure, ASmallFileCannotGrow) {
  const std::string error = ErrorAfter([](Content* c) {
    c->model.strings.back() = "zzz" + std::string(1 << 20, 'z');
    c->Attribute("auto_pad").text = static_cast<uint32_t>(c->model.strings.size() - 1);
    for (int i = 0; i < 300; ++i) c->model.nodes.push_back(std::make_unique<fbs::NodeT>(*c->model.nodes[2]));
  });
  EXPECT_THAT(error, HasSubstr("take more than 2^28 bytes"));
}

TEST(Structure, NoFlatBuffer) {
  for (const size_t size : {0, 1, 4, 8, 12, 100}) {
    const std::vector<uint8_t> structure(size, 0x41);
    Sections sections;
    sections.structure = structure;
    const auto graph = Decode(WriteFrame(sections), "f");
    ASSERT_FALSE(graph.ok());
    EXPECT_EQ(graph.error().message, "f: structure: is not a valid FlatBuffer of lbm.fbs");
  }
}

}  // namespace
}  // namespace lowbit::lbm
