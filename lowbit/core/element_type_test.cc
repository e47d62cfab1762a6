#include "lowbit/core/element_type.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace lowbit {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(ElementType, KnowsOnnxsNumbers) {
  EXPECT_EQ(ElementTypeOf(1), ElementType::kFloat32);
  EXPECT_EQ(ElementTypeOf(16), ElementType::kBfloat16);
  EXPECT_EQ(ElementTypeOf(8), std::nullopt);  // Strings.
  EXPECT_EQ(ElementTypeOf(-1), std::nullopt);
  EXPECT_EQ(Name(ElementType::kInt64), "int64");
  EXPECT_EQ(BytesOf(ElementType::kFloat16), 2);
  EXPECT_EQ(BytesOf(ElementType::kBool), 1);
}

TEST(ConvertTo, DropsFractionsAndUpperBitsOfIntegers) {
  EXPECT_EQ(ConvertTo(ElementType::kInt32, -2.9), -2);
  EXPECT_EQ(ConvertTo(ElementType::kUint8, 257), 1);
  EXPECT_EQ(ConvertTo(ElementType::kUint8, -1), 255);
  EXPECT_EQ(ConvertTo(ElementType::kInt8, 128), -128);
  EXPECT_EQ(ConvertTo(ElementType::kInt8, std::nan("")), 0);
  EXPECT_EQ(ConvertTo(ElementType::kInt64, kInfinity), std::ldexp(1.0, 63));
  EXPECT_EQ(ConvertTo(ElementType::kBool, -0.5), 1);
  EXPECT_EQ(ConvertTo(ElementType::kBool, -0.0), 0);
}

TEST(ConvertTo, RoundsFloatsAsTheirFormatsDo) {
  for (const double x : {0.1, -1e-40, 1e-45, 1e-46, 3.4028235e38, 16777217.0}) {
    EXPECT_EQ(ConvertTo(ElementType::kFloat32, x), static_cast<double>(static_cast<float>(x))) << x;
  }
  // 10 bits behind the first one: 2049 lies halfway, 2051 too, and the even neighbour is taken.
  EXPECT_EQ(ConvertTo(ElementType::kFloat16, 2049), 2048);
  EXPECT_EQ(ConvertTo(ElementType::kFloat16, 2051), 2052);
  EXPECT_EQ(ConvertTo(ElementType::kFloat16, 65519), 65504);
  EXPECT_EQ(ConvertTo(ElementType::kFloat16, 65520), kInfinity);
  EXPECT_EQ(ConvertTo(ElementType::kFloat16, std::ldexp(1.0, -24)), std::ldexp(1.0, -24));
  EXPECT_EQ(ConvertTo(ElementType::kFloat16, std::ldexp(1.0, -25)), 0);
  EXPECT_EQ(ConvertTo(ElementType::kBfloat16, 257), 256);
  EXPECT_EQ(ConvertTo(ElementType::kBfloat16, 259), 260);
  EXPECT_TRUE(std::isnan(ConvertTo(ElementType::kFloat16, std::nan(""))));
}

}  // namespace
}  // namespace lowbit
