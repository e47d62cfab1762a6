#include "lowbit/core/qtensor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

namespace lowbit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

QTensor GoodTensor() { return {{2, 4}, ValueSet::Ternary(), {0, 1, 2, 0, 2, 2, 1, 0}, {0.5f, 2}}; }

std::string ErrorOf(const QTensor& tensor) {
  const Status status = Validate(tensor);
  return status.ok() ? "" : status.error().message;
}

std::string ErrorAfter(const std::function<void(QTensor&)>& change) {
  QTensor tensor = GoodTensor();
  change(tensor);
  return ErrorOf(tensor);
}

TEST(ValueSet, EveryKindNamesItsCodes) {
  struct Row {
    ValueSet set;
    int count, bits;
    std::string name;
  };
  const std::vector<Row> rows = {{ValueSet::Binary(), 2, 1, "binary"},
                                 {ValueSet::Ternary(), 3, 2, "ternary"},
                                 {ValueSet::Affine(1, 0), 2, 1, "affine1"},
                                 {ValueSet::Affine(4, 8), 16, 4, "affine4"},
                                 {ValueSet::Affine(8, 255), 256, 8, "affine8"},
                                 {ValueSet::Table({5}), 1, 1, "table1"},
                                 {ValueSet::Table({-1, 0, 0.5f, 1, 2}), 5, 3, "table5"},
                                 {ValueSet::Codebook({1, 2, 3, 4, 5, 6}, 2), 3, 2, "codebook3x2"},
                                 {ValueSet::Codebook(std::vector<float>(2048), 2), 1024, 10, "codebook1024x2"},
                                 {ValueSet::HalfCodebook({1, 2}, 2), 1, 1, "codebook1x2_float16"},
                                 {ValueSet::ByteCodebook({1, 2}, 1), 2, 1, "codebook2x1_int8"}};
  for (const Row& row : rows) {
    EXPECT_EQ(row.set.Name(), row.name);
    EXPECT_EQ(row.set.Count(), row.count) << row.name;
    EXPECT_EQ(row.set.Bits(), row.bits) << row.name;
    EXPECT_TRUE(row.set == row.set);
    EXPECT_EQ(row.set == ValueSet::Ternary(), row.name == "ternary");
  }
}

TEST(ValueSet, ValueOfACode) {
  EXPECT_EQ(ValueSet::Binary().Value(0), -1);
  EXPECT_EQ(ValueSet::Binary().Value(1), 1);
  EXPECT_EQ(ValueSet::Ternary().Value(0), -1);
  EXPECT_EQ(ValueSet::Ternary().Value(1), 0);
  EXPECT_EQ(ValueSet::Ternary().Value(2), 1);
  EXPECT_EQ(ValueSet::Affine(3, 2).Value(0), -2);
  EXPECT_EQ(ValueSet::Affine(3, 2).Value(7), 5);
  EXPECT_EQ(ValueSet::Table({0.25f, -4}).Value(1), -4);
}

TEST(Dequantize, OneScaleForEachRow) {
  const FloatTensor floats = Dequantize(GoodTensor());
  EXPECT_EQ(floats.shape, (Shape{2, 4}));
  EXPECT_THAT(floats.data, ElementsAre(-0.5f, 0, 0.5f, -0.5f, 2, 2, 0, -2));
}

TEST(Dequantize, OneScaleForTheTensor) {
  QTensor tensor = GoodTensor();
  tensor.scales = {3};
  EXPECT_THAT(Dequantize(tensor).data, ElementsAre(-3, 0, 3, -3, 3, 3, 0, -3));
}

TEST(Dequantize, RowsAreTheFirstDimension) {
  const QTensor tensor = {{2, 1, 2}, ValueSet::Affine(2, 1), {0, 1, 2, 3}, {1, 10}};
  EXPECT_THAT(Dequantize(tensor).data, ElementsAre(-1, 0, 10, 20));
}

TEST(Dequantize, OneFloatMultiplication) {
  const QTensor tensor = {{1, 1}, ValueSet::Table({0.1f}), {0}, {0.3f}};
  EXPECT_EQ(Dequantize(tensor).data[0], 0.3f * 0.1f);
}

TEST(Dequantize, ACodeOfACodebookIsABlock) {
  const QTensor tensor = {{2, 4}, ValueSet::Codebook({1, 2, 3, 4}, 2), {0, 1, 1, 0}, {1, 10}};
  EXPECT_EQ(ErrorOf(tensor), "");
  EXPECT_THAT(Dequantize(tensor).data, ElementsAre(1, 2, 3, 4, 30, 40, 10, 20));
}

TEST(Codebook, HalvesAndBytesAreTheNearest) {
  EXPECT_THAT(ValueSet::HalfCodebook({1 + 1 / 4096.0f, -0.1f}, 1).table, ElementsAre(1, -0.0999755859375f));
  const ValueSet bytes = ValueSet::ByteCodebook({127, 0, 0.4f, 0, -63.5f, 0}, 2);  // The second position is 0.
  EXPECT_THAT(bytes.table_scales, ElementsAre(1, 0));
  EXPECT_THAT(bytes.TableIntegers(), ElementsAre(127, 0, 0, 0, -64, 0));
  EXPECT_THAT(bytes.table, ElementsAre(127, 0, 0, 0, -64, 0));
}

TEST(Codebook, CodesOfTwoBytes) {
  std::vector<float> table(300);
  for (size_t i = 0; i < table.size(); ++i) table[i] = static_cast<float>(i);
  QTensor tensor = {{2, 2}, ValueSet::Codebook(table, 1), {}, {2}};
  for (const int code : {0, 255, 256, 299}) tensor.AddCode(code);
  EXPECT_EQ(ErrorOf(tensor), "");
  EXPECT_THAT(Dequantize(tensor).data, ElementsAre(0, 510, 512, 598));
  tensor.codes[3] = 44;  // 300
  EXPECT_THAT(ErrorOf(tensor), HasSubstr("code 300 at index 3 is outside codebook300x1"));
  tensor.high_codes.pop_back();
  EXPECT_THAT(ErrorOf(tensor), HasSubstr("has 3 high bytes of codes; codebook300x1 needs 4"));
}

TEST(ValidateQTensor, AcceptsGoodOnes) {
  EXPECT_EQ(ErrorOf(GoodTensor()), "");
  EXPECT_EQ(ErrorOf({{3}, ValueSet::Binary(), {0, 1, 1}, {0}}), "");
  EXPECT_EQ(ErrorOf({{1, 2}, ValueSet::Affine(8, 0), {0, 255}, {1}}), "");
  EXPECT_EQ(ErrorOf({{1}, ValueSet::Table(std::vector<float>(256, 1)), {255}, {1}}), "");
}

TEST(ValidateQTensor, ShapeCodesAndScales) {
  EXPECT_THAT(ErrorAfter([](QTensor& t) { t.shape = {}; }), HasSubstr("at least one dimension"));
  EXPECT_THAT(ErrorAfter([](QTensor& t) { t.shape = {0, 4}; }), HasSubstr("[0, 4] has no elements"));
  EXPECT_THAT(ErrorAfter([](QTensor& t) { t.shape = {-2, -4}; }), HasSubstr("negative extent"));
  EXPECT_THAT(ErrorAfter([](QTensor& t) { t.shape = {1 << 21, 1 << 21}; }), HasSubstr("more than 2^40"));
  EXPECT_THAT(ErrorAfter([](QTensor& t) { t.codes.pop_back(); }), HasSubstr("has 7 codes; shape [2, 4] needs 8"));
  EXPECT_THAT(ErrorAfter([](QTensor& t) { t.codes.push_back(0); }), HasSubstr("has 9 codes"));
  EXPECT_THAT(ErrorAfter([](QTensor& t) { t.codes[5] = 3; }), HasSubstr("code 3 at index 5 is outside ternary"));
  EXPECT_THAT(ErrorAfter([](QTensor& t) { t.scales = {}; }), HasSubstr("has 0 scales; expected 1 or 2"));
  EXPECT_THAT(ErrorAfter([](QTensor& t) { t.scales = {1, 1, 1}; }), HasSubstr("has 3 scales; expected 1 or 2"));
  EXPECT_THAT(ErrorAfter([](QTensor& t) { t.scales[1] = std::nanf(""); }), HasSubstr("scales must be finite"));
}

TEST(ValidateQTensor, ValueSets) {
  const auto error = [](const std::function<void(ValueSet&)>& change, ValueSet start) {
    change(start);
    return ErrorOf({{2, 4}, start, std::vector<uint8_t>(8, 0), {1}});
  };
  EXPECT_THAT(error([](ValueSet& s) { s.kind = static_cast<ValueSet::Kind>(9); }, {}), HasSubstr("unknown kind"));
  EXPECT_THAT(error([](ValueSet& s) { s.block = 2; }, {}), HasSubstr("block must be 1"));
  EXPECT_THAT(error([](ValueSet& s) { s.block = 0; }, ValueSet::Codebook({1, 2}, 2)), HasSubstr("block must be 1"));
  EXPECT_THAT(error([](ValueSet& s) { s.table = {1}; }, {}), HasSubstr("only tables and codebooks list values"));
  EXPECT_THAT(error([](ValueSet& s) { s.bits = 0; }, ValueSet::Affine(4, 0)), HasSubstr("bits must be in 1..8"));
  EXPECT_THAT(error([](ValueSet& s) { s.bits = 9; }, ValueSet::Affine(4, 0)), HasSubstr("bits must be in 1..8"));
  EXPECT_THAT(error([](ValueSet& s) { s.zero_point = 16; }, ValueSet::Affine(4, 0)), HasSubstr("zero point"));
  EXPECT_THAT(error([](ValueSet& s) { s.zero_point = -1; }, ValueSet::Affine(4, 0)), HasSubstr("zero point"));
  EXPECT_THAT(error([](ValueSet& s) { s.table = {}; }, ValueSet::Table({1})), HasSubstr("1..256 entries"));
  EXPECT_THAT(error([](ValueSet& s) { s.table.resize(257); }, ValueSet::Table({1})), HasSubstr("1..256 entries"));
  EXPECT_THAT(error([](ValueSet& s) { s.table.pop_back(); }, ValueSet::Codebook({1, 2}, 2)), HasSubstr("entries"));
  EXPECT_THAT(error([](ValueSet& s) { s.table[0] = std::numeric_limits<float>::infinity(); }, ValueSet::Table({1})),
              HasSubstr("table values must be finite"));
  const auto scales = [](std::vector<float> steps) { return [steps](ValueSet& s) { s.table_scales = steps; }; };
  EXPECT_THAT(error([](ValueSet& s) { s.table.resize(kMaxCodebookCount + 1); }, ValueSet::Codebook({1}, 1)),
              HasSubstr("1..32768 entries"));
  EXPECT_THAT(error([](ValueSet& s) { s.storage = static_cast<ValueSet::Storage>(3); }, {}),
              HasSubstr("unknown storage"));
  EXPECT_THAT(error([](ValueSet& s) { s.storage = ValueSet::Storage::kInt8; }, {}), HasSubstr("only codebooks"));
  EXPECT_THAT(error([](ValueSet& s) { s.table[0] = 0.1f; }, ValueSet::HalfCodebook({1}, 1)), HasSubstr("that is none"));
  EXPECT_THAT(error([](ValueSet& s) { s.table[0] = 1e6f; }, ValueSet::HalfCodebook({1}, 1)), HasSubstr("that is none"));
  EXPECT_THAT(error([](ValueSet& s) { s.table[0] *= 2; }, ValueSet::ByteCodebook({1}, 1)), HasSubstr("-127..127"));
  EXPECT_THAT(error(scales({}), ValueSet::ByteCodebook({1}, 1)), HasSubstr("needs one step"));
  EXPECT_THAT(error(scales({-1}), ValueSet::ByteCodebook({1}, 1)), HasSubstr("not negative"));
  EXPECT_THAT(error(scales({1}), ValueSet::Codebook({1}, 1)), HasSubstr("only codebooks in bytes have steps"));
  EXPECT_THAT(ErrorOf({{2, 3}, ValueSet::Codebook({1, 2}, 2), {0, 0, 0}, {1}}),
              HasSubstr("block 2 does not divide a row of 3 weights"));
}

}  // namespace
}  // namespace lowbit
