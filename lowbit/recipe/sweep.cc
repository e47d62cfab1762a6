#include "lowbit/recipe/sweep.h"

#include <algorithm>
#include <map>
#include <utility>

#include "lowbit/base/suggest.h"
#include "lowbit/recipe/toml.h"

namespace lowbit::recipe {
namespace {

constexpr size_t kMaxNameLength = 200;  // File systems take 255 bytes.
constexpr char kNameLetters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-+";

// One way to set a run apart: a variant, or a value of a listed key.
struct Choice {
  std::string label;  // Its part of the run's name.
  std::vector<Setting> settings;
  std::string where;
};

// What a run takes one choice of.
struct Axis {
  std::string key;  // "" for the variants.
  std::vector<Choice> choices;
};

Error At(const Config& config, const std::string& sentence) {
  return Invalid((config.where.empty() ? "" : config.where + ": ") + sentence);
}

// Whether one of the keys is the other, or a table that holds it.
bool Overlap(const std::string& a, const std::string& b) {
  const std::string& longer = a.size() > b.size() ? a : b;
  const std::string& shorter = a.size() > b.size() ? b : a;
  return longer == shorter || longer.rfind(shorter + ".", 0) == 0;
}

// 1 and 1.0 are the same setting.
bool SameValue(const Config& a, const Config& b) {
  const auto number = [](const Config& config) {
    const auto* integer = std::get_if<int64_t>(&config.value);
    return integer != nullptr ? Config{static_cast<double>(*integer), ""} : Config{config.value, ""};
  };
  const Config x = number(a), y = number(b);
  return x.value.index() == y.value.index() && ToText(x) == ToText(y);
}

// "[0.5, 1.0]" -> "0.5-1.0"
std::string NamePart(const std::string& text) {
  std::string part;
  for (const char letter : text) {
    const bool good = std::string(kNameLetters).find(letter) != std::string::npos;
    if (good) part += letter;
    if (!good && !part.empty() && part.back() != '-') part += '-';
  }
  return part.substr(0, part.find_last_not_of('-') + 1);
}

Status CheckKey(const std::string& key, const Config& at) {
  if (key != "name") return Ok();
  return At(at, "'name' cannot be set by a sweep, which names its runs itself");
}

Result<Axis> ReadAxis(const std::string& key, const std::string& short_key, const Config& config) {
  const auto* values = std::get_if<ConfigArray>(&config.value);
  if (values == nullptr || values->empty()) {
    return At(config, "'sweep." + key + "' must be a list of at least one value");
  }
  LOWBIT_RETURN_IF_ERROR(CheckKey(key, config));
  Axis axis;
  axis.key = key;
  for (const Config& value : *values) {
    if (std::holds_alternative<ConfigTable>(value.value)) {
      return At(value, "'sweep." + key + "' must be a list of values; tables stand in [[sweep.variant]]");
    }
    axis.choices.push_back({short_key + "=" + NamePart(ToText(value)), {{key, value}}, value.where});
    for (size_t i = 0; i + 1 < axis.choices.size(); ++i) {
      if (SameValue((*values)[i], value)) return At(value, "'sweep." + key + "' lists " + ToText(value) + " twice");
    }
  }
  return axis;
}

// Lists by their whole keys. `train.learning_rate = [...]`, with or without quotes, is the same list.
Status CollectLists(const Config& config, const std::string& prefix, std::map<std::string, const Config*>* lists) {
  for (const auto& [part, value] : std::get<ConfigTable>(config.value)) {
    const std::string key = prefix.empty() ? part : prefix + "." + part;
    if (key == "variant") continue;
    if (std::holds_alternative<ConfigTable>(value.value)) {
      LOWBIT_RETURN_IF_ERROR(CollectLists(value, key, lists));
    } else if (!lists->emplace(key, &value).second) {
      return At(value, "'sweep." + key + "' is listed twice");
    }
  }
  return Ok();
}

std::string LastPart(const std::string& key) { return key.substr(key.rfind('.') + 1); }

// One axis for each list, the seed last.
Result<std::vector<Axis>> ReadLists(const Config& sweep) {
  std::map<std::string, const Config*> lists;
  LOWBIT_RETURN_IF_ERROR(CollectLists(sweep, "", &lists));
  std::vector<Axis> axes, seeds;
  for (const auto& [key, list] : lists) {
    const std::string last = LastPart(key);
    const auto has_last = [&](const auto& entry) { return LastPart(entry.first) == last; };
    const bool unique = std::count_if(lists.begin(), lists.end(), has_last) == 1;
    LOWBIT_TRY(Axis axis, ReadAxis(key, unique ? last : key, *list));
    (key == "seed" ? seeds : axes).push_back(std::move(axis));
  }
  axes.insert(axes.end(), seeds.begin(), seeds.end());
  return axes;
}

Result<Choice> ReadVariant(const Config& config) {
  ConfigReader reader(config, "sweep.variant");
  Choice choice;
  choice.where = config.where;
  choice.label = reader.String("name", "");
  if (choice.label.empty() || choice.label.find_first_not_of(kNameLetters) != std::string::npos ||
      std::string("._-+").find(choice.label[0]) != std::string::npos) {
    const std::string rule = "letters, digits and '._-+', beginning with a letter or a digit";
    reader.Reject("name", (reader.Has("name") ? "a name of " : "given: ") + rule);
  }
  const std::vector<std::string> assignments = reader.Strings("set", {});
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  for (const std::string& assignment : assignments) {
    LOWBIT_TRY(Setting setting, ParseSetting(assignment, config.where + ": set '" + assignment + "'"));
    LOWBIT_RETURN_IF_ERROR(CheckKey(setting.key, setting.value));
    for (const Setting& before : choice.settings) {
      if (Overlap(before.key, setting.key)) return At(setting.value, "variant '" + choice.label + "' sets it twice");
    }
    choice.settings.push_back(std::move(setting));
  }
  return choice;
}

Result<Axis> ReadVariants(const Config& config) {
  const auto* tables = std::get_if<ConfigArray>(&config.value);
  if (tables == nullptr || tables->empty()) {
    return At(config, "'sweep.variant' must be tables, each begun by [[sweep.variant]]");
  }
  Axis axis;
  for (const Config& table : *tables) {
    LOWBIT_TRY(Choice choice, ReadVariant(table));
    axis.choices.push_back(std::move(choice));
  }
  return axis;
}

// Two choices with one label would be two runs with one name.
Status CheckLabels(const Axis& axis) {
  std::map<std::string, const Choice*> labels;
  for (const Choice& choice : axis.choices) {
    const auto [before, is_new] = labels.emplace(choice.label, &choice);
    if (is_new) continue;
    return Invalid(choice.where + ": two runs would be named '" + choice.label + "', the other one at " +
                   before->second->where + "; name them by [[sweep.variant]]");
  }
  return Ok();
}

// What an axis sets, by key.
std::map<std::string, Config> SettingsOf(const Axis& axis) {
  std::map<std::string, Config> settings;
  for (const Choice& choice : axis.choices) {
    for (const Setting& setting : choice.settings) settings.emplace(setting.key, setting.value);
  }
  return settings;
}

// Where two axes, or an axis and the command line, set one key, one of the two would be ignored.
Status CheckSetOnce(const std::vector<Axis>& axes, const std::vector<std::string>& fixed) {
  std::map<std::string, Config> before;
  for (const Axis& axis : axes) {
    std::map<std::string, Config> settings = SettingsOf(axis);
    for (const auto& [key, value] : settings) {
      for (const std::string& set : fixed) {
        if (Overlap(key, set)) return Invalid("--set " + set + ": [sweep] sets '" + key + "' already");
      }
      for (const auto& [other, at] : before) {
        if (Overlap(key, other)) return At(value, "[sweep] sets '" + key + "' twice, the other time at " + at.where);
      }
    }
    before.merge(settings);
  }
  return Ok();
}

Status CheckCount(const std::vector<Axis>& axes, const Config& sweep) {
  size_t runs = 1;
  for (const Axis& axis : axes) {
    runs *= axis.choices.size();  // Each factor is below 2^20 (the size of a recipe), and runs at most 10,000.
    if (runs > kMaxSweepRuns) {
      return At(sweep, "'sweep' must list at most " + std::to_string(kMaxSweepRuns) + " runs");
    }
  }
  return Ok();
}

// Variants first, seeds last.
Result<std::vector<Axis>> ReadAxes(const Config& sweep, const std::vector<std::string>& fixed) {
  const auto* table = std::get_if<ConfigTable>(&sweep.value);
  if (table == nullptr || table->empty()) {
    return At(sweep, "'sweep' must be a table that lists values of at least one key");
  }
  LOWBIT_TRY(std::vector<Axis> axes, ReadLists(sweep));
  const auto variants = table->find("variant");
  if (variants != table->end()) {
    LOWBIT_TRY(Axis axis, ReadVariants(variants->second));
    axes.insert(axes.begin(), std::move(axis));
  }
  for (const Axis& axis : axes) LOWBIT_RETURN_IF_ERROR(CheckLabels(axis));
  LOWBIT_RETURN_IF_ERROR(CheckSetOnce(axes, fixed));
  LOWBIT_RETURN_IF_ERROR(CheckCount(axes, sweep));
  return axes;
}

std::string Joined(const std::string& name, const std::string& label) {
  return name.empty() ? label : name + "," + label;
}

// What distinguishes a run before its recipe is made.
struct Combination {
  std::string name, group;
  std::vector<Setting> settings;
};

std::vector<Combination> Combine(const std::vector<Combination>& before, const Axis& axis) {
  std::vector<Combination> combined;
  for (const Combination& combination : before) {
    for (const Choice& choice : axis.choices) {
      combined.push_back(combination);
      combined.back().name = Joined(combination.name, choice.label);
      if (axis.key != "seed") combined.back().group = Joined(combination.group, choice.label);
      auto& settings = combined.back().settings;
      settings.insert(settings.end(), choice.settings.begin(), choice.settings.end());
    }
  }
  return combined;
}

void Replace(const std::string& word, const std::string& by, Config* config) {
  if (auto* text = std::get_if<std::string>(&config->value)) {
    for (size_t at = text->find(word); at != std::string::npos; at = text->find(word, at + by.size())) {
      text->replace(at, word.size(), by);
    }
  } else if (auto* list = std::get_if<ConfigArray>(&config->value)) {
    for (Config& entry : *list) Replace(word, by, &entry);
  } else if (auto* table = std::get_if<ConfigTable>(&config->value)) {
    for (auto& [key, entry] : *table) Replace(word, by, &entry);
  }
}

Result<SweepRun> MakeRun(const Config& base, const Combination& combination) {
  SweepRun run{combination.name, combination.group, base, Recipe()};
  if (run.name.size() > kMaxNameLength) {
    return Invalid("the name of run '" + run.name + "' is longer than " + std::to_string(kMaxNameLength) +
                   " letters; name it by [[sweep.variant]]");
  }
  for (const Setting& setting : combination.settings) LOWBIT_RETURN_IF_ERROR(ApplySetting(setting, &run.config));
  auto& keys = std::get<ConfigTable>(run.config.value);
  const auto seed = keys.find("seed");
  if (seed != keys.end()) Replace("$seed", ToText(seed->second), &run.config);
  Config& name = keys["name"];
  name.value = std::get<std::string>(name.value) + "/" + run.name;
  Result<Recipe> recipe = ReadRecipe(run.config);
  if (!recipe.ok()) return Error{recipe.error().kind, recipe.error().message + " (run '" + run.name + "')"};
  run.recipe = std::move(recipe).value();
  return run;
}

// Two variants may say the same in other words.
Status CheckDistinct(const std::vector<SweepRun>& runs) {
  std::map<std::string, std::string> names;
  for (const SweepRun& run : runs) {
    Config nameless = run.config;
    std::get<ConfigTable>(nameless.value).erase("name");
    const auto [before, is_new] = names.emplace(ToToml(nameless), run.name);
    if (is_new) continue;
    return Invalid("runs '" + before->second + "' and '" + run.name + "' are the same but for their names");
  }
  return Ok();
}

}  // namespace

bool IsSweep(const Config& config) { return std::get<ConfigTable>(config.value).count("sweep") > 0; }

Result<std::vector<SweepRun>> ExpandSweep(const Config& config, const std::vector<std::string>& fixed) {
  Config base = config;
  auto& table = std::get<ConfigTable>(base.value);
  const Config sweep = table.at("sweep");
  table.erase("sweep");
  LOWBIT_TRY(const std::vector<Axis> axes, ReadAxes(sweep, fixed));
  std::vector<Combination> combinations(1);
  for (const Axis& axis : axes) combinations = Combine(combinations, axis);
  std::vector<SweepRun> runs;
  for (const Combination& combination : combinations) {
    LOWBIT_TRY(SweepRun run, MakeRun(base, combination));
    runs.push_back(std::move(run));
  }
  LOWBIT_RETURN_IF_ERROR(CheckDistinct(runs));
  return runs;
}

}  // namespace lowbit::recipe
