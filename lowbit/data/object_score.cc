#include "lowbit/data/object_score.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

namespace lowbit::data {
namespace {

constexpr double kUnknown =
    std::numeric_limits<double>::infinity();  // The square of a distance that no pixel was found for yet.

// min over j of (i - j)^2 + f[j], for each i, in place of f: the lower envelope of parabolas.
class Envelope {
 public:
  explicit Envelope(size_t longest) : place_(longest), border_(longest), result_(longest) {}

  // Of n values, each `step` behind the one before.
  void Transform(size_t n, double* f, size_t step) {
    size_t parabolas = 0;
    for (size_t q = 0; q < n; ++q) {
      if (f[q * step] == kUnknown) continue;
      double begins = -kUnknown;
      while (parabolas > 0) {
        begins = Crossing(f, step, q, place_[parabolas - 1]);
        if (begins > border_[parabolas - 1]) break;
        --parabolas;
        begins = -kUnknown;
      }
      place_[parabolas] = q;
      border_[parabolas++] = begins;
    }
    if (parabolas == 0) return;
    for (size_t q = 0, k = 0; q < n; ++q) {
      while (k + 1 < parabolas && border_[k + 1] < static_cast<double>(q)) ++k;
      const double away = static_cast<double>(q) - static_cast<double>(place_[k]);
      result_[q] = away * away + f[place_[k] * step];
    }
    for (size_t q = 0; q < n; ++q) f[q * step] = result_[q];
  }

 private:
  // From where on the parabola of q > p is the lower one.
  static double Crossing(const double* f, size_t step, size_t q, size_t p) {
    const double x = static_cast<double>(q), y = static_cast<double>(p);
    return ((f[q * step] + x * x) - (f[p * step] + y * y)) / (2 * (x - y));
  }

  std::vector<size_t> place_;
  std::vector<double> border_, result_;
};

struct Side {
  const ObjectMap* map;
  std::map<int32_t, int64_t> areas;
  int64_t total = 0;
};

Side Measure(const ObjectMap& map) {
  Side side;
  side.map = &map;
  for (const int32_t object : map.objects) {
    if (object == 0) continue;
    ++side.areas[object];
    ++side.total;
  }
  return side;
}

// [object of `from`][object of `to`]: pixels in common.
using Overlaps = std::map<int32_t, std::map<int32_t, int64_t>>;

Overlaps CountOverlaps(const ObjectMap& from, const ObjectMap& to) {
  Overlaps overlaps;
  for (size_t i = 0; i < from.objects.size(); ++i) {
    if (from.objects[i] != 0 && to.objects[i] != 0) ++overlaps[from.objects[i]][to.objects[i]];
  }
  return overlaps;
}

struct Partner {
  int32_t object = 0;  // 0: none.
  int64_t overlap = 0;
};

Partner PartnerOf(int32_t object, const Overlaps& overlaps) {
  Partner best;
  const auto found = overlaps.find(object);
  if (found == overlaps.end()) return best;
  for (const auto& [other, overlap] : found->second) {
    if (overlap > best.overlap) best = {other, overlap};
  }
  return best;
}

double FarthestFrom(const std::vector<double>& squares, const ObjectMap& map, int32_t object) {
  double farthest = 0;
  for (size_t i = 0; i < squares.size(); ++i) {
    if (map.objects[i] == object) farthest = std::max(farthest, squares[i]);
  }
  return std::sqrt(farthest);
}

// Between object `a` of one map and object `b` of another.
double HausdorffDistance(const ObjectMap& a_map, int32_t a, const ObjectMap& b_map, int32_t b) {
  return std::max(FarthestFrom(SquaredDistances(b_map, b), a_map, a),
                  FarthestFrom(SquaredDistances(a_map, a), b_map, b));
}

double HausdorffToNearest(const ObjectMap& map, int32_t object, const Side& others) {
  double nearest = std::numeric_limits<double>::infinity();
  for (const auto& [other, area] : others.areas) {
    nearest = std::min(nearest, HausdorffDistance(map, object, *others.map, other));
  }
  return nearest;
}

struct Weighted {
  double dice = 0, hausdorff = 0;
};

Weighted SumOver(const Side& side, const Side& other, const Overlaps& overlaps) {
  Weighted sums;
  for (const auto& [object, area] : side.areas) {
    const Partner partner = PartnerOf(object, overlaps);
    const double weight = static_cast<double>(area) / static_cast<double>(side.total);
    if (partner.object == 0) {
      sums.hausdorff += weight * HausdorffToNearest(*side.map, object, other);
      continue;
    }
    const auto both = static_cast<double>(area + other.areas.at(partner.object));
    sums.dice += weight * 2 * static_cast<double>(partner.overlap) / both;
    sums.hausdorff += weight * HausdorffDistance(*side.map, object, *other.map, partner.object);
  }
  return sums;
}

void CountObjects(const Side& answer, const Side& truth, const Overlaps& overlaps, ObjectScore* score) {
  for (const auto& [object, area] : answer.areas) {
    const Partner partner = PartnerOf(object, overlaps);
    const bool right = partner.object != 0 && 2 * partner.overlap > truth.areas.at(partner.object);
    ++(right ? score->true_positives : score->false_positives);
  }
  score->false_negatives = static_cast<int64_t>(truth.areas.size()) - score->true_positives;
  const auto twice = static_cast<double>(2 * score->true_positives);
  const auto wrong = static_cast<double>(score->false_positives + score->false_negatives);
  score->f1 = twice + wrong == 0 ? 1 : twice / (twice + wrong);
}

}  // namespace

std::vector<double> SquaredDistances(const ObjectMap& map, int32_t object) {
  std::vector<double> squares(map.objects.size());
  for (size_t i = 0; i < squares.size(); ++i) squares[i] = map.objects[i] == object ? 0 : kUnknown;
  const auto height = static_cast<size_t>(map.height), width = static_cast<size_t>(map.width);
  Envelope envelope(std::max(height, width));
  for (size_t x = 0; x < width; ++x) envelope.Transform(height, squares.data() + x, width);
  for (size_t y = 0; y < height; ++y) envelope.Transform(width, squares.data() + y * width, 1);
  return squares;
}

ObjectScore ScoreObjects(const ObjectMap& answer, const ObjectMap& truth) {
  LOWBIT_CHECK(answer.height == truth.height && answer.width == truth.width);
  LOWBIT_CHECK(answer.objects.size() == truth.objects.size());
  const Side answers = Measure(answer), truths = Measure(truth);
  const Overlaps from_answer = CountOverlaps(answer, truth), from_truth = CountOverlaps(truth, answer);
  ObjectScore score;
  CountObjects(answers, truths, from_answer, &score);
  if (answers.areas.empty() != truths.areas.empty()) {
    score.hausdorff = std::numeric_limits<double>::infinity();
    return score;
  }
  if (answers.areas.empty()) {
    score.dice = 1;
    return score;
  }
  const Weighted a = SumOver(answers, truths, from_answer), t = SumOver(truths, answers, from_truth);
  score.dice = (a.dice + t.dice) / 2;
  score.hausdorff = (a.hausdorff + t.hausdorff) / 2;
  return score;
}

ObjectMap ConnectedObjects(Span<const uint8_t> classes, int64_t height, int64_t width, uint8_t k) {
  LOWBIT_CHECK(static_cast<int64_t>(classes.size()) == height * width);
  ObjectMap map = {height, width, std::vector<int32_t>(classes.size(), 0)};
  int32_t number = 0;
  std::vector<int64_t> reached;
  for (int64_t start = 0; start < height * width; ++start) {
    if (classes[static_cast<size_t>(start)] != k || map.objects[static_cast<size_t>(start)] != 0) continue;
    ++number;
    const auto reach = [&](int64_t i) {
      const auto at = static_cast<size_t>(i);
      if (classes[at] != k || map.objects[at] != 0) return;
      map.objects[at] = number;
      reached.push_back(i);
    };
    reach(start);
    while (!reached.empty()) {
      const int64_t i = reached.back(), x = i % width;
      reached.pop_back();
      if (x > 0) reach(i - 1);
      if (x + 1 < width) reach(i + 1);
      if (i >= width) reach(i - width);
      if (i + width < height * width) reach(i + width);
    }
  }
  return map;
}

}  // namespace lowbit::data
