#ifndef LOWBIT_DATA_TEST_WAV_H_
#define LOWBIT_DATA_TEST_WAV_H_

// For tests only: WAV files, made in memory.

#include <cstdint>
#include <string>
#include <vector>

namespace lowbit::data {

inline void AppendLittleEndian(uint32_t value, int bytes, std::vector<uint8_t>* to) {
  for (int i = 0; i < bytes; ++i) to->push_back(static_cast<uint8_t>(value >> (8 * i)));
}

// 16-bit PCM; the samples of several channels by turns.
inline std::vector<uint8_t> WavFile(const std::vector<int16_t>& samples, uint32_t rate, uint32_t channels = 1) {
  std::vector<uint8_t> file;
  // One by one: g++ 12 warns of an insertion at once, wrongly.
  const auto word = [&file](const std::string& text) {
    for (const char c : text) file.push_back(static_cast<uint8_t>(c));
  };
  const auto size = static_cast<uint32_t>(2 * samples.size());
  word("RIFF"), AppendLittleEndian(36 + size, 4, &file), word("WAVEfmt "), AppendLittleEndian(16, 4, &file);
  AppendLittleEndian(1, 2, &file), AppendLittleEndian(channels, 2, &file), AppendLittleEndian(rate, 4, &file);
  AppendLittleEndian(2 * channels * rate, 4, &file), AppendLittleEndian(2 * channels, 2, &file);
  AppendLittleEndian(16, 2, &file), word("data"), AppendLittleEndian(size, 4, &file);
  for (const int16_t sample : samples) AppendLittleEndian(static_cast<uint16_t>(sample), 2, &file);
  return file;
}

}  // namespace lowbit::data

#endif  // LOWBIT_DATA_TEST_WAV_H_
