#include <memory>
#include <string>

#include "lowbit/app/calibrate_file.h"
#include "lowbit/app/output_file.h"
#include "lowbit/cli/choice.h"
#include "lowbit/cli/commands.h"
#include "lowbit/cli/output.h"
#include "lowbit/cli/packed_argument.h"

namespace lowbit::cli {

void AddCalibrate(CLI::App* program, int* code) {
  struct Arguments {
    app::CalibrateFileRequest request;
    bool json = false;
  };
  auto arguments = std::make_shared<Arguments>();
  compress::CalibrationOptions& options = arguments->request.options;
  options.threads = 0;
  CLI::App* command = program->add_subcommand(
      "calibrate",
      "Quantize activations and weights of a packed network, by images like those that it was trained on.");
  command->add_option("file", arguments->request.file, kPackedHelp)->required();
  command->add_option("-o,--out", arguments->request.out, "The .lbm file to write")->required();
  command->add_option("--data", arguments->request.data, "NAME[:PATH] of the data set (default: the one trained on)");
  command->add_option("--samples", options.samples, "Training images to look at, spread over the set")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 31))
      ->capture_default_str();
  AddChoice<compress::RangeRule>(command, "--rule", &options.rule,
                                 {{"mse", compress::RangeRule::kMeanSquaredError},
                                  {"percentile", compress::RangeRule::kPercentile},
                                  {"min-max", compress::RangeRule::kMinMax}},
                                 "How far an activation's grid goes: the least squared error (default), a percentile "
                                 "of the values, or all of them");
  command
      ->add_option("--percentile", options.percentile, "Share of the values inside of the grid, for --rule percentile")
      ->capture_default_str();
  command
      ->add_option("--bits", options.bits,
                   "Of activations, 2 to 8; 0: they stay float, and no data is read for --rounding nearest")
      ->check(CLI::IsMember({0, 2, 3, 4, 5, 6, 7, 8}))
      ->capture_default_str();
  command->add_option("--edge-bits", options.edge_bits, "Of the inputs of the first and the last layer")
      ->check(CLI::Range(2, 8))
      ->capture_default_str();
  command
      ->add_option("--keep-float", options.keep_float,
                   "Activations that stay float: those whose rounding alone puts the outputs farthest off")
      ->check(CLI::Range(0, 1000000))
      ->capture_default_str();
  command->add_option("--weight-bits", options.weight_bits, "Of weights that are float, 2 to 8; 0: they stay float")
      ->check(CLI::IsMember({0, 2, 3, 4, 5, 6, 7, 8}))
      ->capture_default_str();
  command
      ->add_option("--edge-weight-bits", options.edge_weight_bits,
                   "Of the weights of the first and the last layer (default: as --weight-bits)")
      ->check(CLI::IsMember({0, 2, 3, 4, 5, 6, 7, 8}));
  AddChoice<compress::Rounding>(
      command, "--rounding", &options.rounding,
      {{"nearest", compress::Rounding::kNearest}, {"compensated", compress::Rounding::kCompensated}},
      "Of weights: to the nearest (default), or so that later weights of a row make up for the errors of earlier ones, "
      "as the samples feel them (not in recurrent layers)");
  AddChoice<compress::WeightRange>(
      command, "--weight-range", &options.weight_range,
      {{"max", compress::WeightRange::kMax}, {"mse", compress::WeightRange::kMeanSquaredError}},
      "Step of each row of a weight: the largest weight is the last integer (default of --rounding nearest), or the "
      "least squared error (default of compensated)");
  AddChoice<compress::Equalization>(command, "--equalize", &arguments->request.equalization,
                                    {{"none", compress::Equalization::kNone},
                                     {"weights", compress::Equalization::kWeights},
                                     {"activations", compress::Equalization::kActivations},
                                     {"both", compress::Equalization::kBoth}},
                                    "Scale channels against each other first, by the ranges of weights (no data is "
                                    "read), of activations, or of both");
  command->add_flag("--correct-bias", arguments->request.correct_bias,
                    "Take back how far rounding shifts the mean of each channel of the samples");
  command->add_option("--threads", options.threads, "Threads (0: all cores)")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command->add_flag("--json", arguments->json, "Print one JSON object");
  command->callback([=] {
    const app::CalibrateFileRequest& request = arguments->request;
    if (command->count("--percentile") > 0 && request.options.rule != compress::RangeRule::kPercentile) {
      *code = Report(Invalid("--percentile is for --rule percentile"));
      return;
    }
    *code = WithPackedFile(&arguments->request.file, [&] {
      const Status output = app::CheckOutput(request.out, {request.file}, ".lbm");
      return output.ok() ? PrintResult(app::CalibrateFile(request), arguments->json) : Report(output.error());
    });
  });
}

}  // namespace lowbit::cli
