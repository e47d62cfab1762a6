#include <memory>
#include <string>

#include "lowbit/app/compare_files.h"
#include "lowbit/app/evaluate_file.h"
#include "lowbit/app/evaluate_segmentation.h"
#include "lowbit/app/evaluate_super_resolution.h"
#include "lowbit/app/evaluate_transcription.h"
#include "lowbit/app/output_file.h"
#include "lowbit/app/segmenter.h"
#include "lowbit/app/training_module.h"
#include "lowbit/base/file.h"
#include "lowbit/cli/commands.h"
#include "lowbit/cli/output.h"
#include "lowbit/cli/packed_argument.h"

namespace lowbit::cli {
namespace {

struct EvalArguments {
  app::EvaluateRunRequest request;
  std::string predictions;
  std::string against;
  int64_t scale = 0;
  bool json = false;
};

Result<app::Evaluation> Evaluate(const app::EvaluateRunRequest& request) {
  if (!FolderExists(request.run)) return app::EvaluateFile(request.run, request.data, request.threads);
  LOWBIT_TRY(app::TrainingModule * module, app::LoadTrainingModule());
  return module->EvaluateRun(request);
}

Result<app::SuperResolution> Sharpen(const app::EvaluateRunRequest& request, int64_t scale) {
  if (!FolderExists(request.run)) {
    return app::EvaluateSuperResolution(request.run, request.data, scale, request.threads);
  }
  LOWBIT_TRY(app::TrainingModule * module, app::LoadTrainingModule());
  return module->EvaluatePictures(request, scale);
}

Status WritePredictions(const std::string& path, const app::Evaluation& evaluation) {
  std::string text;
  for (const int32_t label : evaluation.predictions) text += std::to_string(label) + "\n";
  return WriteFileAtomic(path, text);
}

int RunSuperResolution(const EvalArguments& arguments) {
  const app::EvaluateRunRequest& request = arguments.request;
  if (!arguments.predictions.empty()) return Report(Invalid("--predictions: super-resolution predicts no classes"));
  if (arguments.scale == 0) return Report(Invalid("--scale is missing: how many times smaller the pictures are made"));
  return PrintResult(Sharpen(request, arguments.scale), arguments.json);
}

int RunAgainst(const EvalArguments& arguments) {
  if (!arguments.predictions.empty()) return Report(Invalid("--predictions and --against exclude each other"));
  if (arguments.scale != 0) return Report(Invalid("--scale and --against exclude each other"));
  std::string subject = arguments.request.run, reference = arguments.against;
  return WithPackedFile(&subject, [&] {
    return WithPackedFile(&reference, [&] {
      const app::EvaluateRunRequest& request = arguments.request;
      return PrintResult(app::CompareFiles(subject, reference, request.data, request.threads), arguments.json);
    });
  });
}

// Of a run too it is the packed file that counts.
int RunSegmentation(const EvalArguments& arguments) {
  if (!arguments.predictions.empty())
    return Report(Invalid("--predictions: segmentation predicts a map, see `lowbit run -o`"));
  if (arguments.scale != 0) return Report(Invalid("--scale is for --data super-resolution:FOLDER"));
  std::string subject = arguments.request.run;
  return WithPackedFile(&subject, [&] {
    const app::EvaluateRunRequest& request = arguments.request;
    return PrintResult(app::EvaluateSegmentation(subject, request.data, request.threads), arguments.json);
  });
}

// Of a run too it is the packed file that counts.
int RunTranscription(const EvalArguments& arguments) {
  if (!arguments.predictions.empty())
    return Report(Invalid("--predictions: a transcription predicts text, see `lowbit run`"));
  if (arguments.scale != 0) return Report(Invalid("--scale is for --data super-resolution:FOLDER"));
  std::string subject = arguments.request.run;
  return WithPackedFile(&subject, [&] {
    const app::EvaluateRunRequest& request = arguments.request;
    return PrintResult(app::EvaluateTranscription(subject, request.data, request.threads), arguments.json);
  });
}

bool AsksForTranscription(const app::EvaluateRunRequest& request) {
  if (!request.data.empty()) return app::IsTranscription(request.data);
  const Result<std::string> file = app::PackedFile(request.run);
  return file.ok() && app::IsTranscriptionFile(file.value());
}

bool AsksForSegmentation(const app::EvaluateRunRequest& request) {
  if (!request.data.empty()) return app::IsSegmentation(request.data);
  const Result<std::string> file = app::PackedFile(request.run);
  return file.ok() && app::IsSegmentationFile(file.value());
}

int RunEval(const EvalArguments& arguments) {
  if (!arguments.against.empty()) return RunAgainst(arguments);
  const std::string& data = arguments.request.data;
  if (AsksForSegmentation(arguments.request)) return RunSegmentation(arguments);
  if (AsksForTranscription(arguments.request)) return RunTranscription(arguments);
  if (app::IsSuperResolution(data) || (data.empty() && arguments.scale != 0 && FolderExists(arguments.request.run))) {
    return RunSuperResolution(arguments);
  }
  if (arguments.scale != 0) return Report(Invalid("--scale is for --data super-resolution:FOLDER"));
  if (!arguments.predictions.empty()) {
    const Status output = app::CheckOutput(arguments.predictions, {arguments.request.run}, ".txt");
    if (!output.ok()) return Report(output.error());
  }
  const Result<app::Evaluation> evaluation = Evaluate(arguments.request);
  if (evaluation.ok() && !arguments.predictions.empty()) {
    const Status written = WritePredictions(arguments.predictions, evaluation.value());
    if (!written.ok()) return Report(written.error());
  }
  return PrintResult(evaluation, arguments.json);
}

}  // namespace

void AddEval(CLI::App* program, int* code) {
  auto arguments = std::make_shared<EvalArguments>();
  CLI::App* command = program->add_subcommand("eval",
                                              "Measure the test accuracy of a run or a packed file, or how well it "
                                              "sharpens or segments pictures or writes down "
                                              "speech.");
  command->add_option("subject", arguments->request.run, "A run's folder, or a packed .lbm file")->required();
  command->add_option("--data", arguments->request.data,
                      "NAME[:PATH] of the data set (default: the one trained on); super-resolution:FOLDER; "
                      "segmentation:FOLDER; transcribed-speech:FOLDER; with --against pictures:FOLDER too");
  command->add_option("--device", arguments->request.device, "cpu or cuda, for a run")->capture_default_str();
  command->add_option("--threads", arguments->request.threads, "Threads (0: all cores)")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command
      ->add_option(
          "--scale", arguments->scale,
          "super-resolution: how many times smaller pictures are made; of a run's test pictures without --data")
      ->check(CLI::Range(2, 16));
  command->add_option("--against", arguments->against,
                      "Another packed file (the float network): how often both answer the same, without labels");
  command->add_option("--predictions", arguments->predictions, "Write the predicted class of each image, one a line");
  command->add_flag("--json", arguments->json, "Print one JSON object");
  command->callback([=] {
    const bool packed = !arguments->against.empty() || !FolderExists(arguments->request.run);
    if (command->count("--device") > 0 && packed) {
      *code = Report(Invalid("--device is for the folder of a run; packed files are computed by the processor"));
      return;
    }
    *code = RunEval(*arguments);
  });
}

}  // namespace lowbit::cli
