#include "lowbit/core/operator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "lowbit/core/shape.h"

namespace lowbit {
namespace {

TEST(Operators, EachIsFoundByItsName) {
  const std::vector<std::string> names = OperatorNames();
  EXPECT_GE(names.size(), ops::ShelfEntries().size());  // A folder may hold a family.
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  for (const std::string& name : names) {
    const Operator* op = FindOperator(name);
    ASSERT_NE(op, nullptr);
    EXPECT_EQ(op->name, name);
    EXPECT_NE(op->infer, nullptr) << name;
    EXPECT_NE(op->evaluate, nullptr) << name;
    EXPECT_LE(op->min_inputs, op->max_inputs) << name;
    std::set<std::string> attributes;
    for (const AttributeRule& rule : op->attributes) EXPECT_TRUE(attributes.insert(rule.name).second) << name;
    for (const size_t input : op->integer_inputs) EXPECT_LT(input, op->max_inputs) << name;
  }
  EXPECT_EQ(FindOperator("conv"), nullptr);  // Names are ONNX's, to the letter.
}

TEST(Shape, ElementsAreChecked) {
  EXPECT_EQ(CheckedElements({}).value(), 1);
  EXPECT_EQ(CheckedElements({2, 3, 4}).value(), 24);
  EXPECT_EQ(CheckedElements({0, 5}).value(), 0);
  EXPECT_EQ(CheckedElements({kMaxElements}).value(), kMaxElements);
  EXPECT_EQ(CheckedElements({kMaxElements, 2}).error().message, "shape [1099511627776, 2] has more than 2^40 elements");
  EXPECT_FALSE(CheckedElements({int64_t{1} << 62, int64_t{1} << 62}).ok());
  EXPECT_EQ(CheckedElements({2, -1}).error().message, "shape [2, -1] has a negative extent");
  EXPECT_EQ(Elements({7, 2}), 14);
  EXPECT_EQ(ToString(Shape{}), "[]");
}

}  // namespace
}  // namespace lowbit
