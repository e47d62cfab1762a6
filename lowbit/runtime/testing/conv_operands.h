#ifndef LOWBIT_RUNTIME_TESTING_CONV_OPERANDS_H_
#define LOWBIT_RUNTIME_TESTING_CONV_OPERANDS_H_

// For tests: what a float convolution computes with, at random, and how its results are compared with the specification.

#include <gtest/gtest.h>

#include <vector>

#include "lowbit/runtime/kernels/conv/reference.h"
#include "lowbit/runtime/testing/random_layers.h"

namespace lowbit::runtime::testing {

// `weight` must outlive what is returned.
inline ConvOperands RandomConvOperands(const ConvShape& shape, const Parameter& weight, RandomSource* random) {
  ConvOperands operands;
  operands.shape = shape;
  operands.images = random->Int(1, 2);
  operands.weight = &weight;
  operands.epilogue = RandomEpilogue(shape.out_channels, random);
  operands.input = random->Floats(operands.images * shape.in_height * shape.in_width * shape.in_channels, -1, 1);
  if (random->Coin()) {
    operands.residual =
        random->Floats(operands.images * shape.out_height * shape.out_width * shape.out_channels, -1, 1);
  }
  return operands;
}

inline void ExpectWithinBound(const ConvExpectation& expected, const std::vector<float>& actual) {
  ASSERT_EQ(expected.output.size(), actual.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    ASSERT_NEAR(expected.output[i], static_cast<double>(actual[i]), expected.bound[i]) << "at " << i;
  }
}

}  // namespace lowbit::runtime::testing

#endif  // LOWBIT_RUNTIME_TESTING_CONV_OPERANDS_H_
