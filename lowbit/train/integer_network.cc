#include "lowbit/train/integer_network.h"

#include <stdexcept>

#include "lowbit/core/integer_form.h"

namespace lowbit::train {

Network CreateIntegerNetwork(const Graph& frozen, const std::string& device) {
  const Result<Graph> integers = ToIntegerForm(frozen);
  if (!integers.ok()) throw std::invalid_argument(integers.error().message);
  NetworkOptions options;
  options.device = device;
  options.arithmetic = Arithmetic::kRounded;
  options.memory_format = MemoryFormat::kContiguous;  // What libtorch's products of doubles work on.
  return Network::Create(integers.value(), options);
}

}  // namespace lowbit::train
