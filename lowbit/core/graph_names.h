#ifndef LOWBIT_CORE_GRAPH_NAMES_H_
#define LOWBIT_CORE_GRAPH_NAMES_H_

#include <set>
#include <string>

#include "lowbit/core/graph.h"

namespace lowbit {

// The names of a graph's nodes and values, for whoever adds some.
class GraphNames {
 public:
  explicit GraphNames(const Graph& graph);

  // The wish, with as many ' behind it as it takes to be new; taken from now on.
  std::string Unique(const std::string& wish);

 private:
  std::set<std::string> names_;
};

}  // namespace lowbit

#endif  // LOWBIT_CORE_GRAPH_NAMES_H_
