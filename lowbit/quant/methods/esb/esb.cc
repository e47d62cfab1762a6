#include "lowbit/quant/methods/esb/esb.h"

#include <cmath>

#include "lowbit/quant/sums.h"

namespace lowbit::quant::methods::esb {
namespace {

struct Entry {
  int bits, k;
  double alpha;
};

// As released, but for (9, 7), which no code here has bits for.
constexpr Entry kAuthor[] = {
    {2, 0, 1.2240}, {3, 0, 0.5181}, {3, 1, 1.3015}, {4, 0, 0.0381}, {4, 1, 0.4871}, {4, 2, 1.4136},
    {5, 1, 0.0391}, {5, 2, 0.4828}, {5, 3, 1.5460}, {6, 2, 0.0406}, {6, 3, 0.4997}, {6, 4, 1.6878},
    {7, 3, 0.0409}, {7, 4, 0.5247}, {7, 5, 1.8324}, {8, 4, 0.0412}, {8, 5, 0.5527}, {8, 6, 1.9757},
};

constexpr const char* kDensities[] = {"normal", "laplace", "uniform"};
constexpr Density kDensityOf[] = {Density::kNormal, Density::kLaplace, Density::kUniform};

Density ReadDensity(ConfigReader* reader) {
  const std::string name = reader->String("density", "normal", {std::begin(kDensities), std::end(kDensities)});
  for (size_t i = 0; i < std::size(kDensities); ++i) {
    if (name == kDensities[i]) return kDensityOf[i];
  }
  return Density::kNormal;
}

bool IsText(const Config& table, const std::string& key) {
  const auto* entries = std::get_if<ConfigTable>(&table.value);
  const auto found = entries == nullptr ? ConfigTable::const_iterator() : entries->find(key);
  return entries != nullptr && found != entries->end() && std::holds_alternative<std::string>(found->second.value);
}

void ReadK(const Config& config, ConfigReader* reader, Options* options) {
  const int bits = options->format.bits;
  options->format.k = AlignedK(bits, options->density);
  if (IsText(config, "k")) {
    options->by_layer = reader->String("k", "auto", {"auto"}) == "auto";
  } else {
    options->format.k = static_cast<int>(reader->Int("k", options->format.k, 0, bits - 2));
  }
}

void RejectContradictions(ConfigReader* reader, const Options& options) {
  if (reader->Bool("mean_shift", false)) {
    reader->Reject("mean_shift",
                   "false: a mean added to every weight leaves no exact zero, and no tensor here holds it");
  }
  const bool author = options.alpha == Options::Alpha::kAuthor;
  if (options.by_layer && reader->Has("density")) reader->Reject("density", "left out: 'k' of 'auto' chooses it");
  if (options.by_layer && author && reader->Has("alpha")) {
    reader->Reject("alpha",
                   "'optimal' or left out: the authors' numbers are for normal weights only, and 'k' is 'auto'");
  }
  if (!options.by_layer && author && reader->Has("density")) {
    reader->Reject("density", "left out: only 'alpha' of 'optimal' uses it");
  }
}

// The value set: integers where the grid is uniform, else the codes' values, in units of 2^N so that their range is a float's.
ValueSet Values(const Format& format) {
  if (format.bits == 2) return ValueSet::Ternary();
  if (format.max_shift() == 0) return ValueSet::Affine(format.bits, format.magnitudes());
  std::vector<float> table;
  table.reserve(size_t{1} << format.bits);
  for (int code = 0; code < 1 << format.bits; ++code) {
    table.push_back(static_cast<float>(std::ldexp(format.Decode(static_cast<uint8_t>(code)), -format.max_shift())));
  }
  return ValueSet::Table(std::move(table));
}

// What a value of the set is in the format's own units.
double Unit(const Format& format) {
  return format.max_shift() == 0 ? std::ldexp(1.0, -format.k) : std::ldexp(1.0, format.max_shift());
}

}  // namespace

double AuthorAlpha(const Format& format) {
  for (const Entry& entry : kAuthor) {
    if (entry.bits == format.bits && entry.k == format.k) return entry.alpha;
  }
  return 0;
}

double Alpha(const Format& format, Options::Alpha table, Density density) {
  const double author = table == Options::Alpha::kAuthor ? AuthorAlpha(format) : 0;
  return author > 0 ? author : Align(format.Magnitudes(), density).scale;
}

int AlignedK(int bits, Density density) {
  int best = 0;
  double least = 0;
  for (int k = 0; k <= bits - 2; ++k) {
    const double distortion = Align(Format{bits, k}.Magnitudes(), density).distortion;
    if (k == 0 || distortion < least) best = k, least = distortion;
  }
  return best;
}

size_t NearestShape(double mean_magnitude, double rms) {
  const double ratio = rms > 0 ? mean_magnitude / rms : MeanMagnitude(Density::kNormal);
  size_t nearest = 0;
  for (size_t i = 1; i < std::size(kShapes); ++i) {
    const double distance = std::fabs(MeanMagnitude(kShapes[i]) - ratio);
    if (distance < std::fabs(MeanMagnitude(kShapes[nearest]) - ratio)) nearest = i;
  }
  return nearest;
}

LevelScheme MakeScheme(const Options& options, Density density) {
  Format format = options.format;
  if (options.by_layer) format.k = AlignedK(format.bits, density);
  const auto table = options.by_layer ? Options::Alpha::kOptimal : options.alpha;
  ScaleRule rule;
  rule.statistic = options.sigma;
  rule.factor = Alpha(format, table, density) * Unit(format);
  const auto largest = static_cast<float>(format.largest() / Unit(format));
  return {Levels(Values(format), Levels::Ties::kRounder, largest), rule, options.scope};
}

Result<Options> ReadOptions(const Config& config) {
  ConfigReader reader(config, "quantize.esb");
  Options options;
  options.format.bits = static_cast<int>(reader.Int("bits", options.format.bits, 2, 8));
  options.density = ReadDensity(&reader);
  ReadK(config, &reader, &options);
  const std::string alpha = reader.String("alpha", "author", {"author", "optimal"});
  if (alpha == "optimal") options.alpha = Options::Alpha::kOptimal;
  if (reader.String("sigma", "std", {"std", "rms"}) == "rms") options.sigma = ScaleRule::Statistic::kRms;
  options.scope = ReadScope(&reader, options.scope);
  RejectContradictions(&reader, options);
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  return options;
}

QTensor Esb::Quantize(Span<const float> weights, const Shape& shape) const {
  Density density = options_.density;
  if (options_.by_layer) {
    const double rms = ScaleOf({ScaleRule::Statistic::kRms}, weights);
    density = kShapes[NearestShape(AbsSum(weights) / static_cast<double>(weights.size()), rms)];
  }
  return LevelQuantizer(MakeScheme(options_, density)).Quantize(weights, shape);
}

Result<std::unique_ptr<Quantizer>> Create(const Config& options) {
  LOWBIT_TRY(const Options read, ReadOptions(options));
  return std::unique_ptr<Quantizer>(std::make_unique<Esb>(read));
}

}  // namespace lowbit::quant::methods::esb
