#include "lowbit/format/c_source/steps.h"

#include <algorithm>
#include <map>

#include "lowbit/core/ops_common/pool.h"

namespace lowbit::c_source {
namespace {

// The windows of a pool see each element at most once.
bool SeesOnce(const Node& pool, const Shape& input) {
  const ops::Window window = ops::ResolvePool(pool, input).value();
  const auto apart = [](const ops::WindowAxis& axis) { return axis.dilation == 1 && axis.stride >= axis.kernel; };
  return apart(window.y) && apart(window.x);
}

// A window of one pixel only skips some.
bool SeesOnePixel(const Node& pool) { return IntsAttribute(pool, "kernel_shape", {}) == std::vector<int64_t>{1, 1}; }

class Chooser {
 public:
  explicit Chooser(const Network& network) : network_(network) {}

  std::vector<std::string> Run() {
    std::set<std::string> sources;
    for (const Node& node : network_.form().nodes) {
      if (RoleOf(node.op) == Role::kProduct) sources.insert(network_.ProductSource(node));
      if (RoleOf(node.op) == Role::kSoftmax) sources.insert(node.inputs[0]);
    }
    std::vector<std::string> stored;
    for (const Node& node : network_.form().nodes) {
      const std::string& value = node.outputs[0];
      Facts facts = FactsOf(node);
      const auto& readers = network_.Readers(value);
      if (network_.IsOutput(value) || sources.count(value) != 0 || (facts.costly && readers.size() > 1) ||
          std::any_of(readers.begin(), readers.end(), [&](const Node* r) { return Refuses(*r, value, facts); })) {
        stored.push_back(value);
        facts = {};
      }
      facts_[value] = facts;
    }
    return stored;
  }

 private:
  // What computing one element of a value that is not stored takes.
  struct Facts {
    bool costly = false;   // A product or a window.
    bool joined = false;   // A Concat.
    bool product = false;  // Whose row of weights is unpacked for each channel.
  };

  Facts FactsOf(const Node& node) const {
    Facts facts;
    const Role role = *RoleOf(node.op);
    if (role == Role::kProduct) return {true, false, true};
    for (const std::string& input : node.inputs) {
      const auto found = facts_.find(input);
      if (found == facts_.end()) continue;
      facts.costly |= found->second.costly;
      facts.joined |= found->second.joined;
      facts.product |= found->second.product;
    }
    if (role == Role::kMean || role == Role::kSoftmax || (role == Role::kPool && !SeesOnePixel(node)))
      facts.costly = true;
    if (role == Role::kConcat) facts.joined = true;
    return facts;
  }

  // Whether the reader needs the value in memory.
  bool Refuses(const Node& reader, const std::string& value, const Facts& facts) const {
    if (!facts.costly && !facts.joined) return false;
    const Extents in = network_.ExtentsOf(value), out = network_.ExtentsOf(reader.outputs[0]);
    switch (*RoleOf(reader.op)) {
      case Role::kElementwise:
        // Repeated along a dimension; or two values of which one has other parts.
        return !(in == out) || (facts.joined && CountValues(reader) > 1);
      case Role::kPool:
        return !SeesOnce(reader, network_.ShapeOf(value));
      case Role::kReshape:
        return !(in == out);
      case Role::kConcat:
        return facts.joined;
      case Role::kMean:
        return false;
      case Role::kProduct:
      case Role::kSlice:
      case Role::kPad:
      case Role::kDepthToSpace:
      case Role::kGather:
      case Role::kSoftmax:
        return true;
    }
    return true;
  }

  int CountValues(const Node& node) const {
    return static_cast<int>(std::count_if(node.inputs.begin(), node.inputs.end(), [&](const std::string& input) {
      return !input.empty() && !network_.IsParameter(input);
    }));
  }

  const Network& network_;
  std::map<std::string, Facts> facts_;
};

}  // namespace

std::vector<std::string> StoredValues(const Network& network) { return Chooser(network).Run(); }

}  // namespace lowbit::c_source
