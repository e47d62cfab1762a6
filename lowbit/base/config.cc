#include "lowbit/base/config.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "lowbit/base/suggest.h"

namespace lowbit {
namespace {

const Config& EmptyTable() {
  static const Config empty;
  return empty;
}

std::string Prefix(const std::string& where) { return where.empty() ? "" : where + ": "; }

std::string Number(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.10g", value);
  return text;
}

std::string RangeRule(const std::string& kind, double min, double max) {
  const bool low = min > -9e18, high = max < 9e18;
  if (low && high) return kind + " in " + Number(min) + ".." + Number(max);
  if (low) return kind + " of at least " + Number(min);
  if (high) return kind + " of at most " + Number(max);
  return kind;
}

bool IsNumber(const Config& config, double* value) {
  if (const auto* integer = std::get_if<int64_t>(&config.value)) {
    *value = static_cast<double>(*integer);
    return true;
  }
  if (const auto* real = std::get_if<double>(&config.value)) {
    *value = *real;
    return std::isfinite(*real);
  }
  return false;
}

}  // namespace

ConfigReader::ConfigReader(const Config& config, std::string path) : path_(std::move(path)) {
  table_ = std::get_if<ConfigTable>(&config.value);
  if (table_ == nullptr) {
    table_ = std::get_if<ConfigTable>(&EmptyTable().value);
    failed_ = true;
    error_ = Invalid(Prefix(config.where) + "'" + path_ + "' must be a table");
  }
}

std::string ConfigReader::FullName(const std::string& key) const { return path_.empty() ? key : path_ + "." + key; }

bool ConfigReader::Has(const std::string& key) const { return table_->count(key) > 0; }

const Config* ConfigReader::Take(const std::string& key) {
  known_.insert(key);
  const auto found = table_->find(key);
  return found == table_->end() ? nullptr : &found->second;
}

void ConfigReader::Reject(const std::string& key, const std::string& rule) {
  if (failed_) return;
  failed_ = true;
  const auto found = table_->find(key);
  const std::string where = found == table_->end() ? "" : found->second.where;
  error_ = Invalid(Prefix(where) + "'" + FullName(key) + "' must be " + rule);
}

bool ConfigReader::Bool(const std::string& key, bool otherwise) {
  const Config* config = Take(key);
  if (config == nullptr) return otherwise;
  if (const bool* value = std::get_if<bool>(&config->value)) return *value;
  Reject(key, "true or false");
  return otherwise;
}

int64_t ConfigReader::Int(const std::string& key, int64_t otherwise, int64_t min, int64_t max) {
  const Config* config = Take(key);
  if (config == nullptr) return otherwise;
  const int64_t* value = std::get_if<int64_t>(&config->value);
  if (value != nullptr && *value >= min && *value <= max) return *value;
  Reject(key, RangeRule("an integer", static_cast<double>(min), static_cast<double>(max)));
  return otherwise;
}

double ConfigReader::Float(const std::string& key, double otherwise, double min, double max) {
  const Config* config = Take(key);
  if (config == nullptr) return otherwise;
  double value = 0;
  if (IsNumber(*config, &value) && value >= min && value <= max) return value;
  Reject(key, RangeRule("a number", min, max));
  return otherwise;
}

std::string ConfigReader::String(const std::string& key, const std::string& otherwise,
                                 const std::vector<std::string>& allowed) {
  const Config* config = Take(key);
  if (config == nullptr) return otherwise;
  const std::string* value = std::get_if<std::string>(&config->value);
  if (value == nullptr) {
    Reject(key, "a string");
    return otherwise;
  }
  if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), *value) == allowed.end()) {
    Reject(key, "one of " + Join(allowed) + "; '" + *value + "' is nearest to '" + NearestName(*value, allowed) + "'");
    return otherwise;
  }
  return *value;
}

std::vector<double> ConfigReader::Floats(const std::string& key, const std::vector<double>& otherwise, double min,
                                         double max) {
  const Config* config = Take(key);
  if (config == nullptr) return otherwise;
  const ConfigArray* array = std::get_if<ConfigArray>(&config->value);
  std::vector<double> values;
  bool good = array != nullptr;
  for (size_t i = 0; good && i < array->size(); ++i) {
    double value = 0;
    good = IsNumber((*array)[i], &value) && value >= min && value <= max;
    values.push_back(value);
  }
  if (good) return values;
  Reject(key, "a list, each entry " + RangeRule("a number", min, max));
  return otherwise;
}

std::vector<int64_t> ConfigReader::Ints(const std::string& key, const std::vector<int64_t>& otherwise, int64_t min,
                                        int64_t max) {
  const Config* config = Take(key);
  if (config == nullptr) return otherwise;
  const ConfigArray* array = std::get_if<ConfigArray>(&config->value);
  std::vector<int64_t> values;
  bool good = array != nullptr;
  for (size_t i = 0; good && i < array->size(); ++i) {
    const int64_t* value = std::get_if<int64_t>(&(*array)[i].value);
    good = value != nullptr && *value >= min && *value <= max;
    if (good) values.push_back(*value);
  }
  if (good) return values;
  Reject(key, "a list, each entry " + RangeRule("an integer", static_cast<double>(min), static_cast<double>(max)));
  return otherwise;
}

std::vector<std::string> ConfigReader::Strings(const std::string& key, const std::vector<std::string>& otherwise) {
  const Config* config = Take(key);
  if (config == nullptr) return otherwise;
  const ConfigArray* array = std::get_if<ConfigArray>(&config->value);
  std::vector<std::string> values;
  bool good = array != nullptr;
  for (size_t i = 0; good && i < array->size(); ++i) {
    const std::string* value = std::get_if<std::string>(&(*array)[i].value);
    good = value != nullptr;
    if (good) values.push_back(*value);
  }
  if (good) return values;
  Reject(key, "a list of strings");
  return otherwise;
}

const Config& ConfigReader::Table(const std::string& key) {
  const Config* config = Take(key);
  if (config == nullptr) return EmptyTable();
  if (std::holds_alternative<ConfigTable>(config->value)) return *config;
  Reject(key, "a table");
  return EmptyTable();
}

Status ConfigReader::Finish() const {
  if (failed_) return error_;
  const std::vector<std::string> known(known_.begin(), known_.end());
  for (const auto& [key, config] : *table_) {
    if (known_.count(key) > 0) continue;
    const std::string inside = path_.empty() ? "" : " in [" + path_ + "]";
    return Invalid(Prefix(config.where) + UnknownName("key", key, known) + inside);
  }
  return Ok();
}

}  // namespace lowbit
