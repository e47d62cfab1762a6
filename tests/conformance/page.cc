#include <map>
#include <set>

#include "lowbit/format/onnx/onnx.h"
#include "tests/conformance/conformance.h"

namespace lowbit::conformance {
namespace {

struct Row {
  int tests = 0, passes = 0, fixed = 0;
  std::set<std::string> reasons;
};

// Why a test does not pass, without what differs from test to test.
std::string Reason(const Outcome& outcome) {
  if (outcome.verdict == Verdict::kWrong) return outcome.test + ": " + outcome.why;
  const size_t unsupported = outcome.why.find("not supported: ");
  if (unsupported != std::string::npos && outcome.operators != "several") return "not supported";
  if (unsupported != std::string::npos) return "one of its operators is not supported";
  std::string why = outcome.why;
  for (const char* place : {"): ", ".pb: "}) {
    if (const size_t end = why.find(place); end != std::string::npos) why.erase(0, end + std::string(place).size());
  }
  return why;
}

std::string Join(const std::set<std::string>& reasons) {
  std::string text;
  size_t shown = 0;
  for (const std::string& reason : reasons) {
    if (++shown > 3) return text + "; and more";
    text += (text.empty() ? "" : "; ") + reason;
  }
  return text;
}

// Which of the passes the executor of training gives too.
std::string TrainingSection(const std::vector<Outcome>& outcomes) {
  int passes = 0, trained = 0;
  std::string others;
  for (const Outcome& outcome : outcomes) {
    if (outcome.verdict != Verdict::kPass) continue;
    ++passes;
    trained += outcome.training.empty() ? 1 : 0;
    if (!outcome.training.empty()) others += "| " + outcome.test + " | " + outcome.training + " |\n";
  }
  const std::string head =
      "\n## Through libtorch\n\nThe executor that trains (libtorch, float32) gives every output of ";
  if (others.empty()) return head + "all " + std::to_string(passes) + " tests that pass.\n";
  return head + std::to_string(trained) + " of the " + std::to_string(passes) +
         " tests that pass; of the others not:\n\n| test | why |\n|---|---|\n" + others;
}

constexpr const char* kHead = R"(# ONNX operators

Made by `make onnx-operators`; do not edit. A test compares it with what the tree does.

The ONNX project's tests (Debian's package libonnx-testdata, version 1.12) are models with inputs and the outputs that they
have to give. A test passes if the float64 definitions of `lowbit/core/ops` and the runtime, whose values are float32, both
give every output, with the tolerance of ONNX's own harness: a relative 0.001 or an absolute 0.0000001.

Inputs that decide shapes (the target of a Reshape) must be known when the file is read: where a test passes them like any
other input, they are fixed beforehand; the third number says in how many of the passes. Where all inputs are fixed
(ConstantOfShape), the result is computed when the file is read, and the runtime only gives it out.

)";

}  // namespace

std::string ToPage(const std::vector<Outcome>& outcomes) {
  std::map<std::string, Row> rows;
  Row all;
  for (const Outcome& outcome : outcomes) {
    for (Row* row : {&rows[outcome.operators], &all}) {
      const bool pass = outcome.verdict == Verdict::kPass;
      ++row->tests;
      row->passes += pass ? 1 : 0;
      row->fixed += pass && outcome.inputs_fixed ? 1 : 0;
      if (!pass) row->reasons.insert(Reason(outcome));
    }
  }
  std::string page = kHead;
  page += std::to_string(all.passes) + " of " + std::to_string(all.tests) + " tests pass, " +
          std::to_string(all.fixed) + " of them with inputs fixed.\n\n";
  page += "| operator | tests | pass | with inputs fixed | why others do not |\n|---|---|---|---|---|\n";
  for (const auto& [name, row] : rows) {
    page += "| " + name + " | " + std::to_string(row.tests) + " | " + std::to_string(row.passes) + " | " +
            std::to_string(row.fixed) + " | " + Join(row.reasons) + " |\n";
  }
  std::string untested;
  for (const std::string& name : onnx::SupportedOperators()) {
    if (rows.count(name) == 0) untested += (untested.empty() ? "" : ", ") + name;
  }
  page += "\nRead too, without a test of its own there: " + untested + ".\n";
  return TrainingExecutor() == nullptr ? page : page + TrainingSection(outcomes);
}

}  // namespace lowbit::conformance
