#include "lowbit/quant/policies/sq/select.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <tuple>

namespace lowbit::quant::sq {
namespace {

bool AllZero(Span<const double> values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return v == 0; });
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

// What a selection works with. Keys are not initialized: there may be millions of them.
struct Race {
  Span<const double> errors;
  const CounterRandom& random;
  const ForRanges& for_ranges;
  std::unique_ptr<uint64_t[]> keys;
};

// keys[i] = key(e_i, x), sortable, with x = -ln u, exponentially distributed; u in blocks of four, which is what makes
// them cheap.
template <typename Key>
void FillKeys(const Race& race, const Key& key) {
  race.for_ranges(race.errors.size(), [&race, &key](size_t begin, size_t end) {
    for (size_t first = begin; first < end; first += 4) {
      const std::array<uint32_t, 4> bits = race.random.Block(first / 4);
      for (size_t i = first; i < std::min(first + 4, end); ++i) {
        race.keys[i] = Sortable(key(race.errors[i], -std::log(CounterRandom::ToUniform(bits[i - first]))));
      }
    }
  });
}

template <typename Score>
void FillKeysByScore(const Race& race, Probability prob, const Score& score) {
  switch (prob) {
    case Probability::kConstant:
      return FillKeys(race, [](double, double x) { return x; });
    case Probability::kLinear:
      return FillKeys(race, [&](double e, double x) { return x / score(e); });
    case Probability::kSoftmax:  // The logarithm of x / exp(score).
      return FillKeys(race, [&](double e, double x) { return std::log(x) - score(e); });
    case Probability::kSigmoid:
      return FillKeys(race, [&](double e, double x) { return x * (1 + std::exp(-score(e))); });
  }
}

double InverseError(double error, double eps) { return 1 / (error + eps); }

// Arrival times of the exponential race: the units that the roulette takes are those with the smallest.
void FillArrivals(const Race& race, const SqOptions& options) {
  if (options.select == Selection::kQuantizeByInverseError) {
    return FillKeysByScore(race, options.prob, [&](double e) { return InverseError(e, options.eps); });
  }
  const bool equal = options.prob == Probability::kLinear && AllZero(race.errors);
  FillKeysByScore(race, equal ? Probability::kConstant : options.prob, [](double e) { return e; });
}

void FillErrors(const Race& race) {
  race.for_ranges(race.errors.size(), [&race](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) race.keys[i] = Sortable(race.errors[i]);
  });
}

// Where the smallest keys end: in which bucket (keys with equal leading bits), and how many of its units still belong to
// them. Many units are split by 16 bits, which leaves few in a bucket; few units share one bucket.
struct End {
  int bits;
  uint64_t bucket = 0;
  size_t inside = 0;

  uint64_t BucketOf(uint64_t key) const { return bits == 0 ? 0 : key >> (64 - bits); }
};

std::vector<size_t> BucketSizes(const Race& race, const End& end) {
  std::vector<size_t> sizes(size_t{1} << end.bits);
  std::mutex adding;
  race.for_ranges(race.errors.size(), [&](size_t first, size_t last) {
    std::vector<size_t> part(sizes.size());
    for (size_t i = first; i < last; ++i) ++part[end.BucketOf(race.keys[i])];
    const std::lock_guard<std::mutex> lock(adding);
    std::transform(part.begin(), part.end(), sizes.begin(), sizes.begin(), std::plus<>());
  });
  return sizes;
}

// REQUIRES: 0 < count < units
End FindEnd(const Race& race, size_t count) {
  constexpr size_t kFew = 65536;
  End end = {race.errors.size() > kFew ? 16 : 0};
  const std::vector<size_t> sizes = BucketSizes(race, end);
  for (end.inside = count; end.inside > sizes[end.bucket]; ++end.bucket) end.inside -= sizes[end.bucket];
  return end;
}

struct Unit {
  uint64_t key;
  size_t index;
  bool operator<(const Unit& other) const { return std::tie(key, index) < std::tie(other.key, other.index); }
};

// Marks the units outside the end's bucket, and returns those inside, in any order.
std::vector<Unit> MarkOutside(const Race& race, const End& end, uint8_t chosen, Span<uint8_t> mask) {
  const uint8_t other = 1 - chosen;
  std::vector<Unit> inside;
  std::mutex adding;
  race.for_ranges(race.errors.size(), [&](size_t first, size_t last) {
    std::vector<Unit> part;
    for (size_t i = first; i < last; ++i) {
      const uint64_t bucket = end.BucketOf(race.keys[i]);
      mask[i] = other ^ static_cast<uint8_t>(bucket < end.bucket);  // No branch: no processor could predict it.
      if (bucket == end.bucket) part.push_back({race.keys[i], i});
    }
    const std::lock_guard<std::mutex> lock(adding);
    inside.insert(inside.end(), part.begin(), part.end());
  });
  return inside;
}

// mask[i] = chosen for the `count` smallest keys, equal ones by index, and 1 - chosen for the others.
void MarkSmallest(const Race& race, size_t count, uint8_t chosen, Span<uint8_t> mask) {
  const End end = FindEnd(race, count);
  std::vector<Unit> inside = MarkOutside(race, end, chosen, mask);
  const auto place = inside.begin() + static_cast<int64_t>(end.inside);
  std::nth_element(inside.begin(), place, inside.end());
  std::for_each(inside.begin(), place, [&](const Unit& unit) { mask[unit.index] = chosen; });
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
  const auto at_once = [](size_t units, const std::function<void(size_t begin, size_t end)>& work) { work(0, units); };
  SelectQuantized(errors, count, options, random, mask, at_once);
}

void SelectQuantized(Span<const double> errors, int64_t count, const SqOptions& options, const CounterRandom& random,
                     Span<uint8_t> mask, const ForRanges& for_ranges) {
  LOWBIT_CHECK(errors.size() == mask.size());
  if (SelectAllOrNone(count, mask)) return;
  const Race race = {errors, random, for_ranges, std::unique_ptr<uint64_t[]>(new uint64_t[errors.size()])};
  const bool sorted = options.policy == Policy::kSorted;
  if (sorted) {
    FillErrors(race);
  } else {
    FillArrivals(race, options);
  }
  if (!sorted && KeepsFloat(options)) {
    MarkSmallest(race, errors.size() - static_cast<size_t>(count), 0, mask);
  } else {
    MarkSmallest(race, static_cast<size_t>(count), 1, mask);
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
