#ifndef LOWBIT_RECIPE_TOML_H_
#define LOWBIT_RECIPE_TOML_H_

// From TOML text to a tree of values and back. TOML 1.0 without dates and times, which no setting needs.

#include <string>

#include "lowbit/base/config.h"
#include "lowbit/base/result.h"

namespace lowbit::recipe {

// The file as a tree; every value's `where` is "path:line".
// Errors: unreadable, above 1 MiB, not TOML ("path:line:column: why"), a key twice or too long, a date or a time.
Result<Config> ParseRecipe(const std::string& path);

// The same for text in memory. `name` stands for the path in messages.
Result<Config> ParseRecipeText(const std::string& text, const std::string& name);

// `config` as TOML text that parses to the same values (`where` aside): tables in alphabetical order, numbers in the
// shortest form that reads back to the same double. A run folder keeps the recipe that was really used this way.
// REQUIRES: `config` is a table.
std::string ToToml(const Config& config);

// `config` as ToToml writes a value: 0.1, "text", [1, 2], {k = 1}. Strings that need no quotes on the command line come
// without them.
std::string ToText(const Config& config);

// One value at a place in the tree.
struct Setting {
  std::string key;  // "train.epochs": `epochs` of the table `train`.
  Config value;     // Its `where` begins messages about it.
};

// "key.path=value" as people write it. `value` is a TOML value (3, 0.1, true, [0.5, 1.0], "text"); text that is none and
// does not begin like one (with a quote, bracket or brace) is taken as a string: model.name=vgg9 needs no quotes.
// Errors: no '=', an empty part in the path or more than kMaxKeyParts, a value that is broken TOML.
Result<Setting> ParseSetting(const std::string& assignment, const std::string& where);

// Sets the value; tables that are missing are made. An error changes nothing. Errors: a part of the path is a value and
// not a table.
Status ApplySetting(const Setting& setting, Config* config);

// Both for a command-line argument; the value's `where` is "--set key.path=value".
Status ApplyOverride(Config* config, const std::string& assignment);

}  // namespace lowbit::recipe

#endif  // LOWBIT_RECIPE_TOML_H_
