#ifndef LOWBIT_APP_IMPORT_WEIGHTS_H_
#define LOWBIT_APP_IMPORT_WEIGHTS_H_

#include <string>
#include <vector>

#include "lowbit/app/inspect.h"
#include "lowbit/base/result.h"

namespace lowbit::app {

// Writes the recipe's network with the values of its 'model.weights' as the packed file `out`, float whatever [quantize]
// says, and says what it holds. `overrides`: "key.path=value". Errors: no 'model.weights', or layers that they leave at
// random; as LoadStartWeights.
Result<Inspection> ImportWeights(const std::string& recipe, const std::vector<std::string>& overrides,
                                 const std::string& out);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_IMPORT_WEIGHTS_H_
