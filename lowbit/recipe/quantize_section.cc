#include "lowbit/recipe/quantize_section.h"

#include <algorithm>
#include <utility>

#include "lowbit/base/pattern.h"
#include "lowbit/recipe/reading.h"

namespace lowbit::recipe {
namespace {

void CheckShares(ConfigReader* reader, const std::string& key, const std::vector<double>& shares) {
  if (!reader->Has(key)) return;
  const bool sorted = std::is_sorted(shares.begin(), shares.end());
  if (shares.empty() || shares.front() <= 0 || shares.back() != 1 || !sorted) {
    reader->Reject(key, "a list of shares greater than 0, none smaller than the one before it, that ends with 1");
  }
}

Status ReadSqShares(const Config& config, QuantizeSection* quantize) {
  Split split = SplitTable(config, {"stages", "ramp", "ramp_until"});
  quantize->policy_options = std::move(split.others);
  ConfigReader reader(split.ours, "quantize.sq");
  quantize->stages = reader.Floats("stages", {}, 0, 1);
  quantize->ramp = reader.Floats("ramp", {}, 0, 1);
  quantize->ramp_until = PositiveFloat(&reader, "ramp_until", quantize->ramp_until, 1);
  CheckShares(&reader, "stages", quantize->stages);
  CheckShares(&reader, "ramp", quantize->ramp);
  if (reader.Has("stages")) RejectUnused(&reader, {"ramp"}, "'quantize.sq.stages' sets the shares already");
  if (!reader.Has("ramp")) RejectUnused(&reader, {"ramp_until"}, "it belongs to 'quantize.sq.ramp'");
  if (!reader.Has("stages") && !reader.Has("ramp")) quantize->stages = {0.5, 0.75, 0.875, 1};
  return reader.Finish();
}

Result<ActivationsSection> ReadActivations(const Config& config) {
  ConfigReader reader(config, "quantize.activations");
  ActivationsSection activations;
  activations.method = reader.String("method", activations.method);
  activations.method_options = reader.Table(activations.method);
  activations.bits = reader.Int("bits", 8, 2, 8);
  activations.first_bits = reader.Int("first_bits", activations.first_bits, 2, 8);
  activations.last_bits = reader.Int("last_bits", activations.last_bits, 2, 8);
  activations.skip = reader.Strings("skip", activations.skip);
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  return activations;
}

// The table `changes` over the table `base`, key by key.
Config Merged(const Config& base, const Config& changes) {
  Config merged = changes;
  auto* keys = std::get_if<ConfigTable>(&merged.value);
  const auto* others = std::get_if<ConfigTable>(&base.value);
  if (keys != nullptr && others != nullptr) keys->insert(others->begin(), others->end());
  return merged;
}

Result<LayerRule> ReadLayerRule(const std::string& pattern, const Config& config, const QuantizeSection& quantize,
                                ConfigReader* whole) {
  ConfigReader reader(config, "quantize.layers.'" + pattern + "'");
  LayerRule rule;
  rule.pattern = pattern;
  rule.method = reader.String("method", quantize.method);
  const bool sq = quantize.policy == QuantizeSection::Policy::kSq;
  rule.sq = reader.String("policy", sq && rule.method != "none" ? "sq" : "none", {"none", "sq"}) == "sq";
  if (rule.sq && !sq) reader.Reject("policy", "'none' where 'quantize.policy' is");
  if (rule.sq && rule.method == "none") reader.Reject("policy", "'none' if 'method' is 'none'");
  rule.policy_options = Merged(quantize.policy_options, reader.Table("sq"));
  if (rule.method != "none") rule.method_options = Merged(whole->Table(rule.method), reader.Table(rule.method));
  if (reader.Has("activation_bits")) {
    rule.activation_bits = reader.Int("activation_bits", 0, 0, 8);
    if (*rule.activation_bits == 1) reader.Reject("activation_bits", "0, which leaves floats, or 2 to 8");
    if (quantize.activations.bits == 0) {
      RejectUnused(&reader, {"activation_bits"}, "there is no 'quantize.activations'");
    }
  }
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  return rule;
}

// `whole` is the reader of [quantize], whose tables of methods the rules start from.
Status ReadLayerRules(const Config& config, ConfigReader* whole, QuantizeSection* quantize) {
  const auto* table = std::get_if<ConfigTable>(&config.value);
  if (table == nullptr) return ConfigReader(config, "quantize.layers").Finish();
  for (const auto& [pattern, rule] : *table) {
    LOWBIT_TRY(LayerRule read, ReadLayerRule(pattern, rule, *quantize, whole));
    quantize->layers.push_back(std::move(read));
  }
  return Ok();
}

}  // namespace

Result<QuantizeSection> ReadQuantize(const Config& config) {
  ConfigReader reader(config, "quantize");
  QuantizeSection quantize;
  quantize.method = reader.String("method", quantize.method);
  quantize.policy = Choice<QuantizeSection::Policy>(&reader, "policy", {"none", "sq"});
  quantize.skip = reader.Strings("skip", quantize.skip);
  const Config& sq = reader.Table("sq");
  const Config& activations = reader.Table("activations");
  const Config& layers = reader.Table("layers");
  quantize.widths = reader.String("widths", "");
  quantize.equal_widths = reader.Bool("equal_widths", false);
  if (quantize.method == "none") RejectUnused(&reader, {"widths", "equal_widths"}, "'quantize.method' is 'none'");
  if (reader.Has("layers")) RejectUnused(&reader, {"widths"}, "'quantize.layers' names the layers already");
  if (quantize.widths.empty()) RejectUnused(&reader, {"equal_widths"}, "it belongs to 'quantize.widths'");
  const bool with_activations = reader.Has("activations") && quantize.method != "none";
  if (quantize.method != "none") quantize.method_options = reader.Table(quantize.method);
  const bool with_sq = quantize.policy == QuantizeSection::Policy::kSq;
  if (with_sq && quantize.method == "none") reader.Reject("policy", "'none' if 'quantize.method' is 'none'");
  if (with_sq) LOWBIT_RETURN_IF_ERROR(ReadSqShares(sq, &quantize));
  if (with_activations) {
    LOWBIT_TRY(quantize.activations, ReadActivations(activations));
  }
  if (quantize.method != "none") LOWBIT_RETURN_IF_ERROR(ReadLayerRules(layers, &reader, &quantize));
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  return quantize;
}

double QuantizedShare(const QuantizeSection& quantize, int64_t stage, double progress) {
  if (quantize.ramp.empty()) return quantize.stages.at(static_cast<size_t>(stage));
  // Step k of n begins at ramp_until * k / (n - 1): the first at the start of the run, the last at ramp_until.
  const size_t last = quantize.ramp.size() - 1;
  if (last == 0 || progress >= quantize.ramp_until) return 1;
  const double step = progress / quantize.ramp_until * static_cast<double>(last);
  return quantize.ramp[std::min(static_cast<size_t>(step), last - 1)];
}

const LayerRule* RuleOf(const QuantizeSection& quantize, const std::string& node) {
  const auto found = std::find_if(quantize.layers.begin(), quantize.layers.end(),
                                  [&](const LayerRule& rule) { return MatchesPattern(rule.pattern, node); });
  return found == quantize.layers.end() ? nullptr : &*found;
}

bool IsKeptFloat(const QuantizeSection& quantize, const std::string& node) {
  if (IsNamed(quantize.skip, node)) return true;
  const LayerRule* rule = RuleOf(quantize, node);
  return rule != nullptr && rule->method == "none";
}

namespace {

ConfigTable MethodAndPolicy(const std::string& method, bool sq, const Config& method_options,
                            const Config& policy_options) {
  ConfigTable table;
  table["method"] = Config{method, ""};
  table["policy"] = Config{std::string(sq ? "sq" : "none"), ""};
  if (method != "none") table[method] = method_options;
  if (sq) table["sq"] = policy_options;
  return table;
}

}  // namespace

Config MethodTable(const QuantizeSection& quantize) {
  ConfigTable table = MethodAndPolicy(quantize.method, quantize.policy == QuantizeSection::Policy::kSq,
                                      quantize.method_options, quantize.policy_options);
  ConfigArray skip;
  for (const std::string& node : quantize.skip) skip.push_back(Config{node, ""});
  table["skip"] = Config{std::move(skip), ""};
  ConfigTable layers;
  for (const LayerRule& rule : quantize.layers) {
    layers[rule.pattern] = Config{MethodAndPolicy(rule.method, rule.sq, rule.method_options, rule.policy_options), ""};
  }
  if (!layers.empty()) table["layers"] = Config{std::move(layers), ""};
  return Config{std::move(table), ""};
}

}  // namespace lowbit::recipe
