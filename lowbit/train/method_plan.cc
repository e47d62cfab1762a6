#include "lowbit/train/method_plan.h"

#include <algorithm>
#include <map>

#include "lowbit/base/pattern.h"
#include "lowbit/base/suggest.h"
#include "lowbit/train/method.h"

namespace lowbit::train {
namespace {

template <typename Entry>
std::vector<std::string> Names(const std::vector<Entry>& entries) {
  std::vector<std::string> names;
  names.reserve(entries.size());
  for (const Entry& entry : entries) names.emplace_back(entry.name);
  return names;
}

// The shelf's entry of that name, or null for "none".
template <typename Entry>
Result<const Entry*> Find(const std::vector<Entry>& entries, const std::string& kind, const std::string& name) {
  const Entry* none = nullptr;
  if (name == "none") return none;
  for (const Entry& entry : entries) {
    if (name == entry.name) return &entry;
  }
  std::vector<std::string> known = Names(entries);
  known.emplace_back("none");
  return Invalid(UnknownName(kind, name, known));
}

Result<MakeWeightMethod> Combine(const MethodPlan& plan, const methods::ShelfEntry& method_entry,
                                 const policies::ShelfEntry* policy_entry, const Config& method_options,
                                 const Config& policy_options) {
  LOWBIT_TRY(Method method, method_entry.function(method_options));
  if (policy_entry == nullptr) return method.make;
  if (method.quantizer == nullptr) {
    return Invalid("quantize.policy: '" + plan.policy +
                   "' mixes float weights with those that a quantizer makes of them; '" + plan.method +
                   "' trains more than weights, such as scales, so there is no such quantizer");
  }
  return policy_entry->function(method.quantizer, policy_options);
}

}  // namespace

std::vector<std::string> MethodNames() { return Names(methods::ShelfEntries()); }
std::vector<std::string> PolicyNames() { return Names(policies::ShelfEntries()); }

namespace {

// A table with `method`, `policy` and their options, which the reader has begun.
Result<MakeWeightMethod> MakeOf(const MethodPlan& plan, ConfigReader* reader) {
  // A recipe may keep the tables of methods that it does not choose, so that "--set quantize.method=..." suffices.
  for (const std::string& name : MethodNames()) reader->Table(name);
  for (const std::string& name : PolicyNames()) reader->Table(name);
  LOWBIT_RETURN_IF_ERROR(reader->Finish());
  LOWBIT_TRY(const methods::ShelfEntry* method, Find(methods::ShelfEntries(), "quantize.method", plan.method));
  LOWBIT_TRY(const policies::ShelfEntry* policy, Find(policies::ShelfEntries(), "quantize.policy", plan.policy));
  if (method == nullptr) {
    if (policy == nullptr) return MakeWeightMethod();
    return Invalid("quantize.policy: '" + plan.policy + "' needs a quantize.method");
  }
  LOWBIT_TRY(MakeWeightMethod make, Combine(plan, *method, policy, reader->Table(plan.method),
                                            policy == nullptr ? Config() : reader->Table(plan.policy)));
  return make;
}

Result<MethodPlan::Rule> ReadRule(const std::string& pattern, const Config& table) {
  ConfigReader reader(table, "quantize.layers.'" + pattern + "'");
  MethodPlan plan;
  plan.method = reader.String("method", plan.method);
  plan.policy = reader.String("policy", plan.policy);
  LOWBIT_TRY(MakeWeightMethod make, MakeOf(plan, &reader));
  return MethodPlan::Rule{pattern, std::move(make)};
}

}  // namespace

Result<MethodPlan> ReadQuantizeSection(const Config& section) {
  ConfigReader reader(section, "quantize");
  MethodPlan plan;
  plan.method = reader.String("method", plan.method);
  plan.policy = reader.String("policy", plan.policy);
  plan.skip = reader.Strings("skip", {});
  const Config& layers = reader.Table("layers");
  LOWBIT_TRY(plan.make, MakeOf(plan, &reader));
  for (const auto& [pattern, table] : std::get<ConfigTable>(layers.value)) {
    LOWBIT_TRY(MethodPlan::Rule rule, ReadRule(pattern, table));
    plan.layers.push_back(std::move(rule));
  }
  return plan;
}

const MakeWeightMethod& MakeFor(const MethodPlan& plan, const std::string& node) {
  static const MakeWeightMethod none;
  if (IsNamed(plan.skip, node)) return none;
  const auto rule = std::find_if(plan.layers.begin(), plan.layers.end(),
                                 [&](const MethodPlan::Rule& each) { return MatchesPattern(each.pattern, node); });
  return rule == plan.layers.end() ? plan.make : rule->make;
}

Status CheckNames(const MethodPlan& plan, const std::vector<std::string>& nodes) {
  if (const std::string name = NamesNothing(plan.skip, nodes); !name.empty()) {
    return Invalid("quantize.skip: " + UnknownName("node with a weight", name, nodes));
  }
  std::map<std::string, std::string> matched;
  for (const MethodPlan::Rule& rule : plan.layers) {
    const size_t before = matched.size();
    for (const std::string& node : nodes) {
      if (!MatchesPattern(rule.pattern, node)) continue;
      const auto [other, first] = matched.emplace(node, rule.pattern);
      if (!first) {
        return Invalid("quantize.layers: '" + other->second + "' and '" + rule.pattern + "' both match '" + node +
                       "': one of them must not");
      }
    }
    if (matched.size() > before) continue;
    return Invalid("quantize.layers: '" + rule.pattern + "' matches no node with a weight; there are " + Join(nodes));
  }
  const bool wanted = plan.make != nullptr || std::any_of(plan.layers.begin(), plan.layers.end(),
                                                          [](const auto& rule) { return rule.make != nullptr; });
  const auto is_float = [&](const std::string& node) { return MakeFor(plan, node) == nullptr; };
  if (wanted && std::all_of(nodes.begin(), nodes.end(), is_float)) {
    return Invalid("quantize: 'skip' and 'layers' leave no node with a weight to '" + plan.method +
                   "'; the network would stay float, which 'method' = none says");
  }
  return Ok();
}

}  // namespace lowbit::train
