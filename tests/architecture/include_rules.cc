#include "tests/architecture/include_rules.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <regex>
#include <sstream>

#include "lowbit/base/file.h"
#include "lowbit/base/suggest.h"

namespace lowbit::architecture {
namespace {

std::string Trim(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t`");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t`") - first + 1);
}

std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::stringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(Trim(part));
  return parts;
}

// "a, b" -> {"a", "b"}; "-" -> {}.
std::set<std::string> Names(const std::string& cell) {
  std::set<std::string> names;
  for (const std::string& name : Split(cell, ',')) {
    if (!name.empty() && name != "-") names.insert(name);
  }
  return names;
}

// The cells of the rows of the table that follows the line `marker`, without its heading.
Result<std::vector<std::vector<std::string>>> Table(const std::string& markdown, const std::string& marker) {
  std::stringstream stream(markdown);
  std::string line;
  while (std::getline(stream, line) && line != marker) {
  }
  std::vector<std::vector<std::string>> rows;
  while (std::getline(stream, line)) {
    if (line.empty() && rows.empty()) continue;
    if (line.empty() || line[0] != '|') break;
    rows.push_back(Split(line.substr(1), '|'));
  }
  if (rows.size() < 3 || rows[2].size() < 2) return Invalid("no table follows the line '" + marker + "'");
  rows.erase(rows.begin(), rows.begin() + 2);
  return rows;
}

Status CheckKnown(const Rules& rules, const std::set<std::string>& names, const std::string& row) {
  for (const std::string& name : names) {
    const bool known = name == "*" || std::any_of(rules.may_include.begin(), rules.may_include.end(), [&](auto& entry) {
                         return entry.first == name || entry.first.rfind(name + "/", 0) == 0;
                       });
    if (!known) return Invalid("the row of '" + row + "' names the library '" + name + "', which has no row");
  }
  return Ok();
}

// Whether `names` holds `library` or a library above it ("format" stands for "format/lbm").
bool Covers(const std::set<std::string>& names, const std::string& library) {
  return names.count("*") > 0 || names.count(library) > 0 ||
         std::any_of(names.begin(), names.end(),
                     [&](const std::string& name) { return library.rfind(name + "/", 0) == 0; });
}

bool StartsWith(const std::string& text, const std::string& start) { return text.rfind(start, 0) == 0; }

// The library that a path below the root belongs to: the longest name in the table; "tests" and "bench" by their folder.
std::optional<std::string> LibraryOf(const Rules& rules, const std::string& path) {
  for (const char* folder : {"tests/", "bench/", "examples/"}) {
    if (StartsWith(path, folder)) return std::string(folder, std::string(folder).size() - 1);
  }
  std::optional<std::string> found;
  for (const auto& [name, allowed] : rules.may_include) {
    if (StartsWith(path, "lowbit/" + name + "/") && (!found || name.size() > found->size())) found = name;
  }
  return found;
}

bool IsOutside(const std::string& library) { return library == "tests" || library == "bench" || library == "examples"; }

// The C and C++ libraries and the kernel's: no folder and no extension, or a name that POSIX, C, Linux or glibc gives.
bool IsSystemHeader(const std::string& header) {
  static const std::regex system(
      R"([a-z_0-9]+|(sys|linux|arpa|netinet)/[a-z_0-9]+\.h|)"
      R"((unistd|fcntl|dirent|dlfcn|signal|pthread|sched|poll|termios|getopt|glob|fnmatch|wait|netdb|malloc)\.h|)"
      R"((stddef|stdint|stdbool|stdio|stdlib|string|math|time|errno|inttypes|setjmp)\.h)");
  return std::regex_match(header, system);
}

std::string Where(const Include& include) {
  return include.file + ":" + std::to_string(include.line) + ": '" + include.header + "' ";
}

std::optional<std::string> OwnHeaderViolation(const Rules& rules, const Include& include, const std::string& from) {
  const std::optional<std::string> to = LibraryOf(rules, include.header);
  if (!to) return Where(include) + "is in no library of the table";
  if (*to == from || (IsOutside(from) && !IsOutside(*to))) return std::nullopt;
  if (IsOutside(*to)) return Where(include) + "is not for libraries: nothing below lowbit/ may include " + *to;
  if (Covers(rules.may_include.at(from), *to)) return std::nullopt;
  return Where(include) + "runs against the table: " + from + " may not include " + *to;
}

std::optional<std::string> OtherHeaderViolation(const Rules& rules, const Include& include, const std::string& from) {
  if (IsSystemHeader(include.header)) return std::nullopt;
  for (const auto& [start, libraries] : rules.third_party) {
    if (!StartsWith(include.header, start)) continue;
    if (IsOutside(from) || Covers(libraries, from)) return std::nullopt;
    return Where(include) + "is not for " + from + ": third-party headers '" + start + "' belong to other libraries";
  }
  return Where(include) + "is neither a path from the root of the tree nor in the table of third-party headers";
}

std::optional<std::string> Violation(const Rules& rules, const Include& include) {
  const std::optional<std::string> from = LibraryOf(rules, include.file);
  if (!from) return include.file + " is in no library of the table";
  const bool own = StartsWith(include.header, "lowbit/") || StartsWith(include.header, "tests/") ||
                   StartsWith(include.header, "bench/");
  return own ? OwnHeaderViolation(rules, include, *from) : OtherHeaderViolation(rules, include, *from);
}

std::string Folder(const std::string& path) { return path.substr(0, path.rfind('/')); }

bool IsTest(const std::string& path) { return path.size() > 8 && path.compare(path.size() - 8, 8, "_test.cc") == 0; }

std::vector<std::string> TwoWayPairs(const std::vector<Include>& includes) {
  std::map<std::pair<std::string, std::string>, const Include*> edges;
  for (const Include& include : includes) {
    const bool own = StartsWith(include.file, "lowbit/") && StartsWith(include.header, "lowbit/");
    if (own && !IsTest(include.file)) edges.emplace(std::pair(Folder(include.file), Folder(include.header)), &include);
  }
  std::vector<std::string> messages;
  for (const auto& [edge, include] : edges) {
    const auto back = edges.find({edge.second, edge.first});
    if (edge.first >= edge.second || back == edges.end()) continue;
    messages.push_back("folders " + edge.first + " and " + edge.second + " include each other: " + Where(*include) +
                       "and " + Where(*back->second));
  }
  return messages;
}

Status ReadFileIncludes(const std::string& root, const std::string& file, std::vector<Include>* includes) {
  static const std::regex directive(R"re(\s*#\s*include\s*(["<])([^">]+)[">].*)re");
  LOWBIT_TRY(const std::string text, ReadTextFile(root + "/" + file));
  std::stringstream stream(text);
  int number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    std::smatch match;
    if (std::regex_match(line, match, directive)) includes->push_back({file, number, match[2], match[1] == "\""});
  }
  return Ok();
}

std::vector<std::string> SourceFiles(const std::string& root, const std::string& folder) {
  static const std::set<std::string> extensions = {".h", ".cc", ".cpp", ".c", ".cu"};
  std::vector<std::string> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root + "/" + folder, error)) {
    if (!entry.is_regular_file() || extensions.count(entry.path().extension().string()) == 0) continue;
    files.push_back(std::filesystem::relative(entry.path(), root).generic_string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

Result<Rules> ParseRules(const std::string& markdown) {
  LOWBIT_TRY(const auto libraries, Table(markdown, "<!-- table: libraries -->"));
  LOWBIT_TRY(const auto headers, Table(markdown, "<!-- table: third-party headers -->"));
  Rules rules;
  for (const auto& row : libraries) rules.may_include[row[0]] = Names(row[1]);
  for (const auto& [library, allowed] : rules.may_include) {
    LOWBIT_RETURN_IF_ERROR(CheckKnown(rules, allowed, library));
  }
  for (const auto& row : headers) {
    LOWBIT_RETURN_IF_ERROR(CheckKnown(rules, Names(row[1]), row[0]));
    for (const std::string& start : Names(row[0])) rules.third_party[Trim(start)] = Names(row[1]);
  }
  return rules;
}

Result<std::vector<Include>> ReadIncludes(const std::string& root, const std::vector<std::string>& folders) {
  std::vector<Include> includes;
  for (const std::string& folder : folders) {
    for (const std::string& file : SourceFiles(root, folder)) {
      LOWBIT_RETURN_IF_ERROR(ReadFileIncludes(root, file, &includes));
    }
  }
  return includes;
}

std::vector<std::string> Violations(const Rules& rules, const std::vector<Include>& includes) {
  std::vector<std::string> messages;
  for (const Include& include : includes) {
    if (const std::optional<std::string> message = Violation(rules, include)) messages.push_back(*message);
  }
  for (std::string& message : TwoWayPairs(includes)) messages.push_back(std::move(message));
  return messages;
}

}  // namespace lowbit::architecture
