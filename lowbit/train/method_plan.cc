#include "lowbit/train/method_plan.h"

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

Result<MethodPlan> ReadQuantizeSection(const Config& section) {
  ConfigReader reader(section, "quantize");
  MethodPlan plan;
  plan.method = reader.String("method", plan.method);
  plan.policy = reader.String("policy", plan.policy);
  plan.skip = reader.Strings("skip", {});
  // A recipe may keep the tables of methods that it does not choose, so that "--set quantize.method=..." suffices.
  for (const std::string& name : MethodNames()) reader.Table(name);
  for (const std::string& name : PolicyNames()) reader.Table(name);
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  LOWBIT_TRY(const methods::ShelfEntry* method, Find(methods::ShelfEntries(), "quantize.method", plan.method));
  LOWBIT_TRY(const policies::ShelfEntry* policy, Find(policies::ShelfEntries(), "quantize.policy", plan.policy));
  if (method == nullptr) {
    if (policy == nullptr) return plan;
    return Invalid("quantize.policy: '" + plan.policy + "' needs a quantize.method");
  }
  LOWBIT_TRY(plan.make, Combine(plan, *method, policy, reader.Table(plan.method),
                                policy == nullptr ? Config() : reader.Table(plan.policy)));
  return plan;
}

}  // namespace lowbit::train
