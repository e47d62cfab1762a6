#include "lowbit/recipe/toml.h"

#include <toml++/toml.h>

#include <algorithm>
#include <utility>

#include "lowbit/base/file.h"
#include "lowbit/recipe/key_depth.h"

namespace lowbit::recipe {
namespace {

constexpr uint64_t kMaxBytes = uint64_t{1} << 20;

std::string Where(const std::string& name, const toml::source_position& position) {
  return name + ":" + std::to_string(position.line);
}

Result<Config> Convert(const toml::node& node, const std::string& name);

Result<Config> ConvertTable(const toml::table& table, const std::string& name) {
  ConfigTable values;
  for (const auto& [key, node] : table) {
    LOWBIT_TRY(Config value, Convert(node, name));
    // A table's own region starts at its header, a value's at the value: both are the line a person looks for.
    values.emplace(std::string(key.str()), std::move(value));
  }
  return Config{std::move(values), Where(name, table.source().begin)};
}

Result<Config> ConvertArray(const toml::array& array, const std::string& name) {
  ConfigArray values;
  for (const toml::node& node : array) {
    LOWBIT_TRY(Config value, Convert(node, name));
    values.push_back(std::move(value));
  }
  return Config{std::move(values), Where(name, array.source().begin)};
}

Result<Config> Convert(const toml::node& node, const std::string& name) {
  const std::string where = Where(name, node.source().begin);
  if (const toml::table* table = node.as_table()) return ConvertTable(*table, name);
  if (const toml::array* array = node.as_array()) return ConvertArray(*array, name);
  if (const auto* text = node.as_string()) return Config{text->get(), where};
  if (const auto* integer = node.as_integer()) return Config{integer->get(), where};
  if (const auto* real = node.as_floating_point()) return Config{real->get(), where};
  if (const auto* boolean = node.as_boolean()) return Config{boolean->get(), where};
  return Invalid(where + ": dates and times are not settings; put quotes around it if text is meant");
}

}  // namespace

Result<Config> ParseRecipe(const std::string& path) {
  LOWBIT_TRY(const std::string text, ReadTextFile(path, kMaxBytes));
  return ParseRecipeText(text, path);
}

Result<Config> ParseRecipeText(const std::string& text, const std::string& name) {
  const int64_t long_key = FindLongKey(text);
  if (long_key >= 0) {
    const auto line = 1 + std::count(text.begin(), text.begin() + long_key, '\n');
    return Invalid(name + ":" + std::to_string(line) + ": a key has more than " + std::to_string(kMaxKeyParts) +
                   " parts");
  }
  try {
    return ConvertTable(toml::parse(text), name);
  } catch (const toml::parse_error& error) {
    const toml::source_position& at = error.source().begin;
    std::string why(error.description());
    for (char& letter : why) {
      if (letter == '\n' || letter == '\r') letter = ' ';
    }
    return Invalid(Where(name, at) + ":" + std::to_string(at.column) + ": not TOML: " + why);
  }
}

}  // namespace lowbit::recipe
