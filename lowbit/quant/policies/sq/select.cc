#include "lowbit/quant/policies/sq/select.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace lowbit::quant::sq {
namespace {

bool AllZero(Span<const double> values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return v == 0; });
}

// key(e, x) with x = -ln u, exponentially distributed; u in blocks of four, which is what makes them cheap.
template <typename Key>
void FillKeys(Span<const double> errors, const CounterRandom& random, const Key& key, std::vector<double>* keys) {
  for (size_t first = 0; first < errors.size(); first += 4) {
    const std::array<uint32_t, 4> bits = random.Block(first / 4);
    const size_t end = std::min(first + 4, errors.size());
    for (size_t i = first; i < end; ++i) {
      (*keys)[i] = key(errors[i], -std::log(CounterRandom::ToUniform(bits[i - first])));
    }
  }
}

template <typename Score>
void RaceWithScore(Probability prob, const Score& score, Span<const double> errors, const CounterRandom& random,
                   std::vector<double>* keys) {
  switch (prob) {
    case Probability::kConstant:
      return FillKeys(
          errors, random, [](double, double x) { return x; }, keys);
    case Probability::kLinear:
      return FillKeys(
          errors, random, [&](double e, double x) { return x / score(e); }, keys);
    case Probability::kSoftmax:  // The logarithm of x / exp(score).
      return FillKeys(
          errors, random, [&](double e, double x) { return std::log(x) - score(e); }, keys);
    case Probability::kSigmoid:
      return FillKeys(
          errors, random, [&](double e, double x) { return x * (1 + std::exp(-score(e))); }, keys);
  }
}

double InverseError(double error, double eps) { return 1 / (error + eps); }

// Arrival times of the exponential race: the units that the roulette takes are those with the smallest.
std::vector<double> RaceKeys(Span<const double> errors, const SqOptions& options, const CounterRandom& random) {
  std::vector<double> keys(errors.size());
  if (options.select == Selection::kQuantizeByInverseError) {
    RaceWithScore(
        options.prob, [&](double e) { return InverseError(e, options.eps); }, errors, random, &keys);
  } else {
    const bool equal = options.prob == Probability::kLinear && AllZero(errors);
    RaceWithScore(
        equal ? Probability::kConstant : options.prob, [](double e) { return e; }, errors, random, &keys);
  }
  return keys;
}

// Integers in the order of the doubles, NaN after all others: a diverged network must not break an order before anybody
// looks at its loss.
uint64_t Sortable(double key) {
  if (std::isnan(key)) return std::numeric_limits<uint64_t>::max();
  uint64_t bits;
  std::memcpy(&bits, &key, sizeof(bits));
  constexpr uint64_t kSign = uint64_t{1} << 63;
  return (bits & kSign) != 0 ? ~bits : bits | kSign;
}

// Keeps of `keys` those that share the leading 16 bits with the one of rank *rank (0 is the smallest), and makes the
// rank one among them. One pass instead of the several that nth_element needs over all of them.
void NarrowToBucket(std::vector<uint64_t>* keys, size_t* rank) {
  std::vector<size_t> sizes(65536);
  for (const uint64_t key : *keys) ++sizes[key >> 48];
  uint64_t bucket = 0;
  while (*rank >= sizes[bucket]) *rank -= sizes[bucket++];
  keys->erase(std::remove_if(keys->begin(), keys->end(), [&](uint64_t key) { return key >> 48 != bucket; }),
              keys->end());
}

uint64_t KeyOfRank(std::vector<uint64_t> keys, size_t rank) {
  if (keys.size() > 65536) NarrowToBucket(&keys, &rank);
  const auto place = keys.begin() + static_cast<int64_t>(rank);
  std::nth_element(keys.begin(), place, keys.end());
  return *place;
}

// mask[i] = chosen for the `count` smallest keys, equal ones by index, and 1 - chosen for the others.
void MarkSmallest(Span<const double> keys, int64_t count, uint8_t chosen, Span<uint8_t> mask) {
  const uint8_t other = 1 - chosen;
  std::fill(mask.begin(), mask.end(), other);
  if (count <= 0) return;
  std::vector<uint64_t> order(keys.size());
  std::transform(keys.begin(), keys.end(), order.begin(), Sortable);
  const uint64_t limit = KeyOfRank(order, static_cast<size_t>(count - 1));
  int64_t ties = count;
  for (size_t i = 0; i < order.size(); ++i) {
    const bool below = order[i] < limit;
    mask[i] = below ? chosen : other;
    ties -= below;
  }
  for (size_t i = 0; ties > 0; ++i) {
    if (order[i] == limit) mask[i] = chosen, --ties;
  }
}

bool KeepsFloat(const SqOptions& options) { return options.select == Selection::kKeepFloatByError; }

// The first row whose cumulative probability reaches v.
size_t Walk(const std::vector<double>& p, double v) {
  size_t at = 0;
  double cumulative = p[0];
  while (cumulative < v && at + 1 < p.size()) cumulative += p[++at];
  return at;
}

// Whether nothing is left to choose; then the mask is filled.
bool SelectAllOrNone(int64_t count, Span<uint8_t> mask) {
  LOWBIT_CHECK(count >= 0 && count <= static_cast<int64_t>(mask.size()));
  if (count != 0 && count != static_cast<int64_t>(mask.size())) return false;
  std::fill(mask.begin(), mask.end(), count == 0 ? 0 : 1);
  return true;
}

}  // namespace

int64_t QuantizedCount(double ratio, int64_t units, Rounding rounding) {
  LOWBIT_CHECK(ratio >= 0 && ratio <= 1 && units >= 0);
  const double product = ratio * static_cast<double>(units);
  // The double nearest to a decimal ratio is off by half a unit in the last place, and the product by another half.
  const double slack = 2 * std::numeric_limits<double>::epsilon() * product;
  switch (rounding) {
    case Rounding::kCeil:
      return static_cast<int64_t>(std::ceil(product - slack));
    case Rounding::kRound:
      return static_cast<int64_t>(std::floor(product + 0.5 + slack));
    case Rounding::kFloor:
      return static_cast<int64_t>(std::floor(product + slack));
  }
  return units;
}

CounterRandom MaskRandom(uint64_t seed, const std::string& layer, uint64_t iteration) {
  return CounterRandom(seed, StreamOf("sq/" + layer), iteration);
}

void SelectQuantized(Span<const double> errors, int64_t count, const SqOptions& options, const CounterRandom& random,
                     Span<uint8_t> mask) {
  LOWBIT_CHECK(errors.size() == mask.size());
  if (SelectAllOrNone(count, mask)) return;
  if (options.policy == Policy::kSorted) return MarkSmallest(errors, count, 1, mask);
  const std::vector<double> keys = RaceKeys(errors, options, random);
  if (KeepsFloat(options)) {
    MarkSmallest(keys, static_cast<int64_t>(errors.size()) - count, 0, mask);
  } else {
    MarkSmallest(keys, count, 1, mask);
  }
}

std::vector<double> DrawProbabilities(Span<const double> errors, const SqOptions& options) {
  std::vector<double> p(errors.begin(), errors.end());
  if (!KeepsFloat(options)) {
    for (double& value : p) value = InverseError(value, options.eps);
  }
  const double largest = *std::max_element(p.begin(), p.end());
  const bool equal = options.prob == Probability::kConstant || (options.prob == Probability::kLinear && largest == 0);
  double sum = 0;
  for (double& value : p) {
    if (equal) value = 1;
    if (!equal && options.prob == Probability::kSoftmax) value = std::exp(value - largest);
    if (!equal && options.prob == Probability::kSigmoid) value = 1 / (1 + std::exp(-value));
    sum += value;
  }
  for (double& value : p) value /= sum;
  return p;
}

void SelectByRoulette(Span<const double> errors, int64_t count, const SqOptions& options, const CounterRandom& random,
                      Span<uint8_t> mask) {
  LOWBIT_CHECK(errors.size() == mask.size());
  if (SelectAllOrNone(count, mask)) return;
  const uint8_t chosen = KeepsFloat(options) ? 0 : 1;
  const int64_t draws = chosen == 1 ? count : static_cast<int64_t>(errors.size()) - count;
  std::fill(mask.begin(), mask.end(), 1 - chosen);
  std::vector<double> left(errors.begin(), errors.end());
  std::vector<size_t> index(errors.size());
  for (size_t i = 0; i < index.size(); ++i) index[i] = i;
  const bool weight_is_error = KeepsFloat(options) && options.prob == Probability::kLinear;
  const bool equal = AllZero(errors);
  for (int64_t draw = 0; draw < draws; ++draw) {
    const bool exhausted = !equal && weight_is_error && AllZero(left);
    const double v = random.Uniform(static_cast<uint64_t>(draw));
    const size_t at = exhausted ? 0 : Walk(DrawProbabilities(left, options), v);
    mask[index[at]] = chosen;
    left.erase(left.begin() + static_cast<int64_t>(at));
    index.erase(index.begin() + static_cast<int64_t>(at));
  }
}

}  // namespace lowbit::quant::sq
