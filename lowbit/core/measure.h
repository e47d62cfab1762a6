#ifndef LOWBIT_CORE_MEASURE_H_
#define LOWBIT_CORE_MEASURE_H_

#include <string>
#include <vector>

namespace lowbit {

// What tests of a network measure, and how people are told of it. More is better, and nothing is below 0.
struct TestMeasure {
  const char* word;    // Of metrics: "psnr" of `test_psnr` and `best_test_psnr`.
  bool is_share;       // Of 1, told in %; otherwise in dB.
  bool in_training;    // Steps of training count it too.
  int loss_digits;     // Significant ones of a training loss that people are told; 0: three places after the point.
  const char* title;   // "Test PSNR"
  const char* spoken;  // "test PSNR"
  const char* best;    // "Best PSNR"
  const char* loss;    // "Test loss"
  // What is told of a test, whose score is a text already: after an epoch ("test 88.40 %"), after a run ("88.40 % on the test set").
  std::string (*after_epoch)(const std::string& score, double loss);
  std::string (*after_run)(const std::string& score, double loss);

  // "88.40 %" or "33.75 dB".
  std::string Text(double score) const;
};

// All there are, accuracy first.
const std::vector<TestMeasure>& TestMeasures();

// REQUIRES: one of them has that word.
const TestMeasure& TestMeasureOf(const std::string& word);

}  // namespace lowbit

#endif  // LOWBIT_CORE_MEASURE_H_
