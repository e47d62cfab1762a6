#ifndef LOWBIT_RECIPE_TOML_H_
#define LOWBIT_RECIPE_TOML_H_

// From TOML text to a tree of values and back. TOML 1.0 without dates and times, which no setting needs.

#include <string>

#include "lowbit/base/config.h"
#include "lowbit/base/result.h"

namespace lowbit::recipe {

// The file as a tree; every value's `where` is "path:line".
// Errors: unreadable, larger than 1 MiB, not TOML ("path:line:column: why"), a key given twice, a date or a time.
Result<Config> ParseRecipe(const std::string& path);

// The same for text in memory. `name` stands for the path in messages.
Result<Config> ParseRecipeText(const std::string& text, const std::string& name);

// `config` as TOML text that parses to the same values (`where` aside): tables in alphabetical order, numbers in the
// shortest form that reads back to the same double. A run folder keeps the recipe that was really used this way.
// REQUIRES: `config` is a table.
std::string ToToml(const Config& config);

// Sets one value from a command-line argument "key.path=value"; "train.epochs=3" sets `epochs` of the table `train`.
// Tables that are missing are made. `value` is a TOML value (3, 0.1, true, [0.5, 1.0], "text"); text that is none and
// does not begin like one (with a quote, bracket or brace) is taken as a string: model.name=vgg9 needs no quotes.
// The value's `where` is "--set key.path=value".
// Errors: no '=', an empty part in the path, a part that is a value and not a table, a value that is broken TOML.
Status ApplyOverride(Config* config, const std::string& assignment);

}  // namespace lowbit::recipe

#endif  // LOWBIT_RECIPE_TOML_H_
