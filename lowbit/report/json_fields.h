#ifndef LOWBIT_REPORT_JSON_FIELDS_H_
#define LOWBIT_REPORT_JSON_FIELDS_H_

#include <cstdint>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "lowbit/base/result.h"

namespace lowbit::report {

// Reads the keys of one JSON object. The first thing wrong is remembered and a zero returned, so that code reads as a
// plain list of fields; status() then tells it as "where: 'key' must be <rule>". Keys nobody asks for are ignored.
class JsonFields {
 public:
  static constexpr double kMost = std::numeric_limits<double>::max();

  // `where` begins each message: "metrics.jsonl:12". `object` must outlive the reader.
  JsonFields(const nlohmann::json& object, std::string where);

  int64_t Count(const std::string& key, int64_t min = 0);
  std::optional<int64_t> OptionalCount(const std::string& key);
  double Number(const std::string& key, double min = -kMost, double max = kMost);
  std::optional<double> OptionalNumber(const std::string& key, double min = -kMost, double max = kMost);
  std::string Text(const std::string& key);  // Not empty.
  std::string OptionalText(const std::string& key);
  std::vector<int64_t> Counts(const std::string& key, size_t min_size, size_t max_size);
  std::vector<std::string> OptionalTexts(const std::string& key);
  // All numbers but those under `known`; what is no number, or not finite, is ignored.
  std::map<std::string, double> OtherNumbers(const std::vector<std::string>& known) const;
  // The object under `key`; an empty one, and an error, if it is something else.
  const nlohmann::json& Object(const std::string& key);

  void Reject(const std::string& key, const std::string& rule);
  Status status() const { return failed_ ? Status(Invalid(message_)) : Ok(); }

 private:
  const nlohmann::json* Find(const std::string& key) const;

  const nlohmann::json& object_;
  std::string where_;
  bool failed_ = false;
  std::string message_;
};

// Parses a text that must be one JSON object. Errors: "where: not a JSON object".
Result<nlohmann::json> ParseJsonObject(const std::string& text, const std::string& where);

}  // namespace lowbit::report

#endif  // LOWBIT_REPORT_JSON_FIELDS_H_
