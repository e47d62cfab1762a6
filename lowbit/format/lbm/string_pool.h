#ifndef LOWBIT_FORMAT_LBM_STRING_POOL_H_
#define LOWBIT_FORMAT_LBM_STRING_POOL_H_

#include <cstdint>
#include <map>
#include <string>

namespace lowbit::lbm {

// The texts of a graph, each once; numbered in ascending order of their bytes.
class StringPool {
 public:
  void Add(const std::string& text) { index_.emplace(text, 0); }
  // After the last Add.
  void Number() {
    uint32_t next = 0;
    for (auto& [text, index] : index_) index = next++;
  }
  // REQUIRES: text was added
  uint32_t Index(const std::string& text) const { return index_.at(text); }
  const std::map<std::string, uint32_t>& texts() const { return index_; }

 private:
  std::map<std::string, uint32_t> index_;
};

}  // namespace lowbit::lbm

#endif  // LOWBIT_FORMAT_LBM_STRING_POOL_H_
