#include <algorithm>
#include <utility>
#include <vector>

#include "lowbit/base/suggest.h"
#include "lowbit/recipe/key_depth.h"
#include "lowbit/recipe/toml.h"

namespace lowbit::recipe {
namespace {

std::string Trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// At the dots, but for those between quotes, as in TOML.
std::vector<std::string> SplitPath(const std::string& path) {
  std::vector<std::string> parts(1);
  bool quoted = false;
  for (const char letter : path) {
    if (letter == '"') {
      quoted = !quoted;
    } else if (letter == '.' && !quoted) {
      parts.emplace_back();
    } else {
      parts.back() += letter;
    }
  }
  for (std::string& part : parts) part = Trimmed(part);
  return parts;
}

std::string JoinPath(std::vector<std::string> parts) {
  for (std::string& part : parts) {
    if (part.find('.') != std::string::npos) part = '"' + part + '"';
  }
  return Join(parts, ".");
}

void SetWhere(Config* config, const std::string& where) {
  config->where = where;
  if (auto* array = std::get_if<ConfigArray>(&config->value)) {
    for (Config& entry : *array) SetWhere(&entry, where);
  } else if (auto* table = std::get_if<ConfigTable>(&config->value)) {
    for (auto& [key, entry] : *table) SetWhere(&entry, where);
  }
}

Result<Config> ParseValue(const std::string& text, const std::string& where) {
  const bool looks_like_toml = !text.empty() && std::string("\"'[{").find(text[0]) != std::string::npos;
  const bool one_line = text.find_first_of("\r\n") == std::string::npos;
  if (!text.empty() && one_line) {
    Result<Config> parsed = ParseRecipeText("value = " + text, "value");
    if (parsed.ok()) {
      Config value = std::move(std::get<ConfigTable>(parsed.value().value)["value"]);
      SetWhere(&value, where);
      return value;
    }
  }
  if (looks_like_toml) return Invalid(where + ": the value is not a complete TOML string, list or table");
  return Config{text, where};
}

}  // namespace

Result<Setting> ParseSetting(const std::string& assignment, const std::string& where) {
  const size_t equals = assignment.find('=');
  if (equals == std::string::npos) return Invalid(where + ": expected key.path=value");
  const std::vector<std::string> path = SplitPath(assignment.substr(0, equals));
  if (path.size() > static_cast<size_t>(kMaxKeyParts)) {
    return Invalid(where + ": the key has more than " + std::to_string(kMaxKeyParts) + " parts");
  }
  if (std::count(path.begin(), path.end(), "") > 0) return Invalid(where + ": a part of the key is empty");
  LOWBIT_TRY(Config value, ParseValue(Trimmed(assignment.substr(equals + 1)), where));
  return Setting{JoinPath(path), std::move(value)};
}

Status ApplySetting(const Setting& setting, Config* config) {
  const std::vector<std::string> path = SplitPath(setting.key);
  const std::string& where = setting.value.where;
  // Checked to the end before anything is made, so that an error changes nothing.
  const Config* existing = config;
  std::string name;
  for (const std::string& part : path) {
    const auto* table = std::get_if<ConfigTable>(&existing->value);
    if (table == nullptr) {
      return Invalid(where + ": '" + name + "' is a value, not a table that could hold '" + part + "'");
    }
    const auto found = table->find(part);
    if (found == table->end()) break;
    existing = &found->second;
    name += (name.empty() ? "" : ".") + part;
  }
  Config* target = config;
  for (const std::string& part : path) {
    auto& table = std::get<ConfigTable>(target->value);
    target = &table.emplace(part, Config{ConfigTable(), where}).first->second;
  }
  *target = setting.value;
  return Ok();
}

Status ApplyOverride(Config* config, const std::string& assignment) {
  LOWBIT_TRY(const Setting setting, ParseSetting(assignment, "--set " + assignment));
  return ApplySetting(setting, config);
}

}  // namespace lowbit::recipe
