#include "lowbit/quant/levels.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace lowbit::quant {
namespace {

// The exponent of the highest power of two that divides x; of 0, more than any other's.
int Roundness(double x) {
  if (x == 0) return std::numeric_limits<int>::max();
  int exponent = 0;
  double fraction = std::frexp(x, &exponent);
  while (fraction != std::floor(fraction)) fraction *= 2, --exponent;
  return exponent;
}

}  // namespace

Levels::Levels(ValueSet values, Ties ties, float largest) : values_(std::move(values)), ties_(ties) {
  std::map<float, uint8_t> by_value;
  for (int code = 0; code < values_.Count(); ++code) {
    const float value = values_.Value(code);
    if (std::fabs(value) <= largest) by_value.emplace(value, static_cast<uint8_t>(code));
  }
  LOWBIT_CHECK(!by_value.empty());
  for (const auto& [value, code] : by_value) ascending_.push_back(value), codes_.push_back(code);
  size_t room = 1;
  while (room < ascending_.size()) room *= 2;
  half_ = room / 2;
  padded_ = Starts();
  padded_.resize(room, std::numeric_limits<double>::quiet_NaN());
}

bool Levels::TieGoesUp(size_t i) const {
  const double below = ascending_[i], above = ascending_[i + 1];
  if (ties_ == Ties::kAway) return above >= -below;
  return Roundness(above) > Roundness(below);
}

size_t Levels::Walk(double x) const {
  size_t i = 0;
  for (; i + 1 < ascending_.size(); ++i) {
    const double both = static_cast<double>(ascending_[i]) + ascending_[i + 1];
    if (!(2 * x > both || (2 * x == both && TieGoesUp(i)))) break;
  }
  return i;
}

std::vector<double> Levels::Starts() const {
  std::vector<double> starts;
  for (size_t i = 0; i + 1 < ascending_.size(); ++i) {
    const double middle = (static_cast<double>(ascending_[i]) + ascending_[i + 1]) / 2;
    starts.push_back(TieGoesUp(i) ? middle : std::nextafter(middle, std::numeric_limits<double>::infinity()));
  }
  return starts;
}

}  // namespace lowbit::quant
