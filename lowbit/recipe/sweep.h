#ifndef LOWBIT_RECIPE_SWEEP_H_
#define LOWBIT_RECIPE_SWEEP_H_

// Recipes that list several runs: a table [sweep] beside the tables of one run (docs/recipes.md).

#include <cstddef>
#include <string>
#include <vector>

#include "lowbit/base/config.h"
#include "lowbit/base/result.h"
#include "lowbit/recipe/recipe.h"

namespace lowbit::recipe {

constexpr size_t kMaxSweepRuns = 10000;

struct SweepRun {
  // Of its folder, "sq-twn,learning_rate=0.1,seed=2": the variant and one part for each list. Letters, digits and
  // ".-_=,+" only. It depends on what the run is and on the keys that are listed, not on the other values.
  std::string name;
  // The same without the seed: the runs of a group differ in nothing but the seed. May be empty.
  std::string group;
  Config config;  // A recipe of one run, named "<sweep>/<name>".
  Recipe recipe;  // The same, read.
};

// Whether a recipe, which need not be valid otherwise, is a sweep.
bool IsSweep(const Config& config);

// The runs of a sweep, each checked by ReadRecipe: variants as they stand in the file, for each of them the values of the
// listed keys (in alphabetical order of the keys, the last one changing fastest), and the seeds innermost.
// `fixed`: keys that the command line sets; a sweep that lists one of them would ignore it, which is an error.
// In every string, $seed stands for the run's seed.
// Errors: no list; an empty list; a value twice; two runs that differ in nothing or have one name; a name that is no
// name of a folder; a key that is listed and set by a variant; more than kMaxSweepRuns runs; what ReadRecipe refuses.
// REQUIRES: IsSweep(config), and the recipe has a name.
Result<std::vector<SweepRun>> ExpandSweep(const Config& config, const std::vector<std::string>& fixed = {});

}  // namespace lowbit::recipe

#endif  // LOWBIT_RECIPE_SWEEP_H_
