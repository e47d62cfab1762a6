#ifndef LOWBIT_DATA_TEXT_TRANSCRIPTION_H_
#define LOWBIT_DATA_TEXT_TRANSCRIPTION_H_

// From the answers of a network for each step to text, and how far that is from what was said.

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/base/span.h"

namespace lowbit::data {

// Numbers of characters; 0 is the blank between them.
using Letters = std::vector<int32_t>;

// The best path of connectionist temporal classification (Graves et al. 2006, section 3.2): of each step the largest logit, the
// lower class of equal ones; then repeated classes once; then without the blanks. logits [steps, classes].
Letters DecodeBestPath(Span<const float> logits, int64_t classes);

// A padded target of transcription sets: the numbers in front of the first negative one.
Letters ReadTarget(Span<const float> target);

// The text; `names[n]` is what the number n writes, and numbers without a name write nothing.
std::string TextOf(const Letters& letters, const std::vector<std::string>& names);

// Errors over many recordings: the sum of all edit distances, divided by the sum of all lengths of what was said.
struct ErrorRate {
  int64_t errors = 0, length = 0;
  // At least 0, above 1 where much was made up; 0 if nothing was said and nothing made up, 1 if something was.
  double rate() const {
    if (length == 0) return errors == 0 ? 0 : 1;
    return static_cast<double>(errors) / static_cast<double>(length);
  }
};

struct TranscriptionErrors {
  ErrorRate characters, words;
  // Adds a recording. Words are what stands between spaces.
  void Add(const Letters& said, const Letters& made, const std::vector<std::string>& names);
};

}  // namespace lowbit::data

#endif  // LOWBIT_DATA_TEXT_TRANSCRIPTION_H_
