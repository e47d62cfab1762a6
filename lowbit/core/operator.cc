#include "lowbit/core/operator.h"

#include <map>

namespace lowbit {
namespace {

const std::map<std::string, Operator>& Operators() {
  static const std::map<std::string, Operator> operators = [] {
    std::map<std::string, Operator> all;
    for (const ops::ShelfEntry& entry : ops::ShelfEntries()) {
      for (Operator& op : entry.function()) {
        const std::string name = op.name;
        const bool is_new = all.emplace(name, std::move(op)).second;
        LOWBIT_CHECK(is_new);
      }
    }
    return all;
  }();
  return operators;
}

}  // namespace

const Operator* FindOperator(const std::string& name) {
  const auto found = Operators().find(name);
  return found == Operators().end() ? nullptr : &found->second;
}

std::vector<std::string> OperatorNames() {
  std::vector<std::string> names;
  for (const auto& [name, op] : Operators()) names.push_back(name);
  return names;
}

}  // namespace lowbit
