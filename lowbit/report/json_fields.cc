#include "lowbit/report/json_fields.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace lowbit::report {
namespace {

using nlohmann::json;

const json& EmptyObject() {
  static const json empty = json::object();
  return empty;
}

std::string NumberRule(double min, double max) {
  char text[80] = "a number";
  if (min > -JsonFields::kMost && max < JsonFields::kMost) {
    std::snprintf(text, sizeof(text), "a number in %.10g..%.10g", min, max);
  } else if (min > -JsonFields::kMost) {
    std::snprintf(text, sizeof(text), "a number of at least %.10g", min);
  }
  return text;
}

// Unsigned values above the largest int64_t are no counts of anything.
bool IsCount(const json& value, int64_t min) {
  if (!value.is_number_integer()) return false;
  if (value.is_number_unsigned() && value.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX)) return false;
  return value.get<int64_t>() >= min;
}

}  // namespace

JsonFields::JsonFields(const json& object, std::string where) : object_(object), where_(std::move(where)) {}

const json* JsonFields::Find(const std::string& key) const {
  const auto found = object_.find(key);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

void JsonFields::Reject(const std::string& key, const std::string& rule) {
  if (failed_) return;
  failed_ = true;
  message_ = where_ + ": '" + key + "' must be " + rule;
}

int64_t JsonFields::Count(const std::string& key, int64_t min) {
  const json* value = Find(key);
  if (value != nullptr && IsCount(*value, min)) return value->get<int64_t>();
  Reject(key, "an integer of at least " + std::to_string(min));
  return 0;
}

std::optional<int64_t> JsonFields::OptionalCount(const std::string& key) {
  if (Find(key) == nullptr) return std::nullopt;
  return Count(key);
}

double JsonFields::Number(const std::string& key, double min, double max) {
  const json* value = Find(key);
  if (value != nullptr && value->is_number()) {
    const double number = value->get<double>();
    if (std::isfinite(number) && number >= min && number <= max) return number;
  }
  Reject(key, NumberRule(min, max));
  return 0;
}

std::optional<double> JsonFields::OptionalNumber(const std::string& key, double min, double max) {
  if (Find(key) == nullptr) return std::nullopt;
  return Number(key, min, max);
}

std::string JsonFields::Text(const std::string& key) {
  std::string text = OptionalText(key);
  if (text.empty()) Reject(key, "a string that is not empty");
  return text;
}

std::string JsonFields::OptionalText(const std::string& key) {
  const json* value = Find(key);
  if (value == nullptr) return "";
  if (value->is_string()) return value->get<std::string>();
  Reject(key, "a string");
  return "";
}

std::vector<int64_t> JsonFields::Counts(const std::string& key, size_t min_size, size_t max_size) {
  const json* value = Find(key);
  std::vector<int64_t> counts;
  bool good = value != nullptr && value->is_array() && value->size() >= min_size && value->size() <= max_size;
  for (size_t i = 0; good && i < value->size(); ++i) {
    good = IsCount((*value)[i], 0);
    if (good) counts.push_back((*value)[i].get<int64_t>());
  }
  if (good) return counts;
  Reject(key, "a list of " + std::to_string(min_size) + (min_size == max_size ? "" : ".." + std::to_string(max_size)) +
                  " integers of at least 0");
  return {};
}

std::vector<std::string> JsonFields::OptionalTexts(const std::string& key) {
  const json* value = Find(key);
  if (value == nullptr) return {};
  std::vector<std::string> texts;
  bool good = value->is_array();
  for (size_t i = 0; good && i < value->size(); ++i) {
    good = (*value)[i].is_string();
    if (good) texts.push_back((*value)[i].get<std::string>());
  }
  if (good) return texts;
  Reject(key, "a list of strings");
  return {};
}

std::map<std::string, double> JsonFields::OtherNumbers(const std::vector<std::string>& known) const {
  std::map<std::string, double> numbers;
  for (const auto& [key, value] : object_.items()) {
    if (!value.is_number() || std::count(known.begin(), known.end(), key) > 0) continue;
    if (std::isfinite(value.get<double>())) numbers[key] = value.get<double>();
  }
  return numbers;
}

const json& JsonFields::Object(const std::string& key) {
  const json* value = Find(key);
  if (value != nullptr && value->is_object()) return *value;
  Reject(key, "an object");
  return EmptyObject();
}

Result<json> ParseJsonObject(const std::string& text, const std::string& where) {
  json parsed = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (parsed.is_discarded() || !parsed.is_object()) return Invalid(where + ": not a complete JSON object");
  return parsed;
}

}  // namespace lowbit::report
