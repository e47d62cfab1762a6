#include "lowbit/data/text/transcription.h"

#include <algorithm>
#include <sstream>

#include "lowbit/base/check.h"
#include "lowbit/data/text/edit_distance.h"

namespace lowbit::data {
namespace {

std::vector<std::string> WordsOf(const Letters& letters, const std::vector<std::string>& names) {
  std::istringstream text(TextOf(letters, names));
  std::vector<std::string> words;
  for (std::string word; text >> word;) words.push_back(word);
  return words;
}

template <typename T>
void AddTo(ErrorRate* rate, const std::vector<T>& said, const std::vector<T>& made) {
  rate->errors += EditDistance(said, made);
  rate->length += static_cast<int64_t>(said.size());
}

}  // namespace

Letters DecodeBestPath(Span<const float> logits, int64_t classes) {
  LOWBIT_CHECK(classes > 0 && static_cast<int64_t>(logits.size()) % classes == 0);
  Letters letters;
  int64_t last = 0;
  for (const float* step = logits.data(); step != logits.data() + logits.size(); step += classes) {
    const int64_t best = std::max_element(step, step + classes) - step;
    if (best != last && best != 0) letters.push_back(static_cast<int32_t>(best));
    last = best;
  }
  return letters;
}

Letters ReadTarget(Span<const float> target) {
  Letters letters;
  for (size_t i = 0; i < target.size() && target[i] >= 0; ++i) letters.push_back(static_cast<int32_t>(target[i]));
  return letters;
}

std::string TextOf(const Letters& letters, const std::vector<std::string>& names) {
  std::string text;
  for (const int32_t letter : letters) {
    if (letter > 0 && static_cast<size_t>(letter) < names.size()) text += names[static_cast<size_t>(letter)];
  }
  return text;
}

void TranscriptionErrors::Add(const Letters& said, const Letters& made, const std::vector<std::string>& names) {
  AddTo(&characters, said, made);
  AddTo(&words, WordsOf(said, names), WordsOf(made, names));
}

}  // namespace lowbit::data
