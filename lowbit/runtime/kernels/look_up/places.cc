#include "lowbit/runtime/kernels/look_up/places.h"

#include <numeric>

#include "lowbit/core/ops_common/axis.h"
#include "lowbit/core/ops_common/elementwise.h"
#include "lowbit/runtime/storage_strides.h"

namespace lowbit::runtime {
namespace {

// The value that is read from the table or put into it: for each dimension its extent, and how far a step along it goes in the
// indices and in the table.
struct Moved {
  Shape extents;
  std::vector<int64_t> in_indices, in_table;

  void Add(int64_t extent, int64_t index_stride, int64_t table_stride) {
    extents.push_back(extent);
    in_indices.push_back(index_stride);
    in_table.push_back(table_stride);
  }
};

class Finder {
 public:
  Finder(const Node& node, const Shape& table, const Shape& indices)
      : node_(node),
        table_(table),
        indices_(indices),
        of_table_(StorageStrides(table)),
        of_indices_(StorageStrides(indices)) {
    if (node.op == "Gather") {
      ReadGather();
    } else if (node.op == "GatherElements" || node.op == "ScatterElements") {
      ReadElements();
    } else {
      ReadTuples();
    }
  }

  LookUps Find(bool stored) && {
    std::vector<size_t> order = StorageOrder(moved_.extents.size());
    if (!stored) std::iota(order.begin(), order.end(), size_t{0});
    const auto along = [&](const std::vector<int64_t>& strides) {
      Shape extents;
      std::vector<int64_t> steps;
      for (const size_t d : order) {
        extents.push_back(moved_.extents[d]);
        steps.push_back(strides[d]);
      }
      return ops::GatherIndices(extents, steps);
    };
    const std::vector<int64_t> index = along(moved_.in_indices), table = along(moved_.in_table),
                               moved = along(StorageStrides(moved_.extents));
    for (size_t i = 0; i < index.size(); ++i) {
      const auto at = [i](const std::vector<int64_t>& positions) { return static_cast<int32_t>(positions[i]); };
      Append(at(index), at(table), at(moved));
    }
    return std::move(found_);
  }

 private:
  size_t Axis() const { return ops::ResolveAxis(IntAttribute(node_, "axis", 0), table_.size()).value(); }

  void Index(size_t dimension) {
    found_.strides.push_back(of_table_[dimension]);
    found_.extents.push_back(table_[dimension]);
  }

  // moved[outer, i, inner] = table[outer, indices[i], inner]
  void ReadGather() {
    const size_t axis = Axis();
    Index(axis);
    for (size_t d = 0; d < axis; ++d) moved_.Add(table_[d], 0, of_table_[d]);
    for (size_t d = 0; d < indices_.size(); ++d) moved_.Add(indices_[d], of_indices_[d], 0);
    for (size_t d = axis + 1; d < table_.size(); ++d) moved_.Add(table_[d], 0, of_table_[d]);
  }

  // moved[p] = table[p with p[axis] replaced by indices[p]]
  void ReadElements() {
    const size_t axis = Axis();
    Index(axis);
    for (size_t d = 0; d < indices_.size(); ++d) moved_.Add(indices_[d], of_indices_[d], d == axis ? 0 : of_table_[d]);
  }

  // moved[batch, i, rest] = table[batch, indices[batch, i, :], rest]
  void ReadTuples() {
    const auto batch = static_cast<size_t>(IntAttribute(node_, "batch_dims", 0)), last = indices_.size() - 1;
    const size_t end = batch + static_cast<size_t>(indices_[last]);
    for (size_t d = batch; d < end; ++d) Index(d);
    found_.index_step = of_indices_[last];
    for (size_t d = 0; d < last; ++d) moved_.Add(indices_[d], of_indices_[d], d < batch ? of_table_[d] : 0);
    for (size_t d = end; d < table_.size(); ++d) moved_.Add(table_[d], 0, of_table_[d]);
  }

  void Append(int32_t index, int32_t table, int32_t moved) {
    if (!found_.runs.empty()) {
      LookUpRun& run = found_.runs.back();
      if (run.count == 1 && run.index == index) {
        run.table_step = table - run.table;
        run.moved_step = moved - run.moved;
      }
      if (run.index == index && table == run.table + run.count * run.table_step &&
          moved == run.moved + run.count * run.moved_step) {
        ++run.count;
        return;
      }
    }
    found_.runs.push_back({index, table, 0, moved, 0, 1});
  }

  const Node& node_;
  const Shape &table_, &indices_;
  std::vector<int64_t> of_table_, of_indices_;
  Moved moved_;
  LookUps found_;
};

}  // namespace

LookUps FindLookUps(const Node& node, const Shape& table, const Shape& indices, bool stored) {
  return Finder(node, table, indices).Find(stored);
}

}  // namespace lowbit::runtime
