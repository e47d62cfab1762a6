#ifndef LOWBIT_TRAIN_TRAINER_MEASURE_H_
#define LOWBIT_TRAIN_TRAINER_MEASURE_H_

#include <cstdint>
#include <string>

namespace lowbit::train {

// What tests measure. More is better, and nothing is below 0.
enum class Measure : uint8_t {
  kAccuracy,   // The share of the images that are put into their class.
  kPsnr,       // The mean of the pictures' peak signal-to-noise ratios (data::Psnr), in dB.
  kAgreement,  // Without labels: the share of the images that are put into the class that the teacher puts them into.
};

// A picture that is made without any difference counts as this many dB.
inline constexpr double kMostPsnr = 100;

// "accuracy", "psnr" or "agreement", as in metrics.
std::string Word(Measure measure);
// "88.40 %" or "33.75 dB".
std::string Text(Measure measure, double score);

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_TRAINER_MEASURE_H_
