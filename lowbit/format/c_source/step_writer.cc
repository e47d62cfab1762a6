#include "lowbit/format/c_source/step_writer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace lowbit::c_source {
namespace {

// The Concat that computing the value from what is kept comes to, or null.
const Node* FindConcat(const Network& network, const Arrays& arrays, const std::string& value) {
  const Node& node = *network.Maker(value);
  if (RoleOf(node.op) == Role::kConcat) return &node;
  for (const std::string& input : node.inputs) {
    if (input.empty() || network.IsParameter(input) || arrays.count(input) != 0) continue;
    if (RoleOf(node.op) == Role::kProduct) continue;  // Reads what is kept, perhaps reshaped.
    if (const Node* found = FindConcat(network, arrays, input)) return found;
  }
  return nullptr;
}

// The loops' variables, 0 where there is but one place.
Place PlaceOf(const Extents& extents) {
  return {extents.channels > 1 ? "c" : "0", extents.height > 1 ? "y" : "0", extents.width > 1 ? "x" : "0"};
}

// Loops over what has more than one element, as many as it says it has opened.
class Loops {
 public:
  explicit Loops(Text* text) : text_(text) {}

  void Open(const std::string& variable, int64_t first, int64_t end) {
    if (variable == "0") return;
    text_->Open(fmt::format("for (int {0} = {1}; {0} < {2}; ++{0})", variable, first, end));
    ++open_;
  }
  void Close() {
    for (; open_ > 0; --open_) text_->Close();
  }

 private:
  Text* text_;
  int open_ = 0;
};

// The parameters that a function has: the arrays outside of the workspace, and the workspace.
std::vector<std::string> OutsideArrays(const Memory& memory, const Step& step) {
  std::set<std::string> arrays = {memory.arrays.at(step.value)};
  for (const std::string& load : step.loads) arrays.insert(memory.arrays.at(load));
  bool workspace = !RowsOf(step).empty();
  std::vector<std::string> outside;
  for (const std::string& array : arrays) {
    if (memory.parameters.count(array) != 0) outside.push_back(array);
    workspace |= memory.slots.count(array) != 0;
  }
  if (workspace) outside.emplace_back("memory");
  return outside;
}

std::string Pointer(const std::string& constant, const std::string& type, const std::string& name, int64_t offset) {
  const std::string bytes = offset == 0 ? "memory" : fmt::format("memory + {}", offset);
  const std::string cast =
      type == "uint8_t" ? bytes
                        : fmt::format("({}{} *)({}{})", constant, type, type == "int8_t" ? "" : "void *)(", bytes);
  return fmt::format("{}{} *const {} = {};", constant, type, name, cast);
}

}  // namespace

Step MakeStep(const Network& network, const Arrays& arrays, const std::string& value, Module* module) {
  Step step;
  step.value = value;
  const Extents extents = network.ExtentsOf(value);
  Arrays others = arrays;
  others.erase(value);
  const bool output = network.IsOutput(value);
  const Place place = PlaceOf(extents);
  const Node* concat = FindConcat(network, others, value);
  const size_t parts = concat == nullptr ? 1 : concat->inputs.size();
  const Element element = output ? Element::kF32 : network.ElementOf(value);
  int64_t first = 0;
  for (size_t i = 0; i < parts; ++i) {
    Expression expression(network, others, {concat == nullptr ? "" : concat->outputs[0], i, first}, module);
    const Term term = expression.Compute(value, place);
    const bool cast = term.integer && element != Element::kI32;
    const std::string store = fmt::format("{}[{}] = {}{};\n", arrays.at(value), IndexOf(extents, place, output),
                                          cast ? fmt::format("({})", TypeOf(element)) : "", term.text);
    const int64_t end = first + (concat == nullptr ? extents : network.ExtentsOf(concat->inputs[i])).channels;
    step.loads.insert(expression.loads().begin(), expression.loads().end());
    step.parts.push_back(
        {first, end, expression.prologue(), expression.body() + store, expression.rows(), expression.nodes()});
    first = end;
  }
  return step;
}

std::vector<Row> RowsOf(const Step& step) {
  std::vector<Row> rows;
  for (const StepPart& part : step.parts) rows.insert(rows.end(), part.rows.begin(), part.rows.end());
  return rows;
}

std::string FunctionText(const Network& network, const Memory& memory, const Step& step, const std::string& name,
                         const std::vector<int64_t>& rows) {
  std::vector<std::string> parameters;
  for (const std::string& array : OutsideArrays(memory, step)) {
    parameters.push_back(array == "memory" ? "unsigned char *memory" : memory.parameters.at(array));
  }
  Text text;
  text.Open(fmt::format("static void {}({})", name, fmt::join(parameters, ", ")));
  for (const std::string& load : step.loads) {
    const std::string& array = memory.arrays.at(load);
    const auto slot = memory.slots.find(array);
    if (slot != memory.slots.end()) text.Line(Pointer("const ", slot->second.type, array, slot->second.offset));
  }
  if (const auto slot = memory.slots.find(memory.arrays.at(step.value)); slot != memory.slots.end()) {
    text.Line(Pointer("", slot->second.type, slot->first, slot->second.offset));
  }
  const Extents extents = network.ExtentsOf(step.value);
  size_t row_number = 0;
  for (const StepPart& part : step.parts) {
    // Rows of different parts have the same names: each part is a block of its own.
    if (!part.rows.empty()) text.Open("");
    for (const Row& row : part.rows) text.Line(Pointer("", TypeOf(row.element), row.name, rows[row_number++]));
    text.Append(part.prologue);
    const Place place = PlaceOf(extents);
    Loops loops(&text);
    const auto over_channels = [&] {
      loops.Open(place.c, part.first, part.end);
      for (const Row& row : part.rows) text.Line(row.unpack);
    };
    // A row of weights is unpacked once for all pixels.
    const bool channels_first = !part.rows.empty() || network.IsOutput(step.value);
    if (channels_first) over_channels();
    loops.Open(place.y, 0, extents.height);
    loops.Open(place.x, 0, extents.width);
    if (!channels_first) over_channels();
    text.Append(part.statements);
    loops.Close();
    if (!part.rows.empty()) text.Close();
  }
  text.Close();
  return text.lines();
}

std::string ArgumentsOf(const Memory& memory, const Step& step) {
  return fmt::format("{}", fmt::join(OutsideArrays(memory, step), ", "));
}

}  // namespace lowbit::c_source
