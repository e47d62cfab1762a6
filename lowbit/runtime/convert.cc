#include "lowbit/runtime/convert.h"

#include <algorithm>

#include "lowbit/runtime/task_size.h"

namespace lowbit::runtime {
namespace {

constexpr int64_t kTaskElements = 1 << 15, kLeastElements = 1 << 11;

class ConvertStep : public Step {
 public:
  ConvertStep(int64_t count, int32_t offset, bool widen) : count_(count), offset_(offset), widen_(widen) {}

  void Run(const RunContext& context) const override {
    const int64_t count = count_ * context.batch;
    if (count == 0) return;
    const int64_t of_task = EvenTask(count, kLeastElements, kTaskElements, context.pool->threads());
    context.pool->ParallelFor((count + of_task - 1) / of_task, [&](int64_t i, int) {
      const int64_t begin = i * of_task, end = std::min(count, begin + of_task);
      widen_ ? Widen(context.Bytes(inputs[0]), begin, end, context.Value(outputs[0]))
             : Narrow(context.Value(inputs[0]), begin, end, context.Bytes(outputs[0]));
    });
  }

 private:
  void Widen(const uint8_t* from, int64_t begin, int64_t end, float* to) const {
    for (int64_t i = begin; i < end; ++i) to[i] = static_cast<float>(static_cast<int32_t>(from[i]) - offset_);
  }
  void Narrow(const float* from, int64_t begin, int64_t end, uint8_t* to) const {
    for (int64_t i = begin; i < end; ++i) to[i] = static_cast<uint8_t>(static_cast<int32_t>(from[i]) + offset_);
  }

  int64_t count_;  // In the plan's shape.
  int32_t offset_;
  bool widen_;
};

}  // namespace

std::unique_ptr<Step> ConvertTo(const std::string& wanted, const Lowering& lowering) {
  const std::string value = Lowering::ValueOf(wanted);
  const ByteFormat* format = lowering.BytesOf(value);
  if (format == nullptr) return nullptr;
  const bool widen = wanted == value;
  auto step = std::make_unique<ConvertStep>(Elements(lowering.ShapeOf(value)), format->offset, widen);
  step->reads = {widen ? Lowering::BytesName(value) : value};
  step->writes = {wanted};
  return step;
}

}  // namespace lowbit::runtime
