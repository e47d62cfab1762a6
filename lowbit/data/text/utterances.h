#ifndef LOWBIT_DATA_TEXT_UTTERANCES_H_
#define LOWBIT_DATA_TEXT_UTTERANCES_H_

// Recordings and what is said in them, in the layout of the Sphinx recognizers.

#include <map>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/data/text/transcription.h"

namespace lowbit::data {

struct Utterance {
  std::string path;  // Of the recording.
  std::string text;  // Words with one space between them, UTF-8; not empty.
};

// One half of a folder's recordings. Line i of `ids` names a recording, FOLDER/wav/ID.wav or ID.flac; line i of `texts` is what is said in
// it and, in brackets, the last part of its name: "ONE TWO (name)" or "<s> ONE TWO </s> (name)". Empty lines do not count.
// Errors: a file that cannot be read, no recording, another number of texts, a text of another recording, without a word or not UTF-8.
Result<std::vector<Utterance>> ListUtterances(const std::string& folder, const std::string& ids,
                                              const std::string& texts);

// The characters of UTF-8 text. REQUIRES: IsUtf8(text)
std::vector<std::string> CharactersOf(const std::string& text);

// What a network of letters answers with: number 0 is the blank, whose name is "", then the characters of these texts, sorted.
std::vector<std::string> LetterNames(const std::vector<Utterance>& utterances);

// Numbers of the letters by name.
class Alphabet {
 public:
  // REQUIRES: names[0] is the blank.
  explicit Alphabet(const std::vector<std::string>& names);
  // Error, which begins with the recording's path: a character that is none of the letters.
  Result<Letters> Spell(const Utterance& utterance) const;

 private:
  std::map<std::string, int32_t> numbers_;
};

}  // namespace lowbit::data

#endif  // LOWBIT_DATA_TEXT_UTTERANCES_H_
