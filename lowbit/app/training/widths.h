#ifndef LOWBIT_APP_TRAINING_WIDTHS_H_
#define LOWBIT_APP_TRAINING_WIDTHS_H_

#include <map>
#include <string>

#include "lowbit/base/result.h"
#include "lowbit/recipe/quantize_section.h"

namespace lowbit::app {

// Bits of the weights of each layer, by the name of its node.
using Widths = std::map<std::string, int64_t>;

// Those of a finished run, of its packed network; `equal`: the same for all, the mean over the weights, rounded. Layers with float
// weights are left out. Errors: no finished run there, no low-bit layer in it.
Result<Widths> ReadWidths(const std::string& run, bool equal);

// Whether the recipe's key `widths` means a folder beside that of the run, and which one it means for a run in `folder`.
bool AreBeside(const std::string& widths);
std::string WidthsFolder(const std::string& widths, const std::string& folder);

// A rule for each of these layers: the recipe's method and policy, with these bits.
void AddWidths(const Widths& widths, recipe::QuantizeSection* quantize);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_TRAINING_WIDTHS_H_
