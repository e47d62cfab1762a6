#include <memory>
#include <string>

#include "lowbit/app/export_onnx.h"
#include "lowbit/base/suggest.h"
#include "lowbit/cli/commands.h"
#include "lowbit/cli/output.h"

namespace lowbit::cli {
namespace {

struct ExportArguments {
  std::string model, out, flavor = "float";
  bool fold_batch_norm = false, external_data = false, json = false;
};

Result<app::ExportedFile> Export(const ExportArguments& arguments) {
  LOWBIT_TRY(const onnx::Flavor flavor, onnx::ParseFlavor(arguments.flavor));
  return app::ExportOnnx(arguments.model, {flavor, arguments.fold_batch_norm, arguments.external_data}, arguments.out);
}

}  // namespace

void AddExport(CLI::App* program, int* code) {
  auto arguments = std::make_shared<ExportArguments>();
  CLI::App* command = program->add_subcommand("export", "Write a network as an ONNX file, for other tools.");
  command->add_option("model", arguments->model, "A packed .lbm file, or a run's folder")->required();
  command->add_option("-o,--out", arguments->out, "The .onnx file to write")->required();
  command
      ->add_option("--flavor", arguments->flavor,
                   "How low-bit weights and activations are written (docs/onnx.md): " + Join(onnx::FlavorNames()))
      ->capture_default_str();
  command->add_flag("--fold-batch-norm", arguments->fold_batch_norm, "Batch normalization becomes part of its layer");
  command->add_flag("--external-data", arguments->external_data,
                    "Weights go into OUT.data beside the model, as they always do beyond 2 GiB");
  command->add_flag("--json", arguments->json, "Print one JSON object");
  command->callback([=] { *code = PrintResult(Export(*arguments), arguments->json); });
}

}  // namespace lowbit::cli
