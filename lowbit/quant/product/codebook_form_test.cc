#include "lowbit/quant/product/codebook_form.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lowbit::quant::product {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

CodebookForm Read(const std::string& word) {
  const Config config{ConfigTable{{"codebook", Config{word, ""}}}, ""};
  ConfigReader reader(config, "pq");
  return ReadCodebookForm(&reader);
}

// Vectors of two positions, of which the second has a tenth of the first's size.
const std::vector<float> kVectors = {12.7f, 0.05f, -6.4f, -1.27f};

TEST(CodebookForm, FloatsStayOrAreRounded) {
  EXPECT_EQ(MakeCodebook(kVectors, 2, Read("float32")).table, kVectors);
  EXPECT_EQ(MakeCodebook({1, 2049, 0, 0}, 2, Read("float16")).table[1], 2048);
}

TEST(CodebookForm, BytesHaveAStepForEachPosition) {
  const ValueSet set = MakeCodebook(kVectors, 2, Read("int8"));
  EXPECT_EQ(set.table_scales, (std::vector<float>{12.7f / 127, 1.27f / 127}));
  EXPECT_THAT(set.TableIntegers(), ElementsAre(127, 5, -64, -127));
}

TEST(CodebookForm, OrOneForAll) {
  const ValueSet set = MakeCodebook(kVectors, 2, Read("int8_layer"));
  const float step = 12.7f / 127;
  EXPECT_EQ(set.table_scales, (std::vector<float>{step, step}));
  EXPECT_THAT(set.TableIntegers(), ElementsAre(127, 0, -64, -13));  // 0.05 is half a step, to even.
  EXPECT_EQ(set.table, (std::vector<float>{step * 127, 0, step * -64, step * -13}));
  EXPECT_TRUE(Validate(QTensor{{2, 2}, set, {0, 1}, {1}}).ok());
}

TEST(CodebookForm, HasAWord) {
  const Config config{ConfigTable{{"codebook", Config{std::string("int7"), ""}}}, ""};
  ConfigReader reader(config, "pq");
  ReadCodebookForm(&reader);
  EXPECT_THAT(reader.Finish().error().message, HasSubstr("'int8'"));
}

}  // namespace
}  // namespace lowbit::quant::product
