#include "lowbit/format/c_source/module.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "lowbit/format/c_source/text.h"

namespace lowbit::c_source {
namespace {

// Longer arrays are not compared with others.
constexpr size_t kSharedNumbers = 4096;

template <typename T>
std::vector<std::string> TextsOf(const std::vector<T>& numbers) {
  std::vector<std::string> texts;
  texts.reserve(numbers.size());
  for (const T number : numbers) texts.push_back(fmt::format("{}", number));
  return texts;
}

}  // namespace

std::string Module::Add(const std::string& type, const std::string& prefix, const std::vector<std::string>& numbers,
                        int64_t bytes_of_one) {
  const bool shared = numbers.size() <= kSharedNumbers;
  std::string& name =
      names_[shared ? type + fmt::format("{}", fmt::join(numbers, ",")) : fmt::format("{} {}", type, names_.size())];
  if (!name.empty()) return name;
  name = fmt::format("{}_{}", prefix, counts_[prefix]++);
  constants_ += "\n" + Array(type, name, numbers);
  bytes_ += static_cast<int64_t>(numbers.size()) * bytes_of_one;
  return name;
}

std::string Module::Floats(const std::vector<float>& numbers) { return Numbers(Element::kF32, numbers); }

std::string Module::Numbers(Element element, const std::vector<float>& numbers) {
  std::vector<std::string> texts;
  texts.reserve(numbers.size());
  for (const float number : numbers) {
    texts.push_back(element == Element::kF32 ? FloatLiteral(number) : fmt::format("{}", static_cast<int64_t>(number)));
  }
  return Add(TypeOf(element), element == Element::kF32 ? "floats" : "integers", texts, BytesOf(element));
}

std::string Module::Codes(const std::vector<uint8_t>& codes) { return Add("uint8_t", "codes", TextsOf(codes), 1); }

std::string Module::Codes(const std::vector<uint16_t>& codes) { return Add("uint16_t", "codes", TextsOf(codes), 2); }

std::string Module::Window(const Product& product) {
  const ops::WindowAxis &y = product.window.y, &x = product.window.x;
  const std::string numbers =
      fmt::format("{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}", product.in.height, product.in.width,
                  product.in.channels, product.GroupChannels(), y.kernel, x.kernel, y.stride, x.stride, y.pad_begin,
                  x.pad_begin, y.dilation, x.dilation);
  const auto [known, is_new] = names_.emplace("struct window" + numbers, "");
  if (!is_new) return known->second;
  known->second = fmt::format("window_{}", counts_["window"]++);
  constants_ += fmt::format("\nstatic const struct window {} = {{{}}};\n", known->second, numbers);
  bytes_ += int64_t{12} * 4;
  return known->second;
}

}  // namespace lowbit::c_source
