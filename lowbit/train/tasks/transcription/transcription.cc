// Recordings that are written down, letter by letter.

#include "lowbit/data/text/transcription.h"

#include <torch/types.h>

#include <algorithm>

#include "lowbit/core/validate.h"
#include "lowbit/train/loss.h"
#include "lowbit/train/network.h"
#include "lowbit/train/task.h"
#include "lowbit/train/trainer/for_each_output.h"
#include "lowbit/train/trainer/image_tensor.h"

namespace lowbit::train::tasks::transcription {
namespace {

using Loss = recipe::TrainSection::Loss;

// Steps that a recording of `rows` of the spectrogram's `frames` takes of the network's `steps`: those that see a row of it.
int64_t StepsOf(double rows, int64_t frames, int64_t steps) {
  const int64_t stack = frames / steps;
  return (static_cast<int64_t>(rows) + stack - 1) / stack;
}

// The steps that a path needs for the letters: one each, and a blank between equal ones.
int64_t StepsFor(const data::Letters& letters) {
  int64_t steps = static_cast<int64_t>(letters.size());
  for (size_t i = 1; i < letters.size(); ++i) steps += letters[i] == letters[i - 1] ? 1 : 0;
  return steps;
}

class Transcription : public Task {
 public:
  Transcription(const recipe::Recipe& recipe, const data::Dataset& dataset) : recipe_(recipe), dataset_(dataset) {}

  const TestMeasure& measure() const override { return TestMeasureOf("character_accuracy"); }

  // Steps of equally many rows.
  Shape Output(const Shape& made) const override {
    const bool steps = made.size() == 3 && made[1] > 0 && frames() % made[1] == 0;
    return {1, steps ? made[1] : frames(), dataset_.classes};
  }

  Status CheckNetwork(const Graph& graph) const override {
    LOWBIT_TRY(const auto shapes, InferShapes(graph, 1));
    const int64_t steps = shapes.at(graph.outputs.at(0))[1];
    LOWBIT_RETURN_IF_ERROR(CheckSteps(dataset_.train, "training", steps));
    return CheckSteps(dataset_.test, "test", steps);
  }

  // Connectionist temporal classification (Graves et al. 2006) of the steps that see the recording: -log of the probability of all paths that
  // write its text, by its letters, in nats; the mean over the recordings.
  at::Tensor Loss(const at::Tensor& output, const at::Tensor& answers) const override {
    const at::Tensor letters = answers.narrow(1, 1, answers.size(1) - 1).to(torch::kCPU, torch::kLong);
    const at::Tensor rows = answers.select(1, 0).to(torch::kCPU).contiguous();
    std::vector<int64_t> steps;
    for (int64_t i = 0; i < rows.size(0); ++i) {
      steps.push_back(StepsOf(rows.data_ptr<float>()[i], frames(), output.size(1)));
    }
    const at::Tensor lengths = letters.ge(0).sum(1);
    const at::IntArrayRef text_lengths(lengths.data_ptr<int64_t>(), static_cast<size_t>(lengths.numel()));
    const at::Tensor log_shares = at::log_softmax(output.to(torch::kFloat), 2).transpose(0, 1);
    return at::ctc_loss(log_shares, letters.clamp_min(0).to(output.device()), steps, text_lengths, /*blank=*/0,
                        at::Reduction::Mean);
  }

  // Of all steps, those of silence behind a recording too.
  at::Tensor LossToTeacher(const at::Tensor& output, const at::Tensor& taught) const override {
    return Distillation(output.reshape({-1, output.size(2)}), taught.reshape({-1, taught.size(2)}),
                        recipe_.distill.temperature);
  }

  // The mean loss, and 1 less the character error rate of all recordings together.
  Averages Evaluate(const TestRun& run) const override {
    Averages result;
    data::TranscriptionErrors errors;
    const auto look = [&](data::Batch* read, const at::Tensor& output) {
      const at::Tensor answers = AnswerView(read, dataset_.test.answer);
      result.Add(Loss(output, answers).item<double>(), 0, read->count);
      AddErrors(output, *read, &errors);
    };
    ForEachOutput(run.network, dataset_.test, recipe_.train.test_batch, look, run.group);
    train::SumOverRanks(&result, run.group);
    SumOverRanks(&errors.characters, run.group);
    result.score_sum = std::max(0.0, 1 - errors.characters.rate()) * static_cast<double>(result.images);
    return result;
  }

 private:
  int64_t frames() const { return dataset_.train.image[1]; }

  Status CheckSteps(const data::ImageSet& images, const std::string& half, int64_t steps) const {
    std::vector<float> image(static_cast<size_t>(Elements(images.image)));
    std::vector<float> answer(static_cast<size_t>(Elements(images.answer)));
    for (int64_t i = 0; i < images.count(); ++i) {
      images.pairs->Make(i, 0, 0, {}, image, answer);
      const int64_t has = StepsOf(answer[0], frames(), steps);
      const data::Letters letters = data::ReadTarget(Span<const float>(answer.data() + 1, answer.size() - 1));
      if (StepsFor(letters) <= has) continue;
      return Invalid("the network makes " + std::to_string(has) + " steps of " + half + " recording " +
                     std::to_string(i + 1) + ", whose text, '" + data::TextOf(letters, dataset_.class_names) +
                     "', needs " + std::to_string(StepsFor(letters)) + "; fewer rows in a step make more of them");
    }
    return Ok();
  }

  void AddErrors(const at::Tensor& output, const data::Batch& read, data::TranscriptionErrors* errors) const {
    const at::Tensor logits = output.to(torch::kCPU, torch::kFloat).contiguous();
    const auto step = static_cast<size_t>(logits.size(2)), example = static_cast<size_t>(logits.size(1)) * step;
    const auto answer = static_cast<size_t>(Elements(dataset_.test.answer));
    for (size_t i = 0; i < static_cast<size_t>(read.count); ++i) {
      const float* target = read.targets.data() + i * answer;
      const auto steps = static_cast<size_t>(StepsOf(target[0], frames(), logits.size(1)));
      const Span<const float> spoken(logits.data_ptr<float>() + i * example, steps * step);
      errors->Add(data::ReadTarget(Span<const float>(target + 1, answer - 1)),
                  data::DecodeBestPath(spoken, logits.size(2)), dataset_.class_names);
    }
  }

  static void SumOverRanks(data::ErrorRate* rate, distributed::Group* group) {
    if (group == nullptr) return;
    const at::Tensor sums = torch::tensor({rate->errors, rate->length}, torch::kLong).to(torch::kDouble);
    group->Sum(sums);
    rate->errors = sums[0].item().toLong();
    rate->length = sums[1].item().toLong();
  }

  const recipe::Recipe& recipe_;
  const data::Dataset& dataset_;
};

}  // namespace

Result<std::unique_ptr<Task>> Create(const recipe::Recipe& recipe, const data::Dataset& dataset) {
  LOWBIT_RETURN_IF_ERROR(CheckLoss(recipe, dataset, {}, "left out"));
  LOWBIT_RETURN_IF_ERROR(CheckNoSmoothing(recipe, dataset));
  return std::unique_ptr<Task>(std::make_unique<Transcription>(recipe, dataset));
}

}  // namespace lowbit::train::tasks::transcription
