#ifndef LOWBIT_RECIPE_TEST_READ_H_
#define LOWBIT_RECIPE_TEST_READ_H_

#include <gtest/gtest.h>

#include <string>

#include "lowbit/recipe/recipe.h"
#include "lowbit/recipe/toml.h"

namespace lowbit::recipe {

// A recipe's text as it is read, as it must be, and the message that refuses it.
inline Result<Recipe> Read(const std::string& text) {
  LOWBIT_TRY(const Config config, ParseRecipeText(text, "r.toml"));
  return ReadRecipe(config);
}

inline Recipe Good(const std::string& text) {
  Result<Recipe> recipe = Read(text);
  EXPECT_TRUE(recipe.ok()) << (recipe.ok() ? "" : recipe.error().message);
  return recipe.ok() ? recipe.value() : Recipe();
}

inline std::string Bad(const std::string& text) {
  const Result<Recipe> recipe = Read(text);
  EXPECT_FALSE(recipe.ok()) << text;
  return recipe.ok() ? "" : recipe.error().message;
}

inline const std::string kTrain = "[train]\nepochs = 10\n";

}  // namespace lowbit::recipe

#endif  // LOWBIT_RECIPE_TEST_READ_H_
