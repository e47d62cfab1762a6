#ifndef LOWBIT_TRAIN_TEST_SECTION_H_
#define LOWBIT_TRAIN_TEST_SECTION_H_

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "lowbit/recipe/recipe.h"
#include "lowbit/recipe/toml.h"

namespace lowbit::train {

// A recipe's table [quantize], as its lines.
using Lines = std::vector<std::string>;

inline recipe::QuantizeSection Section(const Lines& lines) {
  Config config = recipe::ParseRecipeText("[train]\nepochs = 1\n", "test").value();
  for (const std::string& line : lines) EXPECT_TRUE(recipe::ApplyOverride(&config, "quantize." + line).ok()) << line;
  const Result<recipe::Recipe> read = recipe::ReadRecipe(config);
  EXPECT_TRUE(read.ok()) << read.error().message;
  return read.value().quantize;
}

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_TEST_SECTION_H_
