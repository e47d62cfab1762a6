#include "lowbit/data/text/utterances.h"

#include <set>
#include <sstream>
#include <utility>

#include "lowbit/base/file.h"
#include "lowbit/base/utf8.h"

namespace lowbit::data {
namespace {

Result<std::vector<std::string>> ReadLines(const std::string& path) {
  LOWBIT_TRY(const std::string text, ReadTextFile(path));
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.find_first_not_of(" \t") != std::string::npos) lines.push_back(line);
  }
  return lines;
}

// Of the recording `name`; `where`: the line, for errors.
Result<std::string> ReadText(const std::string& line, const std::string& name, const std::string& where) {
  if (!IsUtf8(line)) return Invalid(where + ": is not UTF-8");
  const std::string end = "(" + name + ")";
  std::istringstream words(line);
  std::string text, last;
  for (std::string word; words >> word;) {
    last = word;
    if (word == "<s>" || word == "</s>" || word == end) continue;
    text += (text.empty() ? "" : " ") + word;
  }
  if (last != end) return Invalid(where + ": ends with '" + last + "'; '" + end + "' was expected");
  if (text.empty()) return Invalid(where + ": has no word in front of '" + end + "'");
  return text;
}

std::string SoundPath(const std::string& folder, const std::string& id) {
  const std::string path = folder + "/wav/" + id;
  return FileExists(path + ".flac") && !FileExists(path + ".wav") ? path + ".flac" : path + ".wav";
}

}  // namespace

Result<std::vector<Utterance>> ListUtterances(const std::string& folder, const std::string& ids,
                                              const std::string& texts) {
  LOWBIT_TRY(const std::vector<std::string> names, ReadLines(ids));
  LOWBIT_TRY(const std::vector<std::string> lines, ReadLines(texts));
  if (names.empty()) return Invalid(ids + ": names no recording");
  if (names.size() != lines.size()) {
    return Invalid(texts + ": has " + std::to_string(lines.size()) + " texts; " + std::to_string(names.size()) +
                   " were expected, one for each recording of " + ids);
  }
  std::vector<Utterance> utterances;
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string name = names[i].substr(names[i].rfind('/') + 1);
    LOWBIT_TRY(std::string text, ReadText(lines[i], name, texts + ": text " + std::to_string(i + 1)));
    utterances.push_back({SoundPath(folder, names[i]), std::move(text)});
  }
  return utterances;
}

std::vector<std::string> CharactersOf(const std::string& text) {
  std::vector<std::string> characters;
  for (const char byte : text) {
    const bool continues = (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
    if (continues && !characters.empty()) {
      characters.back() += byte;
    } else {
      characters.emplace_back(1, byte);
    }
  }
  return characters;
}

std::vector<std::string> LetterNames(const std::vector<Utterance>& utterances) {
  std::set<std::string> letters;
  for (const Utterance& utterance : utterances) {
    for (std::string& letter : CharactersOf(utterance.text)) letters.insert(std::move(letter));
  }
  std::vector<std::string> names = {""};
  names.insert(names.end(), letters.begin(), letters.end());
  return names;
}

Alphabet::Alphabet(const std::vector<std::string>& names) {
  for (size_t n = 1; n < names.size(); ++n) numbers_[names[n]] = static_cast<int32_t>(n);
}

Result<Letters> Alphabet::Spell(const Utterance& utterance) const {
  Letters letters;
  for (const std::string& letter : CharactersOf(utterance.text)) {
    const auto number = numbers_.find(letter);
    if (number == numbers_.end()) {
      return Invalid(utterance.path + ": its text has a '" + letter + "', which no text for training has");
    }
    letters.push_back(number->second);
  }
  return letters;
}

}  // namespace lowbit::data
