#ifndef LOWBIT_TESTS_ARCHITECTURE_INCLUDE_RULES_H_
#define LOWBIT_TESTS_ARCHITECTURE_INCLUDE_RULES_H_

// The direction of includes. ARCHITECTURE.md states the rules in two tables; this reads the tables out of it, reads every
// #include of a tree, and says which ones break a rule.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "lowbit/base/result.h"

namespace lowbit::architecture {

struct Rules {
  // Library ("core", "format/lbm") -> the libraries that its files may include. Itself is not listed.
  std::map<std::string, std::set<std::string>> may_include;
  // First letters of a third-party header ("torch/", "png.h") -> the libraries that may include it; "*" is every one.
  // tests and bench may include all of them.
  std::map<std::string, std::set<std::string>> third_party;
};

// The rules out of the text of ARCHITECTURE.md: the table below the line "<!-- table: libraries -->" has the columns
// library, may include; the one below "<!-- table: third-party headers -->" has headers, only in. Further columns are
// prose. A library `x` stands for all `x/...` where it is allowed. Errors: a table missing, empty, or naming a library
// that has no row.
Result<Rules> ParseRules(const std::string& markdown);

struct Include {
  std::string file;    // Relative to the root of the tree: "lowbit/core/graph.cc".
  int line = 0;        // From 1.
  std::string header;  // As written between the quotes or angle brackets.
  bool quoted = false;
};

// Every #include of every .h, .cc, .cpp and .c file below `folders` of `root`, in the order of file names.
Result<std::vector<Include>> ReadIncludes(const std::string& root, const std::vector<std::string>& folders);

// One sentence for each include against the rules, and one for each pair of folders that include each other (*_test.cc
// left out). Empty: the tree keeps its direction.
std::vector<std::string> Violations(const Rules& rules, const std::vector<Include>& includes);

}  // namespace lowbit::architecture

#endif  // LOWBIT_TESTS_ARCHITECTURE_INCLUDE_RULES_H_
