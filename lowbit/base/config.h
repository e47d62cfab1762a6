#ifndef LOWBIT_BASE_CONFIG_H_
#define LOWBIT_BASE_CONFIG_H_

// Settings as a tree of values (what a recipe file becomes), and a reader that checks them.

#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "lowbit/base/result.h"

namespace lowbit {

struct Config;
using ConfigTable = std::map<std::string, Config>;
using ConfigArray = std::vector<Config>;

struct Config {
  std::variant<bool, int64_t, double, std::string, ConfigArray, ConfigTable> value = ConfigTable();
  std::string where;  // "file.toml:12" or "--set", for messages; may be empty.
};

// Reads one table key by key. A wrong type or range is remembered (the first one) and the default returned, so that
// code reads as a plain list of settings; Finish() then gives that error, or the error for a key that nobody asked for.
//
//   ConfigReader reader(config, "train");
//   const int64_t epochs = reader.Int("epochs", 10, 1, 100000);
//   LOWBIT_RETURN_IF_ERROR(reader.Finish());   // "r.toml:3: unknown key 'epoch'; did you mean 'epochs'? ..."
class ConfigReader {
 public:
  // `path` names the table in messages; "" for the root. `config` must outlive the reader. A config that is not a
  // table is an error that Finish() reports.
  ConfigReader(const Config& config, std::string path);

  bool Has(const std::string& key) const;
  bool Bool(const std::string& key, bool otherwise);
  int64_t Int(const std::string& key, int64_t otherwise, int64_t min = std::numeric_limits<int64_t>::min(),
              int64_t max = std::numeric_limits<int64_t>::max());
  // Accepts integers too. Bounds are inclusive; NaN and infinities are errors.
  double Float(const std::string& key, double otherwise, double min = -std::numeric_limits<double>::max(),
               double max = std::numeric_limits<double>::max());
  // If `allowed` is not empty the text must be one of them; the error names the nearest.
  std::string String(const std::string& key, const std::string& otherwise,
                     const std::vector<std::string>& allowed = {});
  std::vector<double> Floats(const std::string& key, const std::vector<double>& otherwise,
                             double min = -std::numeric_limits<double>::max(),
                             double max = std::numeric_limits<double>::max());
  std::vector<int64_t> Ints(const std::string& key, const std::vector<int64_t>& otherwise,
                            int64_t min = std::numeric_limits<int64_t>::min(),
                            int64_t max = std::numeric_limits<int64_t>::max());
  std::vector<std::string> Strings(const std::string& key, const std::vector<std::string>& otherwise);
  // The sub-table, or an empty one. The caller reads it with a ConfigReader of its own (path + "." + key).
  const Config& Table(const std::string& key);

  // Remembers an error of the caller's own about `key`: "where: 'path.key' must be <rule>".
  void Reject(const std::string& key, const std::string& rule);

  // The first error, or an unknown key, or ok.
  Status Finish() const;

  const std::string& path() const { return path_; }

 private:
  const Config* Take(const std::string& key);
  std::string FullName(const std::string& key) const;

  const ConfigTable* table_;
  std::string path_;
  std::set<std::string> known_;
  bool failed_ = false;
  Error error_;
};

}  // namespace lowbit

#endif  // LOWBIT_BASE_CONFIG_H_
