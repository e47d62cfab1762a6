#include "lowbit/format/onnx/write_recurrent.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace lowbit::onnx {
namespace {

using Order = std::vector<int64_t>;

constexpr size_t kStates[] = {5, 6};  // Inputs: of the first step, h and (LSTM) c.

}  // namespace

void WriteRecurrent(Node node, FileBuilder* file) {
  const Order first_two_swapped = {1, 0, 2};
  const auto steps_first = [&](std::string* input) {
    *input = file->Apply("Transpose", {*input}, *input + "/steps_first", {{"perm", first_two_swapped}});
  };
  steps_first(&node.inputs[0]);
  for (const size_t state : kStates) {
    if (HasInput(node, state)) steps_first(&node.inputs[state]);
  }
  const std::vector<std::string> wanted = node.outputs;
  for (std::string& output : node.outputs) {
    if (!output.empty()) output = file->Unique(output + "/steps_first");
  }
  node.attributes.erase("layout");
  file->AddNode(node);
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i].empty()) continue;
    // Y [steps, directions, batch, hidden] -> [batch, steps, directions, hidden]; a state [directions, batch, hidden] -> [batch, ...].
    const Order order = i == 0 ? Order{2, 0, 1, 3} : first_two_swapped;
    file->Add("Transpose", {node.outputs[i]}, wanted[i], {{"perm", order}});
  }
}

}  // namespace lowbit::onnx
