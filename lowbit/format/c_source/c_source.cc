#include "lowbit/format/c_source/c_source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <limits>
#include <utility>

#include "lowbit/base/arena.h"
#include "lowbit/format/c_source/step_writer.h"
#include "lowbit/format/c_source/steps.h"

namespace lowbit::c_source {
namespace {

constexpr const char* kChecks = R"(
#if INT_MAX < 2147483647
#error "integers of 32 bits at least are needed"
#endif
#if defined(__FAST_MATH__)
#error "-ffast-math would change the network's numbers"
#endif
#if defined(FLT_EVAL_METHOD) && FLT_EVAL_METHOD != 0
#error "floats must be computed as floats: on 32-bit x86, compile with -msse2 -mfpmath=sse"
#endif
/* Multiplications and additions are rounded one by one. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("fp-contract=off")
#else
#pragma STDC FP_CONTRACT OFF
#endif
)";

constexpr const char* kSimdHeader = R"(
#if defined(__ARM_FEATURE_SIMD32)
#include <arm_acle.h>
#endif
)";

std::string Upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

std::string ShapeText(const Extents& extents) {
  if (extents.Pixels() == 1) return fmt::format("[{}]", extents.channels);
  return fmt::format("[{}, {}, {}]", extents.channels, extents.height, extents.width);
}

class Generator {
 public:
  Generator(const Network& network, const Options& options) : network_(network), options_(options) {}

  Result<Program> Run() {
    LOWBIT_RETURN_IF_ERROR(CheckSizes());
    NameArrays();
    for (const std::string& value : StoredValues(network_)) {
      steps_.push_back(MakeStep(network_, memory_.arrays, value, &module_));
    }
    PlaceArrays();
    for (size_t i = 0; i < steps_.size(); ++i) AddFunction(i);
    program_.constant_bytes = module_.constant_bytes();
    program_.header = Header();
    program_.source = Source();
    return std::move(program_);
  }

 private:
  Status CheckSizes() const {
    for (const Node& node : network_.form().nodes) {
      const std::string& value = node.outputs[0];
      if (network_.ExtentsOf(value).Elements() <= std::numeric_limits<int32_t>::max() / 4) continue;
      return Invalid("value '" + value + "' has more elements than a C int counts bytes");
    }
    return Ok();
  }

  void NameArrays() {
    const std::string& input = network_.Input();
    memory_.arrays[input] = "input";
    memory_.parameters["input"] = std::string("const ") + InputTypeName() + " *input";
    for (const std::string& value : StoredValues(network_)) {
      const auto& outputs = network_.form().outputs;
      const auto output = std::find(outputs.begin(), outputs.end(), value);
      const std::string name = output == outputs.end() ? fmt::format("v{}", memory_.arrays.size())
                                                       : OutputName(static_cast<size_t>(output - outputs.begin()));
      memory_.arrays[value] = name;
      if (output == outputs.end()) {
        memory_.slots[name] = {TypeOf(network_.ElementOf(value)), 0};
      } else {
        memory_.parameters[name] = "float *" + name;
      }
    }
  }

  const char* InputTypeName() const { return options_.input == InputType::kUint8 ? "uint8_t" : "float"; }

  std::string OutputName(size_t index) const {
    return network_.form().outputs.size() == 1 ? "output" : fmt::format("output_{}", index);
  }

  void PlaceArrays() {
    std::vector<Lifetime> lives;
    std::vector<int64_t*> offsets;
    const auto add = [&](int64_t bytes, size_t first, size_t last, int64_t* offset) {
      lives.push_back({bytes, static_cast<int64_t>(first), static_cast<int64_t>(last)});
      offsets.push_back(offset);
    };
    rows_.resize(steps_.size());
    for (size_t i = 0; i < steps_.size(); ++i) {
      const std::string& value = steps_[i].value;
      const std::vector<Row> rows = RowsOf(steps_[i]);
      rows_[i].resize(rows.size());
      for (size_t j = 0; j < rows.size(); ++j) add(rows[j].count * BytesOf(rows[j].element), i, i, &rows_[i][j]);
      const auto slot = memory_.slots.find(memory_.arrays.at(value));
      if (slot == memory_.slots.end()) continue;
      size_t last = i;
      for (size_t j = i; j < steps_.size(); ++j) last = steps_[j].loads.count(value) != 0 ? j : last;
      add(network_.ExtentsOf(value).Elements() * BytesOf(network_.ElementOf(value)), i, last, &slot->second.offset);
    }
    const ArenaPlan plan = PlanArena(lives, /*alignment=*/4);
    for (size_t i = 0; i < lives.size(); ++i) *offsets[i] = plan.offsets[i];
    program_.workspace_bytes = std::max<int64_t>(plan.size, 4);
  }

  void AddFunction(size_t i) {
    const Step& step = steps_[i];
    StepReport report;
    report.value = step.value;
    report.shape = ShapeText(network_.ExtentsOf(step.value));
    report.type = network_.IsOutput(step.value) ? "float" : TypeOf(network_.ElementOf(step.value));
    for (const StepPart& part : step.parts) {
      for (auto node = part.nodes.rbegin(); node != part.nodes.rend(); ++node) {
        if (std::count(report.nodes.begin(), report.nodes.end(), (*node)->name) != 0) continue;
        report.nodes.push_back((*node)->name);
        if (RoleOf((*node)->op) != Role::kProduct) continue;
        const Product product = ReadProduct(network_, **node);
        report.macs += product.Macs();
        report.weight_bytes += Pack(product).row_bytes * product.out.channels;
      }
    }
    const std::string name = fmt::format("step_{}", i);
    functions_ += fmt::format("\n/* {}\n * {} {} */\n", InComment(fmt::format("{}", fmt::join(report.nodes, ", "))),
                              report.type, report.shape);
    functions_ += FunctionText(network_, memory_, step, name, rows_[i]);
    calls_ += fmt::format("  {}({});\n", name, ArgumentsOf(memory_, step));
    program_.macs += report.macs;
    program_.steps.push_back(std::move(report));
  }

  std::string Prototype() const {
    const std::string upper = Upper(options_.name);
    std::string text = fmt::format("void {}_run(const {} input[{}_INPUT_SIZE]", options_.name, InputTypeName(), upper);
    for (size_t i = 0; i < network_.form().outputs.size(); ++i) {
      text += fmt::format(", float {}[{}_{}_SIZE]", OutputName(i), upper, Upper(OutputName(i)));
    }
    return text + ", void *workspace)";
  }

  std::string Header() const {
    const std::string upper = Upper(options_.name);
    std::string text = fmt::format("#ifndef {0}_H_\n#define {0}_H_\n\n", upper);
    text += fmt::format("/* The network \"{}\", written by lowbit.\n *\n", InComment(network_.form().name));
    text += fmt::format(
        " * input     {}, {}: [channels, height, width] in row-major order; networks of images take raw pixels, 0 to "
        "255\n",
        ShapeText(network_.ExtentsOf(network_.Input())), InputTypeName());
    for (size_t i = 0; i < network_.form().outputs.size(); ++i) {
      text +=
          fmt::format(" * {:9} {}, float\n", OutputName(i), ShapeText(network_.ExtentsOf(network_.form().outputs[i])));
    }
    text += fmt::format(
        " * workspace {}_WORKSPACE_SIZE bytes (a multiple of 4), aligned to 4, whose contents mean nothing before and "
        "after a run\n"
        " *\n"
        " * {} multiply-accumulates; {} bytes of constants. No heap and no state: several runs may go on at once, "
        "each\n"
        " * with a workspace of its own. Compile as C99 or later, without -ffast-math. */\n\n"
        "#include <stdint.h>\n\n"
        "#ifdef __cplusplus\nextern \"C\" {{\n#endif\n\n",
        upper, program_.macs, program_.constant_bytes);
    text += fmt::format("#define {}_INPUT_SIZE {}\n", upper, network_.ExtentsOf(network_.Input()).Elements());
    for (size_t i = 0; i < network_.form().outputs.size(); ++i) {
      text += fmt::format("#define {}_{}_SIZE {}\n", upper, Upper(OutputName(i)),
                          network_.ExtentsOf(network_.form().outputs[i]).Elements());
    }
    text += fmt::format("#define {}_WORKSPACE_SIZE {}\n\n", upper, program_.workspace_bytes);
    return text + Prototype() + ";\n\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n";
  }

  std::string Source() const {
    std::string text = fmt::format("/* The network \"{}\", written by lowbit. */\n\n#include \"{}.h\"\n\n",
                                   InComment(network_.form().name), options_.name);
    text += "#include <float.h>\n#include <limits.h>\n#include <math.h>\n#include <string.h>\n";
    text += kSimdHeader;
    text += kChecks;
    text += module_.Text() + functions_ + "\n";
    const bool works = calls_.find("memory") != std::string::npos;
    text += Prototype() + " {\n";
    text += works ? "  unsigned char *const memory = (unsigned char *)workspace;\n" : "  (void)workspace;\n";
    return text + calls_ + "}\n";
  }

  const Network& network_;
  const Options& options_;
  Module module_;
  Memory memory_;
  std::vector<Step> steps_;
  std::vector<std::vector<int64_t>> rows_;  // First bytes, by step.
  std::string functions_, calls_;
  Program program_;
};

}  // namespace

Status CheckName(const std::string& name) {
  const auto letter = [](unsigned char c) { return std::isalpha(c) != 0 || c == '_'; };
  const auto fits = [&](unsigned char c) { return c < 128 && (letter(c) || std::isdigit(c) != 0); };
  if (!name.empty() && name.size() <= 40 && letter(static_cast<unsigned char>(name[0])) &&
      std::all_of(name.begin(), name.end(), fits)) {
    return Ok();
  }
  return Invalid("the name '" + name + "' is no C identifier of 1 to 40 letters, digits and underscores");
}

Result<Program> Generate(const Graph& graph, const Options& options) {
  LOWBIT_RETURN_IF_ERROR(CheckName(options.name));
  LOWBIT_TRY(const Network network, Network::Make(graph));
  return Generator(network, options).Run();
}

}  // namespace lowbit::c_source
