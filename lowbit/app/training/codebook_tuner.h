#ifndef LOWBIT_APP_TRAINING_CODEBOOK_TUNER_H_
#define LOWBIT_APP_TRAINING_CODEBOOK_TUNER_H_

#include "lowbit/app/training_module.h"
#include "lowbit/base/result.h"

namespace lowbit::app {

// train::CodebookTuner as compression calls it.
Result<compress::TuneCodebook> MakeCodebookTuner(const TunerRequest& request);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_TRAINING_CODEBOOK_TUNER_H_
