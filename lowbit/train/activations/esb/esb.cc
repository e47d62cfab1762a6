#include <cmath>
#include <cstdint>
#include <string>

#include "lowbit/train/activation_method.h"

// Elastic significant bits (Gong et al. 2022): `k` bits behind the leading one, the others for the exponent, so that steps are fine near
// zero. The scale is aligned in closed form with what comes in at the start of a run (quant/activation_scale.h); the paper's code
// averages it while it trains. `gradient` = straight: through, also for what saturates, as the paper trains; clipped: 0 there, as its
// code can, which bounds what a deep network of few bits amplifies.

namespace lowbit::train::activations::esb {
namespace {

constexpr int kMaxExponentBits = 4;  // With five the largest level would be 2^30.

Result<LevelGrid> Levels(int bits, int64_t k, bool is_signed) {
  const int64_t exponent_bits = bits - k - (is_signed ? 1 : 0);
  if (exponent_bits < 1 || exponent_bits > kMaxExponentBits || bits - (is_signed ? 1 : 0) < 1) {
    return Invalid("quantize.activations.esb.k: " + std::to_string(k) + " of " + std::to_string(bits) +
                   (is_signed ? " bits with a sign" : " bits") + " leave " + std::to_string(exponent_bits) +
                   " for the exponent; expected 1 to " + std::to_string(kMaxExponentBits));
  }
  // (2^(k+1) - 1) 2^N
  const double largest = std::ldexp(std::exp2(k + 1) - 1, (1 << exponent_bits) - 2);
  if (largest > kMaxLevel) {
    return Invalid("quantize.activations.esb.k: with " + std::to_string(k) + " of " + std::to_string(bits) +
                   (is_signed ? " bits with a sign" : " bits") + " the largest level would be " +
                   std::to_string(static_cast<int64_t>(largest)) + ", beyond " + std::to_string(kMaxLevel) +
                   "; take a larger k or fewer bits");
  }
  return ElasticLevels(static_cast<int>(exponent_bits), static_cast<int>(k), is_signed);
}

}  // namespace

Result<ActivationMethod> Create(const Config& options) {
  ConfigReader reader(options, "quantize.activations.esb");
  const int64_t k = reader.Int("k", 1, 0, 6);
  const std::string gradient = reader.String("gradient", "straight", {"straight", "clipped"});
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  ActivationMethod method;
  method.levels_clip_gradient = gradient == "clipped";
  method.levels = [k](int bits, bool is_signed) { return Levels(bits, k, is_signed); };
  return method;
}

}  // namespace lowbit::train::activations::esb
