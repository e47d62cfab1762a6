#include <fmt/format.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <utility>

#include "lowbit/base/file.h"
#include "lowbit/data/batcher.h"
#include "lowbit/train/activation_plan.h"
#include "lowbit/train/distributed/agree.h"
#include "lowbit/train/keep_memory.h"
#include "lowbit/train/parameter.h"
#include "lowbit/train/task.h"
#include "lowbit/train/trainer/average_step.h"
#include "lowbit/train/trainer/calibrate_activations.h"
#include "lowbit/train/trainer/check_task.h"
#include "lowbit/train/trainer/checkpoint.h"
#include "lowbit/train/trainer/diagnostics.h"
#include "lowbit/train/trainer/guard.h"
#include "lowbit/train/trainer/image_tensor.h"
#include "lowbit/train/trainer/interrupt.h"
#include "lowbit/train/trainer/metrics_log.h"
#include "lowbit/train/trainer/objective.h"
#include "lowbit/train/trainer/progress.h"
#include "lowbit/train/trainer/recipe_options.h"
#include "lowbit/train/trainer/reestimate_batch_norm.h"
#include "lowbit/train/trainer/run_metrics.h"
#include "lowbit/train/trainer/share_state.h"
#include "lowbit/train/trainer/train_job.h"

namespace lowbit::train {
namespace {

using Clock = std::chrono::steady_clock;
using StateBatchNorm = recipe::TrainSection::StateBatchNorm;

// A run in time: stages of equal length, each of whole steps.
struct Timeline {
  int64_t stages = 1;
  int64_t steps = 1;  // Of a stage.
  int64_t steps_per_epoch = 1;
  int64_t epochs = 1;  // Of a stage, the last one perhaps cut short.

  int64_t total() const { return stages * steps; }
  int64_t Iteration(const RunState& state) const { return state.stage * steps + state.step; }
  // Counted over all stages, from 0.
  int64_t Epoch(int64_t stage, int64_t step) const { return stage * epochs + step / steps_per_epoch; }
  bool EpochEnds(int64_t steps_done) const { return steps_done % steps_per_epoch == 0 || steps_done == steps; }
};

Result<Timeline> MakeTimeline(const TrainJob& job) {
  const recipe::TrainSection& train = job.recipe.train;
  const int64_t images = job.dataset.train.count();
  if (train.batch > images) {
    return Invalid("'train.batch' of " + std::to_string(train.batch) + " is larger than the training set of " +
                   std::to_string(images) + " images");
  }
  if (train.batch % job.launch.ranks != 0) {
    return Invalid("'train.batch' of " + std::to_string(train.batch) + " cannot be shared out equally among " +
                   std::to_string(job.launch.ranks) + " ranks");
  }
  Timeline timeline;
  const bool staged = job.recipe.quantize.policy == recipe::QuantizeSection::Policy::kSq;
  timeline.stages = train.stages;
  if (staged) timeline.stages = std::max(train.stages, static_cast<int64_t>(job.recipe.quantize.stages.size()));
  timeline.steps_per_epoch = images / train.batch;
  timeline.steps = recipe::RunIterations(train, timeline.steps_per_epoch);
  timeline.epochs = (timeline.steps + timeline.steps_per_epoch - 1) / timeline.steps_per_epoch;
  return timeline;
}

Result<data::BatchOptions> RankBatches(const TrainJob& job) {
  LOWBIT_TRY(data::BatchOptions options, ReadBatchOptions(job.recipe, job.dataset.train));
  if (options.threads == 0) options.threads = data::LoaderThreads(job.dataset.train, job.threads);
  options.prefetch = std::max(options.prefetch, options.threads + 1);
  options.share = job.launch.rank;
  options.shares = job.launch.ranks;
  return options;
}

class Trainer {
 public:
  Trainer(const TrainJob& job, const Timeline& timeline, const data::BatchOptions& batches, Network network,
          std::unique_ptr<Task> task, NetworkOptions options)
      : job_(job),
        train_(job.recipe.train),
        task_(std::move(task)),
        timeline_(timeline),
        network_(std::move(network)),
        objective_(job, *task_, options),
        options_(std::move(options)),
        optimizer_(Optimizer::Create(ReadOptimizerOptions(train_), network_.Parameters())),
        batcher_(job.dataset.train, batches),
        learning_rate_(ReadLearningRate(train_, timeline.steps, timeline.steps_per_epoch)) {}

  // Continues from the folder's checkpoint, if the job wants to and there is one.
  Status Restore() {
    const std::string path = CheckpointPath(job_.folder);
    const auto load = [&]() -> Status {
      if (!job_.resume || !FileExists(path)) return Ok();
      LOWBIT_TRY(state_, LoadCheckpoint(path, &network_, optimizer_.get(), code_changes_.mutable_codes()));
      return Ok();
    };
    LOWBIT_RETURN_IF_ERROR(distributed::OnRoot(load, job_.group));
    LOWBIT_TRY(state_, ShareState(state_, &network_, optimizer_.get(), job_.group));
    return Ok();
  }

  Status Run() {
    LOWBIT_RETURN_IF_ERROR(OpenMetrics());
    progress_ =
        std::make_unique<Progress>(job_.recipe.name, timeline_.total(), timeline_.Iteration(state_), job_.quiet);
    start_ = Clock::now();
    if (timeline_.Iteration(state_) == 0) {
      for (const std::string& node :
           CalibrateActivations(options_, job_.dataset.train.image, &batcher_, &network_, job_.group)) {
        progress_->Line("warning: only zeros came into '" + node + "' while its scale was measured; the scale is 1");
      }
      LOWBIT_RETURN_IF_ERROR(WriteHistograms("start"));
    }
    while (state_.stage < timeline_.stages) {
      LOWBIT_RETURN_IF_ERROR(RunStage());
      if (state_.stage + 1 == timeline_.stages) break;
      ++state_.stage;
      state_.step = 0;
      optimizer_->Reset();  // A full restart: weights and batch-norm statistics are carried on, momentum is not.
    }
    return state_.finished ? Ok() : FinishRun();
  }

  TrainOutcome Outcome() const {
    TrainOutcome outcome;
    outcome.measure = &task_->measure();
    outcome.iterations = timeline_.total();
    outcome.epochs = timeline_.stages * timeline_.epochs;
    outcome.test_loss = state_.last_test_loss;
    outcome.test_score = state_.last_test_score;
    outcome.best_test_score = state_.best_test_score;
    outcome.best_epoch = state_.best_epoch;
    outcome.seconds = state_.seconds;
    return outcome;
  }

 private:
  Status OpenMetrics() {
    metrics_ = MetricsLog::Discard();
    if (!distributed::IsRoot(job_.group)) return Ok();
    LOWBIT_TRY(metrics_, MetricsLog::Open(job_.folder, state_.metrics_bytes));
    return Ok();
  }

  Status RunStage() {
    while (state_.step < timeline_.steps) {
      const int64_t in_epoch = state_.step % timeline_.steps_per_epoch;
      batcher_.StartEpoch(timeline_.Epoch(state_.stage, state_.step), in_epoch);
      LOWBIT_RETURN_IF_ERROR(RunEpoch());
    }
    return Ok();
  }

  // The steps up to the end of the current epoch.
  Status RunEpoch() {
    data::Batch batch;
    epoch_start_ = Clock::now();
    epoch_first_step_ = state_.step;
    do {
      LOWBIT_CHECK(batcher_.Next(&batch));
      LOWBIT_RETURN_IF_ERROR(batch.status);
      LOWBIT_RETURN_IF_ERROR(Step(&batch));
      const bool ends = timeline_.EpochEnds(state_.step);
      if (ends) LOWBIT_RETURN_IF_ERROR(EndEpoch());
      const bool due = train_.checkpoint_every > 0 && timeline_.Iteration(state_) % train_.checkpoint_every == 0;
      if (due || state_.step == timeline_.steps) LOWBIT_RETURN_IF_ERROR(Save());
      if (Interrupted()) return StopEarly();
    } while (!timeline_.EpochEnds(state_.step));
    return Ok();
  }

  // Ranks stop after the same step: the one in which the first of them heard of it.
  bool Interrupted() const { return job_.group == nullptr ? interrupt_.interrupted() : interrupted_; }

  StepContext Context() const {
    StepContext context;
    context.seed = static_cast<uint64_t>(job_.recipe.seed);
    context.iteration = timeline_.Iteration(state_);
    context.stage = state_.stage;
    context.progress = static_cast<double>(context.iteration) / static_cast<double>(timeline_.total());
    context.epoch = timeline_.Epoch(state_.stage, state_.step);
    context.epochs = timeline_.stages * timeline_.epochs;
    context.ratio = Ratio(state_.step);
    context.first_image = job_.launch.rank * (train_.batch / job_.launch.ranks);
    return context;
  }

  // The share of quantized weights in step `step` of the stage.
  double Ratio(int64_t step) const {
    const recipe::QuantizeSection& quantize = job_.recipe.quantize;
    if (quantize.method == "none") return 0;
    if (quantize.policy == recipe::QuantizeSection::Policy::kNone) return 1;
    return recipe::QuantizedShare(quantize, state_.stage,
                                  static_cast<double>(step) / static_cast<double>(timeline_.steps));
  }

  Status Step(data::Batch* batch) {
    const StepContext context = Context();
    const double rate = learning_rate_.At(state_.step);
    const torch::Tensor images = ImageView(batch, job_.dataset.train.image);
    const torch::Tensor output = network_.Forward(images, Mode::kTrain, context);
    const torch::Tensor answers = AnswerView(batch, job_.dataset.train.answer).to(output.device());
    torch::Tensor loss = objective_.Loss(images, output, answers);
    StepResult result;
    result.loss = loss.item<double>();
    if (job_.group == nullptr && !std::isfinite(result.loss)) return NotFinite(rate);
    const torch::Tensor regularizer = network_.Regularizer();
    if (regularizer.defined()) loss = loss + regularizer;
    optimizer_->ZeroGradients();
    loss.backward();
    if (task_->measure().in_training) result.correct = task_->CountRight(output.detach(), answers);
    if (job_.group != nullptr) LOWBIT_RETURN_IF_ERROR(AverageRanks(&result, rate));
    optimizer_->Step(rate);
    if (train_.state_batch_norm == StateBatchNorm::kTwoBanks) Follow(images, context);
    Count(result);
    return LogStep(context, rate);
  }

  // The same images through the fully quantized network, for its own batch-norm statistics.
  void Follow(const torch::Tensor& images, const StepContext& context) {
    const torch::NoGradGuard no_gradients;
    network_.Forward(images, Mode::kFollow, context);
  }

  Status AverageRanks(StepResult* result, double rate) {
    result->interrupted = interrupt_.interrupted();
    AverageStep(network_.Parameters(), result, job_.group);
    interrupted_ = result->interrupted;
    if (!std::isfinite(result->loss)) return NotFinite(rate);
    return Ok();
  }

  void Count(const StepResult& result) {
    const auto score = static_cast<double>(result.correct);
    state_.epoch.Add(result.loss, score, train_.batch);
    state_.logged.Add(result.loss, score, train_.batch);
    ++state_.step;
  }

  Status LogStep(const StepContext& context, double rate) {
    const double seconds = std::chrono::duration<double>(Clock::now() - epoch_start_).count();
    const double speed =
        static_cast<double>((state_.step - epoch_first_step_) * train_.batch) / std::max(seconds, 1e-9);
    progress_->Step(timeline_.Iteration(state_), Phase(), ProgressText(task_->measure(), state_.epoch), speed);
    if ((context.iteration + 1) % train_.log_every != 0) return Ok();
    StepMetrics metrics;
    metrics.measure = &task_->measure();
    metrics.iteration = context.iteration + 1;
    metrics.epoch = timeline_.Epoch(state_.stage, 0) +
                    static_cast<double>(state_.step) / static_cast<double>(timeline_.steps_per_epoch);
    metrics.stage = state_.stage;
    metrics.average = state_.logged;
    metrics.learning_rate = rate;
    metrics.ratio = context.ratio;
    metrics.images_per_second = speed;
    state_.logged = Averages();
    return WriteStep(metrics, metrics_.get());
  }

  std::string Phase() const {
    const std::string stage =
        timeline_.stages > 1 ? fmt::format("stage {}/{} ", state_.stage + 1, timeline_.stages) : "";
    const int64_t epoch = std::min(timeline_.epochs, (state_.step - 1) / timeline_.steps_per_epoch + 1);
    return fmt::format("{}epoch {}/{}", stage, epoch, timeline_.epochs);
  }

  // After the last step of an epoch.
  Status EndEpoch() {
    EpochMetrics metrics;
    metrics.measure = &task_->measure();
    metrics.epoch = timeline_.Epoch(state_.stage, state_.step - 1) + 1;
    metrics.iteration = timeline_.Iteration(state_);
    metrics.stage = state_.stage;
    metrics.ratio = Ratio(state_.step - 1);
    metrics.train = state_.epoch;
    LOWBIT_RETURN_IF_ERROR(CheckSameParameters(network_, job_.group));
    const bool last = state_.step == timeline_.steps;
    const bool due = train_.evaluate_every > 0 && metrics.epoch % train_.evaluate_every == 0;
    const bool ends = last && state_.stage + 1 == timeline_.stages;
    const bool recalibrates = train_.state_batch_norm == StateBatchNorm::kRecalibrate;
    if (ends || (recalibrates && (due || last))) Reestimate(metrics.epoch);
    if (due || last) {
      metrics.test = EvaluateTest(metrics.epoch);
      if (!std::isfinite(metrics.test->loss())) {
        return Failed(job_.folder + ": training diverged: the test loss is not a finite number after epoch " +
                      std::to_string(metrics.epoch) + "; lower 'train.learning_rate'");
      }
    }
    TakeTime();
    metrics.seconds = state_.seconds;
    progress_->Line(Phase() + "  " + EpochText(metrics));
    state_.epoch = Averages();
    LOWBIT_RETURN_IF_ERROR(WriteEpoch(metrics, metrics_.get()));
    return WriteDiagnostics(metrics.epoch, metrics.iteration);
  }

  Status WriteDiagnostics(int64_t epoch, int64_t iteration) {
    std::vector<LayerStatistics> layers = network_.Statistics();
    code_changes_.Add(network_, &layers);
    AddGradientNorms(network_, &layers);
    LOWBIT_RETURN_IF_ERROR(WriteLayers(epoch, iteration, layers, metrics_.get()));
    if (job_.recipe.quantize.activations.bits == 0) return Ok();
    // Tests may have pictures of other sizes; quantizers are watched on images of the network's.
    const data::Dataset& dataset = job_.dataset;
    const bool fits = dataset.test.count() > 0 && dataset.test.image == dataset.train.image;
    const data::ImageSet& images = fits ? dataset.test : dataset.train;
    return WriteActivations(epoch, iteration, WatchActivations(images, train_.test_batch, &network_), metrics_.get());
  }

  // After `epochs` epochs of the run; a checkpoint that follows holds the result.
  void Reestimate(int64_t epochs) {
    if (train_.reestimate_batch_norm == 0) return;
    ReestimateBatchNorm(train_.reestimate_batch_norm, epochs, job_.dataset.train.image, &batcher_, &network_,
                        job_.group);
  }

  Averages EvaluateTest(int64_t epoch) {
    ShareBuffers(&network_, job_.group);
    const Averages test = task_->Evaluate({&network_, objective_.teacher(), job_.group});
    state_.last_test_score = test.score();
    state_.last_test_loss = test.loss();
    if (test.score() > state_.best_test_score) {
      state_.best_test_score = test.score();
      state_.best_epoch = epoch;
    }
    return test;
  }

  // A loss can stay finite while a batch-norm variance no longer is: such a network cannot be packed or run.
  Status CheckFinite() const {
    for (const auto& [name, tensor] : network_.Buffers()) {
      if (!tensor.is_floating_point() || tensor.isfinite().all().item<bool>()) continue;
      return Failed(job_.folder + ": training diverged: '" + name +
                    "' is not finite at the end; lower 'train.learning_rate'");
    }
    return Ok();
  }

  Status FinishRun() {
    LOWBIT_RETURN_IF_ERROR(CheckFinite());
    LOWBIT_RETURN_IF_ERROR(WriteHistograms("end"));
    state_.finished = true;
    LOWBIT_RETURN_IF_ERROR(WriteFinal(Outcome(), metrics_.get()));
    return Save();
  }

  Status WriteHistograms(const std::string& when) {
    for (const LayerStatistics& layer : network_.Statistics()) {
      LOWBIT_RETURN_IF_ERROR(WriteHistogram(when, layer.layer, network_.LayerValues(layer.layer), metrics_.get()));
    }
    return Ok();
  }

  void TakeTime() {
    const Clock::time_point now = Clock::now();
    state_.seconds += std::chrono::duration<double>(now - start_).count();
    start_ = now;
  }

  Status Save() {
    if (!distributed::IsRoot(job_.group)) return Ok();
    TakeTime();
    LOWBIT_TRY(state_.metrics_bytes, metrics_->Sync());
    return SaveCheckpoint(CheckpointPath(job_.folder), state_, network_, *optimizer_, code_changes_.codes());
  }

  Status StopEarly() {
    LOWBIT_RETURN_IF_ERROR(Save());
    return Failed(job_.folder + ": interrupted after iteration " + std::to_string(timeline_.Iteration(state_)) +
                  " of " + std::to_string(timeline_.total()) + "; --resume continues there");
  }

  Error NotFinite(double rate) const {
    return Failed(
        job_.folder + ": the loss is not a finite number at iteration " +
        std::to_string(timeline_.Iteration(state_) + 1) +
        fmt::format(" (learning rate {:g}); lower 'train.learning_rate' or add 'train.schedule.warmup'", rate));
  }

  const TrainJob& job_;
  const recipe::TrainSection& train_;
  std::unique_ptr<Task> task_;
  Timeline timeline_;
  Network network_;
  Objective objective_;
  NetworkOptions options_;  // Of the network.
  std::unique_ptr<Optimizer> optimizer_;
  data::Batcher batcher_;
  LearningRate learning_rate_;
  std::unique_ptr<Progress> progress_;
  InterruptGuard interrupt_;
  std::unique_ptr<MetricsLog> metrics_;
  CodeChanges code_changes_;
  RunState state_;
  Clock::time_point start_, epoch_start_;
  int64_t epoch_first_step_ = 0;
  bool interrupted_ = false;  // Any of several ranks.
};

Result<TrainOutcome> TrainOrThrow(const TrainJob& job) {
  LOWBIT_TRY(const Timeline timeline, MakeTimeline(job));
  LOWBIT_TRY(NetworkOptions options, ReadNetworkOptions(job.recipe, job.device));
  if (job.recipe.train.sync_batch_norm) options.batch_norm.group = job.group;
  torch::set_num_threads(job.threads);
  LOWBIT_TRY(const data::BatchOptions batches, RankBatches(job));
  KeepFreedMemory();
  LOWBIT_TRY(const Graph graph, QuantizeActivations(job.graph, job.recipe.quantize));
  LOWBIT_TRY(std::unique_ptr<Task> task, CreateTask(job.recipe, job.dataset));
  Trainer trainer(job, timeline, batches, Network::Create(graph, options), std::move(task), options);
  LOWBIT_RETURN_IF_ERROR(trainer.Restore());
  LOWBIT_RETURN_IF_ERROR(trainer.Run());
  return trainer.Outcome();
}

}  // namespace

Status CheckJob(const TrainJob& job) {
  LOWBIT_RETURN_IF_ERROR(MakeTimeline(job));
  LOWBIT_TRY(const std::unique_ptr<Task> task, CreateTask(job.recipe, job.dataset));
  LOWBIT_RETURN_IF_ERROR(CheckTask(job, *task));
  return Guarded([&]() -> Status {
    LOWBIT_TRY(const data::BatchOptions batches, RankBatches(job));
    LOWBIT_RETURN_IF_ERROR(data::CheckAugment(batches.augment, job.dataset.train.image));
    LOWBIT_TRY(const NetworkOptions options, ReadNetworkOptions(job.recipe, job.device));
    // Throws where a layer to skip or a device is not there.
    LOWBIT_TRY(const Graph graph, QuantizeActivations(job.graph, job.recipe.quantize));
    const Network network = Network::Create(graph, options);
    const Objective objective(job, *task, options);
    if (!network.RunningStatistics().empty()) return Ok();
    if (job.recipe.train.reestimate_batch_norm > 0) {
      return Invalid("'train.reestimate_batch_norm' must be 0: the network has no batch normalization");
    }
    if (job.recipe.train.state_batch_norm != StateBatchNorm::kNone) {
      return Invalid("'train.state_batch_norm' must be \"none\": the network has no batch normalization");
    }
    return Ok();
  });
}

Result<TrainOutcome> Train(const TrainJob& job) {
  return Guarded([&] { return TrainOrThrow(job); });
}

}  // namespace lowbit::train
