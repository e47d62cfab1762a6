#ifndef LOWBIT_TRAIN_LEARNED_SCALE_H_
#define LOWBIT_TRAIN_LEARNED_SCALE_H_

#include "lowbit/quant/level_quantizer.h"
#include "lowbit/train/method.h"

namespace lowbit::train {

// A method whose scales are trained together with the weights (learned step size quantization, Esser et al. 2020, on any set
// of levels). With v = w / s, level(v) the nearest, and [first, last] the levels' range:
//   q = s level(v);   dL/dw = dL/dq inside the range, 0 outside;
//   dL/ds = g sum dL/dq (level(v) - v inside, level(v) outside),   g = 1 / sqrt(weights of the scale * last)
// The scales are the parameter "<weight>/scale", [1] or [rows], without weight decay; they start as the scheme's rule has it.
// A step throws std::runtime_error where one is no longer a positive number; on a GPU, which has to be waited for to see it, every
// sixteenth step of training does, and every test.
//
// Of the options `scale_rate` is read here: the scales' learning rate as a factor of the run's, (0, 1], by default 1 as in the
// paper. `read_scheme` reads and checks the others.
Result<Method> LearnedScaleMethod(const Config& options,
                                  Result<quant::LevelScheme> (*read_scheme)(const Config& options));

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_LEARNED_SCALE_H_
