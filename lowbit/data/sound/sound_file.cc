#include "lowbit/data/sound/sound_file.h"

#include <sndfile.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstring>
#include <memory>
#include <utility>

#include "lowbit/base/file.h"

namespace lowbit::data {
namespace {

// A file in memory, as libsndfile reads it.
struct Memory {
  Span<const uint8_t> bytes;
  sf_count_t at = 0;

  static Memory* Of(void* self) { return static_cast<Memory*>(self); }
  static sf_count_t Length(void* self) { return static_cast<sf_count_t>(Of(self)->bytes.size()); }
  static sf_count_t Tell(void* self) { return Of(self)->at; }

  static sf_count_t Seek(sf_count_t offset, int whence, void* self) {
    const sf_count_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? Of(self)->at : Length(self);
    // Headers of damaged files ask for places that are none.
    if (offset < -from || offset > Length(self) - from) return -1;
    return Of(self)->at = from + offset;
  }

  static sf_count_t Read(void* to, sf_count_t count, void* self) {
    const sf_count_t there = std::clamp<sf_count_t>(count, 0, Length(self) - Tell(self));
    if (there > 0) std::memcpy(to, Of(self)->bytes.data() + Tell(self), static_cast<size_t>(there));
    Of(self)->at += there;
    return there;
  }

  static sf_count_t Write(const void*, sf_count_t, void*) { return 0; }
};

bool StartsWith(Span<const uint8_t> file, size_t at, const char* word) {
  return file.size() >= at + 4 && std::memcmp(file.data() + at, word, 4) == 0;
}

bool IsSound(Span<const uint8_t> file) {
  return StartsWith(file, 0, "fLaC") || (StartsWith(file, 0, "RIFF") && StartsWith(file, 8, "WAVE"));
}

// What the header says of the length is not believed.
Status ReadSamples(SNDFILE* file, const std::string& name, std::vector<float>* samples) {
  std::vector<float> block(1 << 14);
  while (const sf_count_t count = sf_readf_float(file, block.data(), static_cast<sf_count_t>(block.size()))) {
    if (count < 0 || static_cast<int64_t>(samples->size()) + count > kMaxSoundSamples) {
      return Invalid(name + ": has more than " + std::to_string(kMaxSoundSamples) + " samples");
    }
    samples->insert(samples->end(), block.begin(), block.begin() + count);
  }
  if (samples->empty()) return Invalid(name + ": has no samples");
  if (std::all_of(samples->begin(), samples->end(), [](float x) { return std::isfinite(x); })) return Ok();
  return Invalid(name + ": has samples that are not finite numbers");
}

}  // namespace

Result<Sound> DecodeSound(Span<const uint8_t> file, const std::string& name) {
  if (!IsSound(file)) return Invalid(name + ": is no sound file; WAV or FLAC was expected");
  SF_VIRTUAL_IO access = {Memory::Length, Memory::Seek, Memory::Read, Memory::Write, Memory::Tell};
  Memory memory = {file};
  SF_INFO info = {};
  const std::unique_ptr<SNDFILE, int (*)(SNDFILE*)> opened(sf_open_virtual(&access, SFM_READ, &info, &memory),
                                                           sf_close);
  if (opened == nullptr) return Invalid(name + ": is a damaged sound file: " + sf_strerror(nullptr));
  if (info.channels != 1) {
    return Invalid(name + ": has " + std::to_string(info.channels) + " channels; recordings of one were expected");
  }
  if (info.samplerate < 1) return Invalid(name + ": says " + std::to_string(info.samplerate) + " samples in a second");
  Sound sound;
  sound.rate = info.samplerate;
  LOWBIT_RETURN_IF_ERROR(ReadSamples(opened.get(), name, &sound.samples));
  return sound;
}

Result<Sound> ReadSound(const std::string& path) {
  LOWBIT_TRY(const std::vector<uint8_t> bytes, ReadFile(path));
  return DecodeSound(bytes, path);
}

bool HasSoundName(const std::string& name) {
  const size_t dot = name.rfind('.');
  if (dot == std::string::npos) return false;
  std::string ending = name.substr(dot + 1);
  for (char& c : ending) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return ending == "wav" || ending == "flac";
}

}  // namespace lowbit::data
