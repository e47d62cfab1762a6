#include <memory>
#include <string>
#include <vector>

#include "lowbit/app/import_onnx.h"
#include "lowbit/app/import_weights.h"
#include "lowbit/cli/commands.h"
#include "lowbit/cli/output.h"
#include "lowbit/cli/recipe_arguments.h"

namespace lowbit::cli {

namespace {

struct ImportArguments {
  std::string source, out;
  std::vector<std::string> overrides, shapes, values;
  bool fold_batch_norm = false;
};

Result<app::Inspection> Import(const ImportArguments& arguments) {
  const bool onnx = app::IsOnnxFile(arguments.source);
  if (onnx && !arguments.overrides.empty()) return Invalid("--set is for recipes, not for " + arguments.source);
  if (!onnx && !arguments.shapes.empty()) return Invalid("--shape is for ONNX files, not for " + arguments.source);
  if (!onnx && !arguments.values.empty()) return Invalid("--value is for ONNX files, not for " + arguments.source);
  if (!onnx && arguments.fold_batch_norm) return Invalid("--fold-batch-norm is for ONNX files");
  if (onnx) {
    return app::ImportOnnx(arguments.source, arguments.shapes, arguments.values, arguments.fold_batch_norm,
                           arguments.out);
  }
  return app::ImportWeights(arguments.source, arguments.overrides, arguments.out);
}

}  // namespace

void AddImport(CLI::App* program, int* code) {
  auto arguments = std::make_shared<ImportArguments>();
  CLI::App* command = program->add_subcommand(
      "import", "Write an ONNX file's network, or a recipe's with trained weights, as one file, without training.");
  command->add_option("source", arguments->source, "MODEL.onnx, or a recipe, a TOML file")->required();
  AddOverrides(command, &arguments->overrides);
  command
      ->add_option(
          "--shape", arguments->shapes,
          "INPUT=EXTENT,EXTENT,...: an input's shape instead of the ONNX file's; the first may be 'any'; may be "
          "repeated")
      ->take_all()
      ->allow_extra_args(false);
  command
      ->add_option("--value", arguments->values,
                   "INPUT=NUMBER,NUMBER,...: an ONNX file's input becomes part of the network, with this value; may be "
                   "repeated")
      ->take_all()
      ->allow_extra_args(false);
  command->add_flag("--fold-batch-norm", arguments->fold_batch_norm,
                    "Batch normalization of an ONNX file becomes part of its layer");
  command->add_option("-o,--out", arguments->out, "The .lbm file to write")->required();
  command->callback([=] { *code = PrintPacked(Import(*arguments)); });
}

}  // namespace lowbit::cli
