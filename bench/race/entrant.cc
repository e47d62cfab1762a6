#include "bench/race/entrant.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "lowbit/base/thread_pool.h"
#include "lowbit/core/integer_form.h"
#include "lowbit/runtime/layout.h"
#include "lowbit/runtime/model.h"
#include "lowbit/runtime/plan.h"

namespace lowbit::bench {
namespace {

class ModelEntrant : public Entrant {
 public:
  ModelEntrant(const Contest& contest, runtime::Model model, int64_t outputs)
      : contest_(contest), model_(std::move(model)), output_(static_cast<size_t>(outputs)) {}

  void Run() override { LOWBIT_CHECK(model_.Run(contest_.input, contest_.batch, output_).ok()); }
  std::vector<float> Output() override { return output_; }

  std::vector<std::string> Kernels() const override {
    std::vector<std::string> kernels;
    for (const runtime::NodePlan& node : model_.Nodes()) {
      const bool known = std::find(kernels.begin(), kernels.end(), node.kernel) != kernels.end();
      if (!known && node.fused_into.empty()) kernels.push_back(node.kernel);
    }
    return kernels;
  }

 private:
  const Contest& contest_;
  runtime::Model model_;
  std::vector<float> output_;
};

struct FreeMemory {
  void operator()(float* memory) const { std::free(memory); }
};
using AlignedFloats = std::unique_ptr<float, FreeMemory>;

AlignedFloats AllocateFloats(int64_t count) {
  const size_t bytes = (static_cast<size_t>(count) * sizeof(float) + 127) / 64 * 64;
  return AlignedFloats(static_cast<float*>(std::aligned_alloc(64, bytes)));
}

runtime::ImageExtents ExtentsOf(const Shape& shape) {
  return shape.size() == 4 ? runtime::ImageExtentsOf(shape) : runtime::ImageExtents{1, Elements(shape)};
}

class PlanEntrant : public Entrant {
 public:
  PlanEntrant(const Contest& contest, runtime::Plan plan, PlanPart part)
      : plan_(std::move(plan)),
        first_(part == PlanPart::kAll ? 0 : 1),
        end_(plan_.steps.size() - first_),
        pool_(1),
        // Every value has room of its own, so that the first one is still there when the steps run again.
        arena_(AllocateFloats(plan_.arena_floats * static_cast<int64_t>(plan_.offsets.size()))),
        scratch_(AllocateFloats(plan_.scratch_floats)) {
    for (size_t i = 0; i < plan_.offsets.size(); ++i) values_.push_back(arena_.get() + plan_.arena_floats * i);
    context_.values = values_.data();
    context_.pool = &pool_;
    context_.scratch = scratch_.get();
    context_.scratch_floats = plan_.scratch_floats;
    const runtime::PlannedValue& input = plan_.inputs[0];
    runtime::ToChannelsLast(contest.input.data(), 1, ExtentsOf(input.shape), context_.Value(input.number));
    plan_.steps.front()->Run(context_);
  }

  void Run() override {
    for (size_t i = first_; i < end_; ++i) plan_.steps[i]->Run(context_);
  }

  std::vector<float> Output() override {
    plan_.steps.back()->Run(context_);
    const runtime::PlannedValue& output = plan_.outputs[0];
    std::vector<float> floats(static_cast<size_t>(Elements(output.shape)));
    runtime::ToChannelsFirst(context_.Value(output.number), 1, ExtentsOf(output.shape), floats.data());
    return floats;
  }

  std::vector<std::string> Kernels() const override {
    std::vector<std::string> kernels;
    for (size_t i = first_; i < end_; ++i) {
      const std::string& kernel = plan_.steps[i]->kernel;
      kernels.push_back(kernel.empty() ? "bytes_to_floats" : kernel);
    }
    return kernels;
  }

 private:
  runtime::Plan plan_;
  size_t first_, end_;  // Of the steps that the clock sees.
  ThreadPool pool_;
  AlignedFloats arena_, scratch_;
  std::vector<float*> values_;
  runtime::RunContext context_;
};

}  // namespace

Result<std::unique_ptr<Entrant>> MakeModelEntrant(const Contest& contest) {
  LOWBIT_TRY(runtime::Model model, runtime::Model::FromGraph(contest.graph));
  LOWBIT_TRY(const int64_t outputs, model.OutputElements(0, contest.batch));
  return std::unique_ptr<Entrant>(std::make_unique<ModelEntrant>(contest, std::move(model), outputs));
}

Result<std::unique_ptr<Entrant>> MakePlanEntrant(const Contest& contest, PlanPart part) {
  LOWBIT_TRY(const Graph integers, ToIntegerForm(contest.graph));
  LOWBIT_TRY(runtime::Plan plan, runtime::MakePlan(integers, 1));
  if (part == PlanPart::kMiddle && plan.steps.size() < 3) {
    return Failed("the plan has no steps between its first and its last one");
  }
  return std::unique_ptr<Entrant>(std::make_unique<PlanEntrant>(contest, std::move(plan), part));
}

}  // namespace lowbit::bench
