#ifndef LOWBIT_BENCH_DECODING_TURBO_H_
#define LOWBIT_BENCH_DECODING_TURBO_H_

#include <cstdint>
#include <string>
#include <vector>

namespace lowbit::bench {

// The yardstick: what libjpeg-turbo alone needs for a whole picture. Memory for files and pixels is used again; an
// error of the library ends the program, and a damaged picture is not noticed.
class Turbo {
 public:
  // Reads the file and decodes all of it to RGB, row by row. Throws std::runtime_error where it cannot be read.
  void Decode(const std::string& path);

 private:
  std::vector<unsigned char> file_, pixels_;
};

}  // namespace lowbit::bench

#endif  // LOWBIT_BENCH_DECODING_TURBO_H_
