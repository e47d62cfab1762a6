#include "lowbit/format/onnx/products.h"

#include <string>
#include <utility>

namespace lowbit::onnx {
namespace {

// The shape without its last extent, -1 for those that depend on the batch.
std::vector<int64_t> Leading(const Value& x) {
  std::vector<int64_t> shape;
  for (size_t i = 0; i + 1 < x.rank(); ++i) {
    shape.push_back(x.shapes[0][i] == x.shapes[1][i] ? x.shapes[0][i] : -1);
  }
  return shape;
}

}  // namespace

bool HasRowsOfValues(const Value& x) {
  size_t open = 0;
  for (const int64_t extent : Leading(x)) open += extent < 0 ? 1 : 0;
  return x.rank() >= 2 && open <= 1;
}

Result<std::vector<Value>> MultiplyByRows(Value x, const Value& w, Builder* builder) {
  const Attributes by_rows = {{"transB", int64_t{1}}};
  if (x.rank() == 2) return builder->Apply("Gemm", {x, w}, by_rows);
  std::vector<int64_t> shape = Leading(x);
  shape.push_back(w.shape()[0]);
  const std::string name = builder->node_name();
  builder->BeginNode(name + "/rows");
  LOWBIT_TRY(x, builder->Apply1("Reshape", {x, Builder::Known(MakeIntegers({-1, x.shape().back()}))}));
  builder->BeginNode(name);
  LOWBIT_TRY(const Value y, builder->Apply1("Gemm", {x, w}, by_rows));
  builder->BeginNode(name + "/shape");
  return builder->Apply("Reshape", {y, Builder::Known(MakeIntegers(shape))});
}

}  // namespace lowbit::onnx
