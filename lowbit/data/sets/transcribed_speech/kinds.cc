// Recordings and what is said in them: what a network that writes down speech learns from.

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "lowbit/data/dataset.h"
#include "lowbit/data/sets/transcribed_speech/spelled_recordings.h"
#include "lowbit/data/sound/sound_file.h"
#include "lowbit/data/sound/sound_pixels.h"
#include "lowbit/data/text/utterances.h"

namespace lowbit::data::sets::transcribed_speech {
namespace {

constexpr int64_t kMels = 40;
// Spectrograms have a multiple of so many rows, so that networks can make one step of 2, 4, 8, ... of them.
constexpr int64_t kMultiple = 32;
// Windows of the longest recording, 82 seconds: every example takes the memory and the time of the longest one.
constexpr int64_t kMostFrames = 8192;

class Reader {
 public:
  explicit Reader(const Alphabet& alphabet) : alphabet_(alphabet) {}

  Result<std::vector<SpelledRecording>> Read(const std::vector<Utterance>& utterances) {
    std::vector<SpelledRecording> recordings;
    for (const Utterance& utterance : utterances) {
      LOWBIT_TRY(SpelledRecording recording, ReadOne(utterance));
      recordings.push_back(std::move(recording));
    }
    return recordings;
  }

  int64_t rate() const { return rate_; }
  int64_t frames() const { return (frames_ + kMultiple - 1) / kMultiple * kMultiple; }
  int64_t letters() const { return letters_; }

 private:
  Result<SpelledRecording> ReadOne(const Utterance& utterance) {
    SpelledRecording recording;
    LOWBIT_TRY(recording.letters, alphabet_.Spell(utterance));
    LOWBIT_TRY(const Sound sound, ReadSound(utterance.path));
    if (rate_ == 0) rate_ = sound.rate;
    LOWBIT_TRY(recording.rows, SoundRows(sound, rate_, kMels, utterance.path));
    const int64_t frames = static_cast<int64_t>(recording.rows.size()) / kMels;
    const auto letters = static_cast<int64_t>(recording.letters.size());
    if (frames > kMostFrames) return TooMany(utterance, frames, " windows of sound, one every 10 ms", kMostFrames);
    if (letters > frames) return TooMany(utterance, letters, " characters in its text", frames, ", one a window");
    frames_ = std::max(frames_, frames);
    letters_ = std::max(letters_, letters);
    return recording;
  }

  static Error TooMany(const Utterance& utterance, int64_t has, const std::string& what, int64_t most,
                       const std::string& why = "") {
    return Invalid(utterance.path + ": has " + std::to_string(has) + what + "; at most " + std::to_string(most) +
                   " were expected" + why);
  }

  const Alphabet& alphabet_;
  int64_t rate_ = 0, frames_ = 0, letters_ = 0;  // The most of what was read.
};

// That begins with row `row` of the kind's files.
Result<std::vector<Utterance>> ListHalf(const DatasetKind& kind, size_t row, const std::string& folder) {
  LOWBIT_TRY(const std::string ids, DatasetFile(kind, row, folder));
  LOWBIT_TRY(const std::string texts, DatasetFile(kind, row + 1, folder));
  return ListUtterances(folder, ids, texts);
}

Result<Dataset> Load(const DatasetKind& kind, const std::string& folder, const PictureOptions&) {
  Dataset set;
  set.name = kind.name;
  set.path = folder;
  set.task = "transcription";
  LOWBIT_TRY(const std::vector<Utterance> train, ListHalf(kind, 0, folder));
  LOWBIT_TRY(const std::vector<Utterance> test, ListHalf(kind, 2, folder));
  set.class_names = LetterNames(train);
  set.classes = static_cast<int64_t>(set.class_names.size());
  const Alphabet alphabet(set.class_names);
  Reader reader(alphabet);
  LOWBIT_TRY(std::vector<SpelledRecording> train_recordings, reader.Read(train));
  LOWBIT_TRY(std::vector<SpelledRecording> test_recordings, reader.Read(test));
  set.sound_rate = reader.rate();
  set.train = SpelledSet(std::move(train_recordings), reader.frames(), kMels, reader.letters());
  set.test = SpelledSet(std::move(test_recordings), reader.frames(), kMels, reader.letters());
  return set;
}

DatasetKind Kind(const std::string& name, const std::string& prefix) {
  DatasetKind kind;
  kind.name = name;
  for (const char* half : {"train", "test"}) {
    kind.files.push_back({"etc/" + prefix + half + ".fileids"});
    kind.files.push_back({"etc/" + prefix + half + ".transcription"});
  }
  kind.load = Load;
  return kind;
}

}  // namespace

std::vector<DatasetKind> Kinds() {
  DatasetKind an4 = Kind("an4", "an4_");
  an4.description =
      "spoken names, addresses and spelled words (CMU AN4) with their texts, 948 + 130 recordings at 16 kHz, as "
      "spectrograms 640x40";
  an4.how_to_get =
      "get the AN4 database of Carnegie Mellon University, make WAV files of its recordings in the folder wav beside "
      "the folder etc, and name the folder of both";
  DatasetKind own = Kind("transcribed-speech", "");
  own.description = "any recordings and their texts, WAV or FLAC, as spectrograms of the longest one's length";
  own.how_to_get =
      "put recordings into the folder wav, their names into etc/train.fileids and etc/test.fileids, what is said in "
      "them into etc/train.transcription and etc/test.transcription, one 'TEXT (NAME)' a line, and name the folder of "
      "both";
  return {an4, own};
}

}  // namespace lowbit::data::sets::transcribed_speech
