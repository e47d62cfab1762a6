#ifndef LOWBIT_QUANT_ALIGNMENT_H_
#define LOWBIT_QUANT_ALIGNMENT_H_

// How a set of values is best aligned with the distribution of what it quantizes: the distribution difference aligner of
// ESB, in closed form (quant/methods/esb/spec.md).

#include <vector>

namespace lowbit::quant {

// Densities with second moment 1. All but kHalfNormal are symmetric about 0.
enum class Density {
  kNormal,
  kHalfNormal,  // |x| of kNormal: what ReLU leaves of it, where it is not 0. For sets without negative values.
  kLaplace,
  kUniform,  // On [-sqrt(3), sqrt(3)].
};

// E |x| of the density: what tells one shape from another.
double MeanMagnitude(Density density);

// D(scale) = E (x - q)^2 with q the nearest of scale * (the set), given by its values that are not negative, ascending. The
// set has their negatives too where the density is symmetric. REQUIRES: at least one value; scale > 0.
double ExpectedDistortion(const std::vector<double>& levels, double scale, Density density);

struct Alignment {
  double scale = 1;
  double distortion = 0;
};

// The scale with the least distortion, to 9 digits. There may be several minima (sets of powers of two are nearly mapped to
// themselves by a factor of 2): a logarithmic grid is searched first, from 1/64 to 64 for the largest value.
Alignment Align(const std::vector<double>& levels, Density density);

}  // namespace lowbit::quant

#endif  // LOWBIT_QUANT_ALIGNMENT_H_
