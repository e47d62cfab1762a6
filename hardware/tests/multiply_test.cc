// Every pair of codes in every coding of the table: the multiplier against the product in integers.

#include <gtest/gtest.h>

#include "Vmultipliers.h"
#include "hardware/tests/ports.h"
#include "lowbit/accelerator/coding.h"

namespace lowbit::hardware {
namespace {

using accelerator::Coding;

TEST(MultiplyTest, AllPairsOfCodesHaveTheProductOfTheFormats) {
  // As in multipliers.v.
  const Coding pairs[][2] = {{{1, 0, true}, {1, 0, true}},  {{2, 0, true}, {2, 0, true}}, {{1, 1, true}, {1, 1, true}},
                             {{3, 0, true}, {3, 0, true}},  {{2, 1, true}, {2, 1, true}}, {{1, 2, true}, {1, 2, true}},
                             {{3, 1, true}, {3, 1, true}},  {{2, 2, true}, {2, 2, true}}, {{1, 3, true}, {1, 3, true}},
                             {{3, 2, true}, {3, 2, true}},  {{2, 3, true}, {2, 3, true}}, {{2, 5, true}, {2, 5, true}},
                             {{2, 1, true}, {3, 1, false}}, {{4, 1, true}, {1, 0, false}}};
  Vmultipliers model;
  size_t place = 0;
  for (const auto& [a, b] : pairs) {
    for (int code_a = 0; code_a < 1 << a.bits(); ++code_a) {
      for (int code_b = 0; code_b < 1 << b.bits(); ++code_b) {
        model.a = static_cast<uint8_t>(code_a);
        model.b = static_cast<uint8_t>(code_b);
        model.eval();
        const uint64_t low = Field(model.products, place, 32), high = Field(model.products, place + 32, 32);
        const int64_t expected = quant::methods::esb::Product(a.format(), static_cast<uint8_t>(code_a), b.format(),
                                                              static_cast<uint8_t>(code_b));
        ASSERT_EQ(static_cast<int64_t>(high << 32 | low), expected)
            << "pair " << place / 64 << ", codes " << code_a << " and " << code_b;
      }
    }
    place += 64;
  }
}

}  // namespace
}  // namespace lowbit::hardware
