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

// The headings of --help under which they stand.
constexpr char kOnnxGroup[] = "ONNX files";
constexpr char kPictureGroup[] = "ONNX files of networks for pictures";

struct ImportArguments {
  std::string source, out;
  std::vector<std::string> overrides;
  app::OnnxImport onnx;
};

void AddOnnxOptions(CLI::App* command, app::OnnxImport* onnx) {
  command
      ->add_option(
          "--shape", onnx->shapes,
          "INPUT=EXTENT,EXTENT,...: an input's shape instead of the file's; the first may be 'any'; may be repeated")
      ->take_all()
      ->allow_extra_args(false)
      ->group(kOnnxGroup);
  command
      ->add_option("--value", onnx->values,
                   "INPUT=NUMBER,NUMBER,...: an input becomes part of the network, with this value; may be repeated")
      ->take_all()
      ->allow_extra_args(false)
      ->group(kOnnxGroup);
  command
      ->add_flag("--fold-batch-norm", onnx->fold_batch_norm, "Batch normalization becomes part of the layer before it")
      ->group(kOnnxGroup);
}

// CLI::PositiveNumber names the largest double when it refuses.
std::string AboveZero(const std::string& text) {
  double number = 0;
  return CLI::detail::lexical_cast(text, number) && number > 0 ? "" : "must be a number above 0; it is " + text;
}

void AddPictureOptions(CLI::App* command, app::PictureInput* pictures) {
  const auto add_numbers = [&](const char* name, std::vector<double>* numbers, const char* what) {
    command->add_option(name, *numbers, what)->delimiter(',')->allow_extra_args(false)->group(kPictureGroup);
  };
  add_numbers("--mean", &pictures->mean,
              "NUMBER,...: subtracted from the pixels, one number or one for each channel in the network's order");
  add_numbers("--std", &pictures->std, "NUMBER,...: what the difference is divided by");
  command->add_option("--pixel-range", pictures->range, "What a white pixel is for --mean and --std [1]")
      ->check(AboveZero)
      ->group(kPictureGroup);
  command->add_flag("--bgr", pictures->bgr, "The network takes blue first")->group(kPictureGroup);
  command
      ->add_flag("--channels-last", pictures->channels_last,
                 "The file's input is [batch, height, width, channels], as TensorFlow writes it")
      ->group(kPictureGroup);
  command
      ->add_option("--resize", pictures->resize,
                   "The length of a picture's shorter side before the middle is cut out [8/7 of the network's]")
      ->check(AboveZero)
      ->group(kPictureGroup);
  command
      ->add_option("--classes", pictures->classes,
                   "A text file with a line for each class: its folder's name, then one for people")
      ->group(kPictureGroup);
}

// Those that are for ONNX files alone.
std::vector<const CLI::Option*> OnnxOptions(const CLI::App& command) {
  return command.get_options([](const CLI::Option* option) {
    return option->get_group() == kOnnxGroup || option->get_group() == kPictureGroup;
  });
}

Result<app::Inspection> Import(const ImportArguments& arguments, const CLI::App& command) {
  if (app::IsOnnxFile(arguments.source)) {
    if (!arguments.overrides.empty()) return Invalid("--set is for recipes, not for " + arguments.source);
    return app::ImportOnnx(arguments.source, arguments.onnx, arguments.out);
  }
  for (const CLI::Option* option : OnnxOptions(command)) {
    if (option->count() > 0) {
      return Invalid(option->get_name() + " is for ONNX files, not for " + arguments.source);
    }
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
  AddOnnxOptions(command, &arguments->onnx);
  AddPictureOptions(command, &arguments->onnx.pictures);
  command->add_option("-o,--out", arguments->out, "The .lbm file to write")->required();
  command->callback([=] { *code = PrintPacked(Import(*arguments, *command)); });
}

}  // namespace lowbit::cli
