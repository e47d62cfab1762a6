#include "lowbit/format/onnx/rules.h"

#include <utility>

#include "lowbit/format/onnx/names.h"

namespace lowbit::onnx {

const Value& Call::Input(size_t i) const {
  static const Value absent;
  return i < inputs.size() ? inputs[i] : absent;
}

void Call::SetInput(size_t i, Value value) {
  if (inputs.size() <= i) inputs.resize(i + 1);
  inputs[i] = std::move(value);
}

int64_t Call::Int(const std::string& name, int64_t otherwise) const {
  const auto found = attributes.find(name);
  const int64_t* value = found == attributes.end() ? nullptr : std::get_if<int64_t>(&found->second);
  return value == nullptr ? otherwise : *value;
}

std::string Call::Text(const std::string& name, const std::string& otherwise) const {
  const auto found = attributes.find(name);
  const std::string* value = found == attributes.end() ? nullptr : std::get_if<std::string>(&found->second);
  return value == nullptr ? otherwise : *value;
}

void Call::MoveToInput(const std::string& name, size_t i) {
  const auto found = attributes.find(name);
  if (found == attributes.end()) return;
  if (const auto* list = std::get_if<std::vector<int64_t>>(&found->second)) {
    SetInput(i, Builder::Known(MakeIntegers(*list)));
  } else if (const auto* integer = std::get_if<int64_t>(&found->second)) {
    SetInput(i, Builder::Known(MakeIntegers({*integer})));
  } else if (const auto* number = std::get_if<double>(&found->second)) {
    SetInput(i, Builder::Known(MakeScalar(*number)));
  } else {
    return;  // Of a wrong type: the operator says so.
  }
  attributes.erase(found);
}

Result<std::vector<int64_t>> KnownIntegers(const Call& call, size_t i) {
  const Value& value = call.Input(i);
  const std::string what = "input " + std::to_string(i);
  if (!value.known() || value.depends_on_batch()) {
    return Invalid(what + " must be known when the file is read, and the same for every batch");
  }
  const auto* integers = std::get_if<Int64Tensor>(&value.constants[0]->value);
  if (integers == nullptr) return Invalid(what + " must be of an integer type");
  return integers->data;
}

Outputs ApplyAsIs(const Call& call, Builder* builder) {
  return builder->Apply(call.op, call.inputs, call.attributes, call.outputs);
}

std::string RuleName(const std::string& domain, const std::string& op) {
  return domain == kMicrosoftDomain ? domain + "." + op : op;
}

const RuleTable& Rules() {
  static const RuleTable table = [] {
    RuleTable rules;
    AddConstantRules(&rules);
    AddShapeRules(&rules);
    AddEinsumRules(&rules);
    AddMathRules(&rules);
    AddNetworkRules(&rules);
    AddIntegerRules(&rules);
    AddQonnxRules(&rules);
    AddMicrosoftRules(&rules);
    return rules;
  }();
  return table;
}

}  // namespace lowbit::onnx
