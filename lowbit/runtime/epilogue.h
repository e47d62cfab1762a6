#ifndef LOWBIT_RUNTIME_EPILOGUE_H_
#define LOWBIT_RUNTIME_EPILOGUE_H_

#include <limits>
#include <vector>

namespace lowbit::runtime {

// What happens to channel c of a result before it is stored, all in float, each operation rounded on its own:
//
//   y = x * scale[c] + shift[c] (+ residual);  y < 0 ? y * slope[c] : y  where there are slopes;  y clipped to [low, high]
//
// A NaN passes through the clip.
struct Epilogue {
  std::vector<float> scale, shift;  // One for each channel.
  std::vector<float> slope;         // One for each channel, or empty.
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
};

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_EPILOGUE_H_
