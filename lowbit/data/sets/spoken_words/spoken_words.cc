// Recordings of single words as labelled pictures, their spectrograms: what classifies pictures classifies them.

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "lowbit/data/dataset.h"
#include "lowbit/data/sound/log_mel.h"
#include "lowbit/data/sound/sound_file.h"
#include "lowbit/data/sound/sound_pixels.h"

namespace lowbit::data::sets::spoken_words {
namespace {

namespace fs = std::filesystem;

// Of every picture: 96 windows of 25 ms, one every 10 ms, are 0.975 seconds.
constexpr int64_t kFrames = 96;
constexpr int64_t kMels = 40;

// The published test recordings of FSDD: the first five of each digit and speaker.
constexpr long kTestRecordings = 5;

using Names = std::vector<std::string>;  // Of files.

// Names of the sound files in `folder`, sorted.
Result<Names> ListSounds(const std::string& folder) {
  Names names;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::string name = at->path().filename().string();
    std::error_code ignored;
    if (name.front() != '.' && HasSoundName(name) && at->is_regular_file(ignored)) names.push_back(std::move(name));
  }
  if (error) return Invalid(folder + ": cannot be listed: " + error.message());
  std::sort(names.begin(), names.end());
  return names;
}

// The word in front of the first '_'; "" if there is none.
std::string WordOf(const std::string& name) { return name.substr(0, std::min(name.find('_'), name.rfind('.'))); }

// The first of each word, then the second of each, so that any first part has all words.
Names InTurns(const Names& names) {
  std::map<std::pair<size_t, std::string>, std::string> by_turn;
  std::map<std::string, size_t> counts;
  for (const std::string& name : names) by_turn[{counts[WordOf(name)]++, WordOf(name)}] = name;
  Names turns;
  for (const auto& [turn, name] : by_turn) turns.push_back(name);
  return turns;
}

// Reads the halves of one data set.
class Reader {
 public:
  explicit Reader(Dataset* set) : set_(set) {}

  // The classes are the words of these files, sorted.
  Status SetWords(const std::string& folder, const Names& names) {
    std::map<std::string, int> words;
    for (const std::string& name : names) words[WordOf(name)] = 0;
    for (const auto& [word, unused] : words) set_->class_names.push_back(word);
    set_->classes = static_cast<int64_t>(words.size());
    if (words.count("") != 0) return Invalid(folder + ": has a sound file whose name does not begin with a word");
    if (words.size() > 1) return Ok();
    return Invalid(folder + ": has recordings of " + (words.empty() ? "no word" : "only one word") +
                   "; files WORD_*.wav of two or more words were expected");
  }

  Status Read(const std::string& folder, const Names& names, ImageSet* half) {
    half->image = {1, kFrames, kMels};
    for (const std::string& name : InTurns(names)) LOWBIT_RETURN_IF_ERROR(ReadOne(folder + "/" + name, half));
    if (half->count() > 0) return Ok();
    return Invalid(folder + ": has no recording for one of the halves, training and test");
  }

  void Warn() {
    if (cut_ == 0) return;
    set_->warnings.push_back(std::to_string(cut_) + " of " + std::to_string(set_->train.count() + set_->test.count()) +
                             " recordings are longer than 0.975 seconds; what is beyond was left out");
  }

 private:
  Status ReadOne(const std::string& path, ImageSet* half) {
    const std::string word = WordOf(fs::path(path).filename().string());
    const auto known = std::find(set_->class_names.begin(), set_->class_names.end(), word);
    if (known == set_->class_names.end()) return Invalid(path + ": '" + word + "' is no word of the training half");
    LOWBIT_TRY(const Sound sound, ReadSound(path));
    if (set_->sound_rate == 0) set_->sound_rate = sound.rate;
    LOWBIT_TRY(const std::vector<uint8_t> pixels, SoundPixels(sound, set_->sound_rate, half->image, path));
    cut_ += LogMel(sound.rate, kMels).Frames(static_cast<int64_t>(sound.samples.size())) > kFrames;
    half->pixels.insert(half->pixels.end(), pixels.begin(), pixels.end());
    half->labels.push_back(static_cast<int32_t>(known - set_->class_names.begin()));
    return Ok();
  }

  Dataset* set_;
  int64_t cut_ = 0;
};

Dataset Begin(const DatasetKind& kind, const std::string& folder) {
  Dataset set;
  set.name = kind.name;
  set.path = folder;
  return set;
}

// Of names WORD_SPEAKER_NUMBER.wav, as FSDD has them.
Result<bool> IsTest(const std::string& folder, const std::string& name) {
  const size_t place = name.rfind('_') + 1, dot = name.rfind('.');
  const std::string number = name.substr(place, dot - place);
  const bool digits = std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (place != 0 && !number.empty() && number.size() < 9 && digits) return std::stol(number) < kTestRecordings;
  return Invalid(folder + "/" + name + ": is not called DIGIT_SPEAKER_NUMBER.wav");
}

Result<Dataset> LoadFsdd(const DatasetKind& kind, const std::string& folder, const PictureOptions&) {
  Dataset set = Begin(kind, folder);
  LOWBIT_TRY(const Names names, ListSounds(folder));
  Names train, test;
  for (const std::string& name : names) {
    LOWBIT_TRY(const bool is_test, IsTest(folder, name));
    (is_test ? test : train).push_back(name);
  }
  Reader reader(&set);
  LOWBIT_RETURN_IF_ERROR(reader.SetWords(folder, names));
  LOWBIT_RETURN_IF_ERROR(reader.Read(folder, train, &set.train));
  LOWBIT_RETURN_IF_ERROR(reader.Read(folder, test, &set.test));
  reader.Warn();
  return set;
}

Result<Dataset> LoadFolders(const DatasetKind& kind, const std::string& folder, const PictureOptions&) {
  Dataset set = Begin(kind, folder);
  Reader reader(&set);
  for (size_t row = 0; row < 2; ++row) {
    LOWBIT_TRY(const std::string half, DatasetFolder(kind, row, folder));
    LOWBIT_TRY(const Names names, ListSounds(half));
    if (row == 0) LOWBIT_RETURN_IF_ERROR(reader.SetWords(half, names));
    LOWBIT_RETURN_IF_ERROR(reader.Read(half, names, row == 0 ? &set.train : &set.test));
  }
  reader.Warn();
  return set;
}

}  // namespace

std::vector<DatasetKind> Kinds() {
  DatasetKind fsdd;
  fsdd.name = "fsdd";
  fsdd.description =
      "spoken digits (Free Spoken Digit Dataset), 8 kHz, as spectrograms 96x40; recordings 0-4 of each digit and "
      "speaker are the test set";
  fsdd.how_to_get =
      "clone github.com/Jakobovski/free-spoken-digit-dataset and name its folder recordings, with the WAV files";
  fsdd.folder_names = {"free-spoken-digit-dataset/recordings"};
  fsdd.files = {{"0_jackson_0.wav"}};
  fsdd.load = LoadFsdd;
  DatasetKind folders;
  folders.name = "spoken-words";
  folders.description = "any recordings of single words, WAV or FLAC, as spectrograms 96x40";
  folders.how_to_get = "put files WORD_*.wav into the folders train and test of one folder and name it";
  folders.folders = {{"train"}, {"test"}};
  folders.load = LoadFolders;
  return {fsdd, folders};
}

}  // namespace lowbit::data::sets::spoken_words
