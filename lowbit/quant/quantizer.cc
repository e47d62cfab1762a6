#include "lowbit/quant/quantizer.h"

#include "lowbit/base/suggest.h"

namespace lowbit::quant {

Result<std::unique_ptr<Quantizer>> CreateQuantizer(const std::string& name, const Config& options) {
  for (const methods::ShelfEntry& entry : methods::ShelfEntries()) {
    if (name == entry.name) return entry.function(options);
  }
  return Invalid(UnknownName("quantizer", name, QuantizerNames()));
}

std::vector<std::string> QuantizerNames() {
  std::vector<std::string> names;
  for (const methods::ShelfEntry& entry : methods::ShelfEntries()) names.emplace_back(entry.name);
  return names;
}

}  // namespace lowbit::quant
