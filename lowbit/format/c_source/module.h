#ifndef LOWBIT_FORMAT_C_SOURCE_MODULE_H_
#define LOWBIT_FORMAT_C_SOURCE_MODULE_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "lowbit/format/c_source/product.h"
#include "lowbit/format/c_source/support.h"

namespace lowbit::c_source {

// What stands before the functions of a generated file: constants, and the functions that layers call.
class Module {
 public:
  // The name of a constant array with these numbers; the same numbers are one array, unless they are many.
  std::string Floats(const std::vector<float>& numbers);
  std::string Numbers(Element element, const std::vector<float>& numbers);
  std::string Codes(const std::vector<uint8_t>& codes);
  std::string Codes(const std::vector<uint16_t>& codes);
  // Of a struct window.
  std::string Window(const Product& product);

  Support& support() { return support_; }
  std::string Text() const { return support_.Text() + constants_; }
  int64_t constant_bytes() const { return bytes_; }

 private:
  std::string Add(const std::string& type, const std::string& prefix, const std::vector<std::string>& numbers,
                  int64_t bytes_of_one);

  Support support_;
  std::string constants_;
  std::map<std::string, std::string> names_;  // By type and numbers.
  std::map<std::string, int> counts_;         // By prefix.
  int64_t bytes_ = 0;
};

}  // namespace lowbit::c_source

#endif  // LOWBIT_FORMAT_C_SOURCE_MODULE_H_
