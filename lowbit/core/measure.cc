#include "lowbit/core/measure.h"

#include <algorithm>
#include <cstdio>

#include "lowbit/base/check.h"

namespace lowbit {
namespace {

std::string Digits(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof(text), format, value);
  return text;
}

std::string TestOf(const std::string& score, double /*loss*/) { return "test " + score; }
std::string OnTestSet(const std::string& score, double /*loss*/) { return score + " on the test set"; }
std::string OnTestPictures(const std::string& score, double /*loss*/) { return score + " on the test pictures"; }

std::string IouOnTestPictures(const std::string& score, double /*loss*/) {
  return "a mean IoU of " + score + " on the test pictures";
}

std::string CharactersOfTestRecordings(const std::string& score, double /*loss*/) {
  return "a character accuracy of " + score + " on the test recordings";
}

std::string TeachersClass(const std::string& score, double loss) {
  return "test: teacher's class " + score + ", divergence " + Digits("%.4f", loss);
}
std::string TeachersClassOfImages(const std::string& score, double loss) {
  return "the teacher's class for " + score + " of the test images, divergence " + Digits("%.4f", loss) + ",";
}

}  // namespace

std::string TestMeasure::Text(double score) const {
  return is_share ? Digits("%.2f %%", 100 * score) : Digits("%.2f dB", score);
}

const std::vector<TestMeasure>& TestMeasures() {
  static const std::vector<TestMeasure> measures = {
      // The share of the images that are put into their class.
      {"accuracy", true, true, 0, "Test accuracy", "test accuracy", "Best accuracy", "Test loss", TestOf, OnTestSet},
      // The mean of the pictures' peak signal-to-noise ratios. The loss, squares of pixels in 0..1, has nothing in its first places.
      {"psnr", false, false, 3, "Test PSNR", "test PSNR", "Best PSNR", "Test loss", TestOf, OnTestPictures},
      // Without labels: the share of the images that are put into the class that the teacher puts them into.
      {"agreement", true, false, 0, "Agreement with the teacher", "agreement with the teacher", "Best agreement",
       "Divergence from the teacher", TeachersClass, TeachersClassOfImages},
      // Of classes of pixels: the mean over the classes of intersection over union, of all pixels of the test.
      {"iou", true, false, 0, "Test IoU", "test IoU", "Best IoU", "Test loss", TestOf, IouOnTestPictures},
      // Of transcriptions: 1 less the character error rate, which is edit distances over lengths; 0 where more is wrong than was said.
      {"character_accuracy", true, false, 0, "Character accuracy", "character accuracy", "Best character accuracy",
       "Test loss", TestOf, CharactersOfTestRecordings},
  };
  return measures;
}

const TestMeasure& TestMeasureOf(const std::string& word) {
  const std::vector<TestMeasure>& all = TestMeasures();
  const auto found = std::find_if(all.begin(), all.end(), [&](const TestMeasure& one) { return one.word == word; });
  LOWBIT_CHECK(found != all.end());
  return *found;
}

}  // namespace lowbit
