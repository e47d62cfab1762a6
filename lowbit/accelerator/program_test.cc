// Programs as the hardware takes them: what Check refuses, and the images of the memories.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowbit/accelerator/memory_images.h"

namespace lowbit::accelerator {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(MemoryImages, HaveTheFirstNumberInTheLowestBits) {
  Program program;
  program.array = {2, {1, 0, true}, {2, 1, false}, 10};
  program.layers.resize(1);
  program.layers[0].threshold_base = 8;
  program.weights = {1, 3, 0, 2, 3, 3, 3, 3};  // Of 2 bits: 10 00 11 01, 11 11 11 11.
  program.thresholds = {1, -1, 511, -512};     // Of 10 bits: 1111111111 0000000001, 1000000000 0111111111.
  program.activation_words = 5;
  const MemoryImages images = ImagesOf(program);
  EXPECT_EQ(images.weights, "8d\nff\n");
  EXPECT_EQ(images.thresholds, "ffc01\n801ff\n");
  EXPECT_THAT(images.descriptors, StartsWith("00000000\n00000001\n"));
  EXPECT_EQ(images.descriptors.size(), 26u * 9);
  EXPECT_THAT(images.parameters, StartsWith(".LANES(2),\n.WEIGHT_EXPONENT(1),\n"));
  EXPECT_THAT(images.parameters, HasSubstr(".ACTIVATION_SIGNED(0),\n.SUM_BITS(10),\n.WEIGHT_ADDRESS_BITS(1),\n"));
  // A search's addresses need 2 * 3 + 1 bits at least.
  EXPECT_THAT(images.parameters,
              HasSubstr(".THRESHOLD_ADDRESS_BITS(7),\n.ACTIVATION_ADDRESS_BITS(3),\n.LAYER_BITS(1)\n"));
}

TEST(Check, RefusesWhatTheHardwareCannotDo) {
  Program program;
  program.array = {1, {1, 0, true}, {1, 1, false}, 10};
  Layer layer;
  layer.out_base = 1;
  program.layers = {layer};
  program.weights = {1};
  program.thresholds = {0, -5, -5, 7, 0, 0, 0, 0};
  program.activation_words = 2;
  const auto error = [&] {
    const Status status = Check(program);
    return status.ok() ? "" : status.error().message;
  };
  EXPECT_EQ(error(), "");
  program.thresholds[3] = -6;
  EXPECT_THAT(error(), HasSubstr("layer 0: the threshold of rank 3 in word 3 is below the one before"));
  program.thresholds[3] = 7;
  program.layers[0].threshold_base = 2;
  EXPECT_THAT(error(), HasSubstr("begin at word 2; a multiple of 4"));
  program.layers[0].threshold_base = 8;
  EXPECT_THAT(error(), HasSubstr("its thresholds are words 8 to 12; the memory has 8"));
  program.layers[0].threshold_base = 4;
  program.layers[0].out_base = 0;
  EXPECT_THAT(error(), HasSubstr("its output lies over what it reads"));
  program.layers[0].pad_top = 1;
  EXPECT_THAT(error(), HasSubstr("padding above is 1; 0 to 0 was expected"));
}

}  // namespace
}  // namespace lowbit::accelerator
