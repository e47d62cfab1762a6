#ifndef LOWBIT_QUANT_METHODS_ESB_ESB_H_
#define LOWBIT_QUANT_METHODS_ESB_ESB_H_

#include <vector>

#include "lowbit/quant/alignment.h"
#include "lowbit/quant/level_quantizer.h"
#include "lowbit/quant/methods/esb/format.h"

namespace lowbit::quant::methods::esb {

struct Options {
  enum class Alpha {
    kAuthor,   // As released; the optimum where the authors have none.
    kOptimal,  // Of `density`.
  };
  Format format;
  // k = "auto": of each layer by the density that it looks most like, which gives alpha too.
  bool by_layer = false;
  Alpha alpha = Alpha::kAuthor;
  Density density = Density::kNormal;  // kOptimal
  ScaleRule::Statistic sigma = ScaleRule::Statistic::kStd;
  Scope scope = Scope::kLayer;
};

// Keys `bits` = 2..8, `k` = 0..bits-2 or "auto", `alpha` = author | optimal, `density` = normal | laplace | uniform, `sigma` =
// std | rms, `scope` = layer | row. `mean_shift` is refused.
Result<Options> ReadOptions(const Config& config);

// alpha / sigma for the format.
double Alpha(const Format& format, Options::Alpha table, Density density);
// The authors' number; 0 where they have none.
double AuthorAlpha(const Format& format);
// The k with the least expected distortion.
int AlignedK(int bits, Density density);

// The densities among which `by_layer` chooses, and the one whose mean magnitude is nearest to mean |w| / rms of the weights.
inline constexpr Density kShapes[] = {Density::kLaplace, Density::kNormal, Density::kUniform};
size_t NearestShape(double mean_magnitude, double rms);

// Value set and rule. For `by_layer`, those of the density.
LevelScheme MakeScheme(const Options& options, Density density);

// The method of spec.md.
class Esb : public Quantizer {
 public:
  explicit Esb(const Options& options) : options_(options) {}
  QTensor Quantize(Span<const float> weights, const Shape& shape) const override;
  bool IsProjection() const override { return false; }

 private:
  Options options_;
};

Result<std::unique_ptr<Quantizer>> Create(const Config& options);

}  // namespace lowbit::quant::methods::esb

#endif  // LOWBIT_QUANT_METHODS_ESB_ESB_H_
