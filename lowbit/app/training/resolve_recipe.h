#ifndef LOWBIT_APP_TRAINING_RESOLVE_RECIPE_H_
#define LOWBIT_APP_TRAINING_RESOLVE_RECIPE_H_

#include "lowbit/app/training_module.h"
#include "lowbit/base/config.h"
#include "lowbit/base/result.h"

namespace lowbit::app {

// The recipe file with every --set applied and a name, the file's if it gives none; not yet checked, and perhaps a sweep.
Result<Config> ResolveRecipe(const TrainRequest& request);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_TRAINING_RESOLVE_RECIPE_H_
