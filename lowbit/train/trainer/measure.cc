#include "lowbit/train/trainer/measure.h"

#include <fmt/format.h>

namespace lowbit::train {

std::string Word(Measure measure) {
  if (measure == Measure::kAgreement) return "agreement";
  return measure == Measure::kPsnr ? "psnr" : "accuracy";
}

std::string Text(Measure measure, double score) {
  return measure == Measure::kPsnr ? fmt::format("{:.2f} dB", score) : fmt::format("{:.2f} %", 100 * score);
}

}  // namespace lowbit::train
