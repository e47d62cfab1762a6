#include "lowbit/train/activation_method.h"

#include "lowbit/base/suggest.h"

namespace lowbit::train {

Result<std::shared_ptr<const ActivationMethod>> CreateActivationMethod(const recipe::ActivationsSection& section) {
  if (section.bits == 0) return std::shared_ptr<const ActivationMethod>();
  std::vector<std::string> known;
  for (const activations::ShelfEntry& entry : activations::ShelfEntries()) {
    known.emplace_back(entry.name);
    if (section.method != entry.name) continue;
    LOWBIT_TRY(ActivationMethod method, entry.function(section.method_options));
    return std::shared_ptr<const ActivationMethod>(std::make_shared<ActivationMethod>(std::move(method)));
  }
  return Invalid(UnknownName("quantize.activations.method", section.method, known));
}

}  // namespace lowbit::train
