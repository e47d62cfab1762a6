#ifndef LOWBIT_FORMAT_ONNX_RULES_H_
#define LOWBIT_FORMAT_ONNX_RULES_H_

// How nodes of a file become operators of core, where they are not the same: other forms in older opsets, operators that
// others make up, element types. An operator without a rule is applied as it is.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "lowbit/format/onnx/builder.h"

namespace lowbit::onnx {

// A node of the file.
struct Call {
  std::string op;
  int64_t opset = 17;
  std::vector<Value> inputs;
  Attributes attributes;  // Lists of strings are one string, with commas.
  std::map<std::string, ConstantPtr> tensors;
  size_t outputs = 1;

  // An input that may be left out, also by the end of the list.
  const Value& Input(size_t i) const;
  // Puts `value` at input i.
  void SetInput(size_t i, Value value);
  int64_t Int(const std::string& name, int64_t otherwise) const;
  std::string Text(const std::string& name, const std::string& otherwise) const;
  // Makes the list (or integer) that is attribute `name` in older opsets input i, as it is in newer ones.
  void MoveToInput(const std::string& name, size_t i);
};

// The integers of input i. Error: not known, or different for each size of the batch.
Result<std::vector<int64_t>> KnownIntegers(const Call& call, size_t i);

using Outputs = Result<std::vector<Value>>;
using Rule = Outputs (*)(Call call, Builder* builder);
using RuleTable = std::map<std::string, Rule>;

// Constants for operators that rules make up.
inline Value Number(double value) { return Builder::Known(MakeScalar(value)); }
inline Value Integers(std::vector<int64_t> values) { return Builder::Known(MakeIntegers(std::move(values))); }

// Applies call.op as it is.
Outputs ApplyAsIs(const Call& call, Builder* builder);

// One for each file rules_<what>.cc.
void AddConstantRules(RuleTable* table);
void AddShapeRules(RuleTable* table);
void AddEinsumRules(RuleTable* table);
void AddMathRules(RuleTable* table);
void AddNetworkRules(RuleTable* table);
void AddIntegerRules(RuleTable* table);
void AddQonnxRules(RuleTable* table);
void AddMicrosoftRules(RuleTable* table);  // After the others, of which it takes some.

// Under which a rule stands: ONNX Runtime's operators, some of which are called like ONNX's, with their domain.
std::string RuleName(const std::string& domain, const std::string& op);

const RuleTable& Rules();

}  // namespace lowbit::onnx

#endif  // LOWBIT_FORMAT_ONNX_RULES_H_
