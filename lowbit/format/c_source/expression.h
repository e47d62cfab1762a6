#ifndef LOWBIT_FORMAT_C_SOURCE_EXPRESSION_H_
#define LOWBIT_FORMAT_C_SOURCE_EXPRESSION_H_

// How one element of a value is computed, as C statements.

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "lowbit/format/c_source/module.h"
#include "lowbit/format/c_source/network.h"
#include "lowbit/format/c_source/text.h"

namespace lowbit::c_source {

// C expressions of an element's channel, row and column.
struct Place {
  std::string c, y, x;
};

// A C expression that can stand anywhere without brackets, of type int32_t or float.
struct Term {
  std::string text;
  bool integer = false;
};

// A row of unpacked weights, which the step needs for each channel.
struct Row {
  std::string name;    // Of the C array.
  std::string unpack;  // The statement that fills it, for channel `c`.
  Element element = Element::kI8;
  int64_t count = 0;
};

// The channels of a Concat from `first` on, which are those of one of its inputs.
struct Part {
  std::string concat;
  size_t input = 0;
  int64_t first = 0;
};

// The C names of the arrays of values that are kept; the network's input is one.
using Arrays = std::map<std::string, std::string>;

class Expression {
 public:
  // `part`: of a Concat that is not kept, if there is one, what is computed now. All but `part` must live as long.
  Expression(const Network& network, const Arrays& arrays, Part part, Module* module)
      : network_(network), arrays_(arrays), part_(std::move(part)), module_(module) {}

  // Appends what computes the element from the values that are kept, even if it is of one itself.
  Term Compute(const std::string& value, const Place& place);

  // Statements for one element, and those before all elements.
  const std::string& body() const { return body_.lines(); }
  const std::string& prologue() const { return prologue_.lines(); }
  const std::set<std::string>& loads() const { return loads_; }  // Values.
  const std::vector<Row>& rows() const { return rows_; }
  const std::vector<const Node*>& nodes() const { return nodes_; }  // What has been computed, the last one first.

 private:
  Term Value(const std::string& value, const Place& place);
  Term Load(const std::string& value, const Place& place);
  // A parameter that broadcasts to `target`.
  Term Constant(const std::string& name, const Shape& target, const Place& place);
  Term Operand(const Node& node, size_t input, const Place& place);

  Term Elementwise(const Node& node, const Place& place);
  Term Quantizer(const Node& node, const Place& place);
  Term ProductSum(const Node& node, const Place& place);
  Term Pool(const Node& node, const Place& place);
  Term Mean(const Node& node, const Place& place);
  Term Reshaped(const Node& node, const Place& place);
  Term Sliced(const Node& node, const Place& place);
  Term Padded(const Node& node, const Place& place);
  Term Joined(const Node& node, const Place& place);
  Term Spread(const Node& node, const Place& place);
  Term Gathered(const Node& node, const Place& place);
  Term SoftmaxOf(const Node& node, const Place& place);

  Term Declare(const std::string& expression, bool integer);
  std::string Fresh(const char* prefix) { return prefix + std::to_string(count_++); }
  static std::string AsFloat(const Term& term) { return term.integer ? "(float)" + term.text : term.text; }
  // What `count` elements of the value are added in, without rounding if they are integers.
  const char* SumType(const std::string& value, int64_t count) const;
  // The row of weights of the place's channel.
  std::string WeightRow(const Product& product, const Place& place);
  // Opens loops over the window's pixels; returns where they are.
  Place OpenWindow(const ops::Window& window, const Place& place);
  void CloseWindow();

  const Network& network_;
  const Arrays& arrays_;
  const Part part_;
  Module* module_;
  Text body_, prologue_;
  std::set<std::string> loads_;
  std::vector<Row> rows_;
  std::vector<const Node*> nodes_;
  // What is computed already in the blocks that are open, by value and place.
  std::vector<std::map<std::string, Term>> known_ = {{}};
  std::vector<int> window_loops_;  // Of each window that is open.
  int count_ = 0;
};

// Where the element lies in an array of these extents: pixels [height][width][channels], or `planes`, as the network's input and outputs,
// [channels][height][width].
std::string IndexOf(const Extents& extents, const Place& place, bool planes);

}  // namespace lowbit::c_source

#endif  // LOWBIT_FORMAT_C_SOURCE_EXPRESSION_H_
